package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
)

// tx is a connection or a transaction with the few calls the hot path makes. Statements go past gorm's reflection, bound
// to the dialect.
type tx struct {
	ctx   context.Context // a tx lives within one call
	db    *gorm.DB        // statements of gorm, on the same connection
	words *vocabulary
	// limit bounds each query of a handle beside the writer; 0 for none. Transactions are bounded as a whole.
	limit time.Duration
}

// vocabulary remembers statements in the dialect's words. Lists in statements come in a few fixed widths, so there are
// not many.
type vocabulary struct {
	dialect
	bound sync.Map // string or insertion → string
}

func (v *vocabulary) text(query string) string {
	if known, ok := v.bound.Load(query); ok {
		return known.(string) // the map holds nothing else
	}
	text := v.bind(query)
	v.bound.Store(query, text)
	return text
}

// transactor runs transactions.
type transactor interface {
	// transact runs fn in a transaction on the connection that it gives to it. What fn returns, or its panic, undoes it.
	transact(ctx context.Context, fn func(gorm.ConnPool) error) error
	close() error
}

// write runs fn in one transaction, again when it lost a race. What fn returns undoes it.
func (s *Store) write(ctx context.Context, fn func(tx) error) error {
	return s.edge(s.conn.transact(ctx, func(conn gorm.ConnPool) error {
		ctx := context.WithoutCancel(ctx)
		db := s.writer.WithContext(ctx)
		db.Statement.ConnPool = conn
		return fn(tx{ctx: ctx, db: db, words: &s.words})
	}))
}

// read gives a handle for queries beside the writer.
func (s *Store) read(ctx context.Context) tx {
	return tx{ctx: ctx, db: s.reader.WithContext(ctx), words: &s.words, limit: s.timeout}
}

// edge turns what the driver says into an error that tells whether the caller may try again.
func (s *Store) edge(err error) error {
	if _, told := errors.AsType[*Failure](err); told || err == nil || isCore(err) || errors.Is(err, context.Canceled) {
		return err
	}
	class := s.words.classify(err)
	if class == unknownError && interrupted(err) {
		class = passingError
	}
	return &Failure{err: err, class: class}
}

func (t tx) exec(query string, args ...any) (int64, error) {
	return t.execBound(t.words.text(query), args)
}

func (t tx) execBound(query string, args []any) (int64, error) {
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
	ctx := t.ctx
	if t.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.limit)
		defer cancel()
	}
	rows, err := t.db.Statement.ConnPool.QueryContext(ctx, t.words.text(query), args...)
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

// firstWords names a statement in an error.
func firstWords(query string) string {
	words := strings.Fields(query)
	return strings.Join(words[:min(len(words), 4)], " ")
}

// chunkSizes are the numbers of rows a statement is written for. A few fixed sizes keep the number of different
// statements, each of which the database prepares once, small. SQL Server takes at most 2,100 parameters, of which two
// are the driver's: that is 59 rows of the widest table.
var chunkSizes = [...]int{59, 16, 4, 1}

// maxStatement is about how many bytes the values of one insert may have: servers refuse what is too large, MariaDB beyond
// 16 MiB unless told otherwise.
const maxStatement = 4 << 20

// insertRows inserts rows, many with a statement. It gives how many were inserted, where the dialect counts them.
func insertRows[T any](t tx, in into, rows []T, values func(T, []any) []any) (inserted int64, err error) {
	args := make([]any, 0, (strings.Count(in.columns, ",")+1)*min(len(rows), chunkSizes[0]))
	for len(rows) > 0 {
		n := chunkSize(len(rows))
		args, n = collect(args[:0], rows[:n], values)
		rows = rows[n:]
		k, err := t.execBound(t.words.inserting(in, n), args)
		if err != nil {
			return inserted, err
		}
		inserted += k
	}
	return inserted, nil
}

// upsert inserts one row, or does with the one that is there what in says.
func (t tx) upsert(in into, values ...any) error {
	_, err := t.execBound(t.words.inserting(in, 1), values)
	return err
}

// collect gives the values of the first n of rows, as many as a statement may hold.
func collect[T any](args []any, rows []T, values func(T, []any) []any) (all []any, n int) {
	size, fit := 0, 0
	ends := make([]int, 0, chunkSizes[0])
	for _, row := range rows {
		from := len(args)
		args = values(row, args)
		for _, v := range args[from:] {
			switch v := v.(type) {
			case string:
				size += len(v)
			case []byte:
				size += len(v)
			}
		}
		ends = append(ends, len(args))
		if fit > 0 && size > maxStatement {
			break
		}
		fit++
	}
	n = chunkSize(fit)
	return args[:ends[n-1]], n
}

func chunkSize(n int) int {
	for _, size := range chunkSizes {
		if n >= size {
			return size
		}
	}
	return n
}

// inserting is the bound statement that inserts rows rows.
func (v *vocabulary) inserting(in into, rows int) string {
	if known, ok := v.bound.Load(insertion{in, rows}); ok {
		return known.(string)
	}
	text := v.bind(v.insert(in, rows))
	v.bound.Store(insertion{in, rows}, text)
	return text
}

// insertion is what the bound statement of an insert is remembered by.
type insertion struct {
	into
	rows int
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
		if err := fn("("+marks(width)+")", args); err != nil {
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
