package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// recorder is a database server that notes what it is sent and answers what Carillon and goose ask of an empty one.
type recorder struct {
	mu         sync.Mutex
	statements []string
	versions   []driver.Value // of the schema, newest first, as goose noted them
}

var (
	_ driver.Connector      = (*recorder)(nil)
	_ driver.ConnBeginTx    = recorderConn{}
	_ driver.ExecerContext  = recorderConn{}
	_ driver.QueryerContext = recorderConn{}
)

// Connect is part of driver.Connector.
func (r *recorder) Connect(context.Context) (driver.Conn, error) { return recorderConn{r}, nil }

// Driver is part of driver.Connector.
func (r *recorder) Driver() driver.Driver { return nil }

// take gives what was sent since the last call.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() { r.statements = nil }()
	return r.statements
}

func (r *recorder) note(query string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, query)
}

type recorderConn struct{ *recorder }

func (recorderConn) Close() error              { return nil }
func (recorderConn) Begin() (driver.Tx, error) { return recorderTx{}, nil }
func (recorderConn) Prepare(string) (driver.Stmt, error) {
	return nil, errors.New("nothing is prepared here")
}

// BeginTx is part of driver.ConnBeginTx.
func (recorderConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	return recorderTx{}, nil
}

// ExecContext is part of driver.ExecerContext. Every statement writes one row.
func (c recorderConn) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	switch {
	case strings.HasPrefix(query, "INSERT INTO goose_db_version"):
		c.versions = slices.Insert(c.versions, 0, args[0].Value)
	case strings.HasPrefix(query, "DELETE FROM goose_db_version"):
		c.versions = c.versions[1:]
	}
	return driver.RowsAffected(1), nil
}

// QueryContext is part of driver.QueryerContext. Only goose's questions have answers that are many.
func (c recorderConn) QueryContext(_ context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	switch {
	case strings.Contains(query, "goose_db_version") && len(c.versions) == 0:
		return nil, errors.New("there is no such table")
	case strings.Contains(query, "MAX(version_id)"):
		return answer([]driver.Value{c.versions[0]}), nil
	case strings.Contains(query, "SELECT version_id, is_applied"):
		rows := make([][]driver.Value, len(c.versions))
		for i, v := range c.versions {
			rows[i] = []driver.Value{v, true}
		}
		return answer(rows...), nil
	case strings.Contains(query, "SELECT TOP 1 tstamp"):
		return answer([]driver.Value{time.Unix(0, 0), true}), nil
	case strings.Contains(query, "sp_getapplock"), strings.Contains(query, "DATEDIFF_BIG"), strings.Contains(query, "count(*)"):
		return answer([]driver.Value{int64(1)}), nil
	case query == "SELECT 1":
		return answer([]driver.Value{int64(1)}), nil
	}
	return answer(), nil
}

func answer(rows ...[]driver.Value) driver.Rows {
	width := 1
	if len(rows) > 0 {
		width = len(rows[0])
	}
	return &recorderRows{width, rows}
}

type recorderTx struct{}

func (recorderTx) Commit() error   { return nil }
func (recorderTx) Rollback() error { return nil }

type recorderRows struct {
	width int
	rows  [][]driver.Value
}

func (r *recorderRows) Columns() []string { return make([]string, r.width) }
func (r *recorderRows) Close() error      { return nil }
func (r *recorderRows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}
