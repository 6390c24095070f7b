package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"modernc.org/sqlite"

	"github.com/carillonhq/carillon/core"
)

// tx is a connection or a transaction with the few calls the hot path makes. Statements go to gorm's pool of prepared
// statements and past its reflection.
type tx struct {
	ctx context.Context // a tx lives within one call
	db  *gorm.DB        // statements of gorm, on the same connection
}

// write runs fn in one transaction. What fn returns undoes it.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.edge(s.conn.transact(ctx, func() error {
		ctx := context.WithoutCancel(ctx)
		return fn(tx{ctx: ctx, db: s.writer.WithContext(ctx)})
	}))
}

// read gives a handle for queries beside the writer.
func (s *Store) read(ctx context.Context) tx {
	return tx{ctx: ctx, db: s.reader.WithContext(ctx)}
}

// edge turns what the driver says of a database out of reach into an error that the caller may try again after.
func (s *Store) edge(err error) error {
	if _, told := errors.AsType[*Failure](err); told || err == nil || core.CodeOf(err) != "" || errors.Is(err, context.Canceled) {
		return err
	}
	return &Failure{err: err}
}

// Failure is a failure of the database, as opposed to a request it refuses.
type Failure struct{ err error }

// Error says what failed, for the log.
func (f *Failure) Error() string { return "database: " + f.err.Error() }

// Unwrap gives the driver's error.
func (f *Failure) Unwrap() error { return f.err }

// Refused says whether err is about what was read or written, so that trying the same again is of no use, and not about a
// database that is out of reach, locked or full.
func Refused(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return refused(e)
	}
	return true
}

func (t tx) exec(query string, args ...any) (int64, error) {
	res, err := t.db.Statement.ConnPool.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", firstWords(query), err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", firstWords(query), err)
	}
	return n, nil
}

// each runs a query and calls scan for every row.
func (t tx) each(scan func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := t.db.Statement.ConnPool.QueryContext(t.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", firstWords(query), err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", firstWords(query), err)
		}
	}
	return rows.Err()
}

// one runs a query for a single row and says whether there is one.
func (t tx) one(dest []any, query string, args ...any) (found bool, err error) {
	err = t.each(func(rows *sql.Rows) error {
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	return found, err
}

// firstWords names a statement in an error.
func firstWords(query string) string {
	words := strings.Fields(query)
	return strings.Join(words[:min(len(words), 4)], " ")
}

// chunkSizes are the numbers of rows a statement is written for. A few fixed sizes keep the number of different
// statements, each of which the database prepares once, small.
var chunkSizes = [...]int{64, 16, 4, 1}

// insertRows inserts rows of cols columns each with statements "prefix (?,…),(?,…) suffix".
func insertRows[T any](t tx, prefix, suffix string, cols int, rows []T, values func(T, []any) []any) (inserted int64, err error) {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", cols), ",") + ")"
	args := make([]any, 0, cols*min(len(rows), chunkSizes[0]))
	for len(rows) > 0 {
		n := chunkSize(len(rows))
		args = args[:0]
		for _, row := range rows[:n] {
			args = values(row, args)
		}
		rows = rows[n:]
		list := strings.TrimSuffix(strings.Repeat(one+",", n), ",")
		k, err := t.exec(prefix+" "+list+" "+suffix, args...)
		if err != nil {
			return inserted, err
		}
		inserted += k
	}
	return inserted, nil
}

func chunkSize(n int) int {
	for _, size := range chunkSizes {
		if n >= size {
			return size
		}
	}
	return n
}

// maxIn is how many ids a list in a statement holds at most.
const maxIn = 256

// eachIn calls fn with slices of ids and a matching "(?,?,…)" until all ids are served.
func eachIn(ids []string, fn func(list string, args []any) error) error {
	for len(ids) > 0 {
		n := min(len(ids), maxIn)
		width := 4
		for width < n {
			width *= 4
		}
		// A list is padded to the next fixed width by naming its last id again.
		args := make([]any, width)
		for i := range args {
			args[i] = ids[min(i, n-1)]
		}
		ids = ids[n:]
		if err := fn("("+strings.TrimSuffix(strings.Repeat("?,", width), ",")+")", args); err != nil {
			return err
		}
	}
	return nil
}

// micros is how an instant is stored: microseconds since the Unix epoch, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// nullMicros is how an instant is stored where an index leaves absent ones out.
func nullMicros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: micros(t), Valid: !t.IsZero()}
}

// instant reads a stored instant.
func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// strings runs a query of one text column.
func (t tx) strings(query string, args ...any) ([]string, error) {
	var out []string
	err := t.each(func(rows *sql.Rows) error {
		var v string
		err := rows.Scan(&v)
		out = append(out, v)
		return err
	}, query, args...)
	return out, err
}
