package schedulemaster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// row is one row of a table, by the names of its columns in lower case. ScheduleMaster's tables differ between its versions and
// databases in the order, case and types of their columns, so a row is read whole, and each value as what it must be.
type row struct {
	table  string
	values map[string]any
	// err is the first value that could not be read.
	err error
}

// each runs a query and calls fn for every row, of which table is the table.
func each(ctx context.Context, pool *sql.DB, table, query string, fn func(*row) error) (err error) {
	rows, err := pool.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read ScheduleMaster's table %s: %w", table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read ScheduleMaster's table %s: %w", table, err)
	}
	values := make([]any, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read ScheduleMaster's table %s: %w", table, err)
		}
		r := &row{table: table, values: make(map[string]any, len(columns))}
		for i, name := range columns {
			r.values[strings.ToLower(name)] = values[i]
		}
		if err := fn(r); err != nil {
			return err
		}
		if r.err != nil {
			return r.err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read ScheduleMaster's table %s: %w", table, err)
	}
	return nil
}

// value gives a column's value, nil when it is NULL.
func (r *row) value(column string) any {
	v, there := r.values[column]
	if !there {
		r.fail(fmt.Errorf("ScheduleMaster's table %s has no column %s: only databases of the version of 2020 and later can be read", r.table, column))
	}
	return v
}

func (r *row) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *row) wrong(column, want string, got any) {
	r.fail(fmt.Errorf("column %s of ScheduleMaster's table %s holds a %T, which is not %s", column, r.table, got, want))
}

// text gives a text; "" when it is NULL.
func (r *row) text(column string) string {
	switch v := r.value(column).(type) {
	case nil:
		return ""
	case string:
		return v
	case []byte:
		return string(v)
	default:
		r.wrong(column, "a text", v)
		return ""
	}
}

// number gives a whole number; 0 when it is NULL.
func (r *row) number(column string) int64 {
	switch v := r.value(column).(type) {
	case nil:
		return 0
	case int64:
		return v
	case []byte:
		n, err := strconv.ParseInt(string(v), 10, 64)
		if err != nil {
			r.wrong(column, "a number", v)
		}
		return n
	default:
		r.wrong(column, "a number", v)
		return 0
	}
}

// truth gives a truth value; false when it is NULL.
func (r *row) truth(column string) bool {
	switch v := r.value(column).(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case []byte: // of MySQL: a number as text, or a bit
		return len(v) > 0 && v[0] != '0' && v[0] != 0
	default:
		r.wrong(column, "true or false", v)
		return false
	}
}

// instant gives a local time of a zone; the zero time when it is NULL or .NET's earliest.
func (r *row) instant(column string, zone *time.Location) time.Time {
	switch v := r.value(column).(type) {
	case nil:
		return time.Time{}
	case time.Time:
		if v.Year() <= 1 {
			return time.Time{}
		}
		return time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), zone)
	default:
		r.wrong(column, "a time", v)
		return time.Time{}
	}
}

// guid gives an id as ids are stored here: lower case, with dashes.
func (r *row) guid(column string) string {
	v := r.value(column)
	if b, isBytes := v.([]byte); isBytes && len(b) == 16 {
		return ofSQLServer([16]byte(b)).String()
	}
	text := strings.TrimSpace(r.text(column))
	id, err := uuid.Parse(text)
	if err != nil {
		r.wrong(column, "an id", v)
	}
	return id.String()
}

// ofSQLServer reads a uniqueidentifier as it is stored: the bytes of its first three parts are swapped.
func ofSQLServer(b [16]byte) uuid.UUID {
	return uuid.UUID{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]}
}
