package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// Statement is one that a store sent to its database.
type Statement struct {
	Query string
	Args  []any
	Write bool // inside a transaction
}

// ErrTapped is the failure of a statement that a Tap was told to fail. The database is away with it, which says nothing
// about what was written; ErrRefused is its refusal of that.
var (
	ErrTapped  = fmt.Errorf("tapped: %w", driver.ErrBadConn)
	ErrRefused = errors.New("refused")
)

// Tap stands between a store and its database: it notes statements, and can make one fail.
type Tap struct {
	mu         sync.Mutex
	statements []Statement
	failAt     int
	passed     int
	refuse     func(Statement) bool
}

// NewTap puts a tap on a store.
func NewTap(s *Store) *Tap {
	tap := new(Tap)
	s.conn = &tappedTransactor{s.conn, tap}
	s.reader = s.reader.Session(&gorm.Session{NewDB: true, Context: context.Background()})
	s.reader.Statement.ConnPool = &tapped{ConnPool: s.reader.Statement.ConnPool, tap: tap}
	return tap
}

type tappedTransactor struct {
	transactor
	tap *Tap
}

func (c *tappedTransactor) transact(ctx context.Context, fn func(gorm.ConnPool) error) error {
	return c.transactor.transact(ctx, func(conn gorm.ConnPool) error {
		return fn(&tapped{ConnPool: conn, tap: c.tap, write: true})
	})
}

// FailAt makes the nth statement from now fail, counted from 1; 0 makes none fail.
func (t *Tap) FailAt(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failAt, t.passed = n, 0
}

// FailNext makes the next statement fail. It is for what Refuse calls, which is called under the tap's lock.
func (t *Tap) FailNext() { t.failAt, t.passed = 1, 0 }

// Refuse makes the database refuse the statements for which match says so. With nil it refuses none.
func (t *Tap) Refuse(match func(Statement) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refuse = match
}

// Take gives the statements noted since the last call.
func (t *Tap) Take() []Statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() { t.statements = nil }()
	return t.statements
}

func (t *Tap) pass(query string, args []any, write bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	st := Statement{query, args, write}
	t.statements = append(t.statements, st)
	if t.passed++; t.passed == t.failAt {
		return fmt.Errorf("%w: %s", ErrTapped, query)
	}
	if t.refuse != nil && t.refuse(st) {
		return fmt.Errorf("%w: %s", ErrRefused, query)
	}
	return nil
}

type tapped struct {
	gorm.ConnPool
	tap   *Tap
	write bool // in a transaction
}

func (p *tapped) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.tap.pass(query, args, p.write); err != nil {
		return nil, err
	}
	return p.ConnPool.ExecContext(ctx, query, args...)
}

func (p *tapped) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := p.tap.pass(query, args, p.write); err != nil {
		return nil, err
	}
	return p.ConnPool.QueryContext(ctx, query, args...)
}

// GetDBConn is gorm's way to the pool behind.
func (p *tapped) GetDBConn() (*sql.DB, error) {
	if pool, ok := p.ConnPool.(*sql.DB); ok {
		return pool, nil
	}
	return p.ConnPool.(gorm.GetDBConnector).GetDBConn()
}

// Explain gives the database's plan for a statement, a line a step.
func (s *Store) Explain(ctx context.Context, st Statement) ([]string, error) {
	var steps []string
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var id, parent, unused int
		var step string
		err := rows.Scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	}, "EXPLAIN QUERY PLAN "+st.Query, st.Args...)
	return steps, err
}

// Exec runs a statement as it stands.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec(query, args...)
		return err
	})
}

// Dump gives all rows of all tables, in order, as text.
func (s *Store) Dump(ctx context.Context) (map[string][]string, error) {
	t := s.read(ctx)
	tables, err := t.tables()
	if err != nil {
		return nil, err
	}
	dump := map[string][]string{}
	for _, table := range tables {
		err := t.each(func(rows *sql.Rows) error {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values := make([]any, len(columns))
			dest := make([]any, len(columns))
			for i := range values {
				dest[i] = &values[i]
			}
			err = rows.Scan(dest...)
			dump[table] = append(dump[table], fmt.Sprintf("%v", values))
			return err
		}, "SELECT * FROM "+table+" ORDER BY 1, 2")
		if err != nil {
			return nil, err
		}
	}
	return dump, nil
}

// tables are the tables of the schema that are there.
func (t tx) tables() ([]string, error) {
	return t.strings(map[dialect]string{
		sqliteDialect{}:    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'",
		postgresDialect{}:  "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose_%'",
		mysqlDialect{}:     "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_name NOT LIKE 'goose_%'",
		sqlserverDialect{}: "SELECT name FROM sys.tables WHERE name NOT LIKE 'goose_%'",
	}[t.words.dialect])
}

// Wipe empties all tables.
func (s *Store) Wipe(ctx context.Context) error {
	tables, err := s.read(ctx).tables()
	if err != nil {
		return err
	}
	s.definitions.Purge()
	return s.write(ctx, func(t tx) error {
		for _, table := range tables {
			if _, err := t.exec("DELETE FROM " + table); err != nil {
				return err
			}
		}
		return nil
	})
}

// ForgetDefinitions empties the cache of definitions, as a new process finds it.
func (s *Store) ForgetDefinitions() { s.definitions.Purge() }

// DefinitionBytes is how much of the cache of definitions is used, and how much there is.
func (s *Store) DefinitionBytes() (used, limit int) {
	s.definitions.mu.Lock()
	defer s.definitions.mu.Unlock()
	return s.definitions.bytes, s.definitions.limit
}

// Guards gives the run that holds the guard of each task.
func (s *Store) Guards(ctx context.Context) (map[string]string, error) {
	guards := map[string]string{}
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var task, run string
		err := rows.Scan(&task, &run)
		guards[task] = run
		return err
	}, "SELECT task_id, run_id FROM guards")
	return guards, err
}

// OpenRuns gives all open runs by id.
func (s *Store) OpenRuns(ctx context.Context) (map[string]*core.Run, error) {
	return s.byID(s.read(ctx).selectRuns("1 = 1"))
}

// EndedRuns gives all ended runs by id.
func (s *Store) EndedRuns(ctx context.Context) (map[string]*core.Run, error) {
	return s.byID(s.read(ctx).history(true, ""))
}

func (s *Store) byID(runs []*core.Run, err error) (map[string]*core.Run, error) {
	byID := map[string]*core.Run{}
	for _, r := range runs {
		byID[r.ID] = r
	}
	return byID, err
}

// EndFailed ends an open run as one that failed and may be tried again, as a path would that knows of no route.
func (s *Store) EndFailed(ctx context.Context, id string) error {
	return s.write(ctx, func(t tx) error {
		runs, err := t.selectRuns("id = ?", id)
		if err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM runs WHERE id = ?", id); err != nil {
			return err
		}
		runs[0].State, runs[0].RecordedAt = core.RunFailed, s.Now()
		return s.newEnding(t, s.Now(), nil).end([]ended{{Run: runs[0], retryable: true}})
	})
}

// InsertRuns writes open runs as they are given.
func (s *Store) InsertRuns(ctx context.Context, runs ...*core.Run) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.insertRuns(runs)
		return err
	})
}

// CloseRuns writes ended runs as they are given.
func (s *Store) CloseRuns(ctx context.Context, runs ...*core.Run) error {
	return s.write(ctx, func(t tx) error { return t.close(runs) })
}

// Problem is why planning set a task aside.
func (s *Store) Problem(ctx context.Context, taskID string) (string, error) {
	problems, err := s.read(ctx).strings("SELECT problem FROM task_plans WHERE task_id = ?", taskID)
	return strings.Join(problems, ""), err
}

// Migrations gives the means to move the schema up and down.
func (s *Store) Migrations() (*goose.Provider, error) {
	if conn, ok := s.conn.(*serverConn); ok {
		return migrations(s.Kind(), conn.pool)
	}
	return migrations(SQLite, s.conn.(*writeConn).pool) // there is no third kind of connection
}

// CreateTogether creates two delayed tasks as one group, and gives the error of each.
func (s *Store) CreateTogether(ctx context.Context, plan PlanAhead, a, b *core.DelayedTask) (error, error) {
	batch := []member[creation]{{creation{a, plan}, make(chan error, 1)}, {creation{b, plan}, make(chan error, 1)}}
	s.creations.store(batch)
	return <-batch[0].done, <-batch[1].done
}

// The classes of error, for tests.
type ErrorClass = errorClass

const (
	UnknownError   = unknownError
	RefusedError   = refusedError
	DuplicateError = duplicateError
	LostRaceError  = lostRaceError
	PassingError   = passingError
)

// Classify says what an error of a kind of database is about.
func Classify(kind string, err error) ErrorClass {
	d, failed := dialectOf(kind)
	if failed != nil {
		panic(failed)
	}
	return d.classify(err)
}

// Transact runs statements in one transaction.
func (s *Store) Transact(ctx context.Context, fn func(exec func(string, ...any) error) error) error {
	return s.write(ctx, func(t tx) error {
		return fn(func(query string, args ...any) error {
			_, err := t.exec(query, args...)
			return err
		})
	})
}

// Clock is what is known of a database's clock.
type Clock struct{ clock }

// Learn takes a sample.
func (c *Clock) Learn(sent, got, remote time.Time) { c.learn(sent, got, remote) }

// At is the database's time at an instant of this machine's.
func (c *Clock) At(local time.Time) time.Time { return c.remote.Add(local.Sub(c.local)) }

// HistoryHead and RunColumns are columns of tables that tests fill by themselves.
const (
	HistoryHead = historyHead
	RunColumns  = runColumns
)

// ExecAsIs runs a statement in the database's own words, however long it takes.
func (s *Store) ExecAsIs(ctx context.Context, query string) error {
	_, err := s.conn.(*serverConn).pool.ExecContext(ctx, query)
	return err
}

// Plan gives a server's plan for a statement that a tap noted, a line a step, its columns separated by tabs.
func (s *Store) Plan(ctx context.Context, st Statement) ([]string, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(st.Query), " ")
	if first == "INSERT" || first == "MERGE" {
		return nil, nil
	}
	if s.kind == SQLServer {
		return showPlan(ctx, s.readerPool(), st)
	}
	rows, err := s.readerPool().QueryContext(ctx, "EXPLAIN "+st.Query, st.Args...)
	if err != nil {
		return nil, err
	}
	return joinColumns(rows)
}

func joinColumns(rows *sql.Rows) ([]string, error) {
	var steps []string
	for rows.Next() {
		step, err := joined(rows)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, errors.Join(rows.Err(), rows.Close())
}

// joined gives the columns of a row, separated by tabs.
func joined(rows *sql.Rows) (string, error) {
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	values := make([]sql.NullString, len(columns))
	dest := make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	if err := rows.Scan(dest...); err != nil {
		return "", err
	}
	step := make([]string, len(values))
	for i, v := range values {
		step[i] = v.String
	}
	return strings.Join(step, "\t"), nil
}

func (s *Store) readerPool() *sql.DB {
	if c, ok := s.conn.(*tappedTransactor); ok {
		return c.transactor.(*serverConn).pool
	}
	return s.conn.(*serverConn).pool
}

// OverSQLServer opens a store on a pool that speaks as SQL Server does.
func OverSQLServer(ctx context.Context, pool *sql.DB, logger *slog.Logger) (*Store, error) {
	opts := Options{Kind: SQLServer, Logger: logger}
	opts.complete()
	s := &Store{log: logger, kind: SQLServer, definitions: newDefinitionCache(maxDefinitions)}
	s.words.dialect = sqlserverDialect{}
	s.creations.flush = s.createDelayed
	err := s.openPool(ctx, opts, pool, sqlserverDialector)
	return s, err
}

// maxParameters is how many parameters go-mssqldb can send with a statement: SQL Server takes 2,100 of a procedure call,
// and the statement and the list of its parameters are two.
const maxParameters = 2098

// ReturnRows has UPDATE and DELETE give the rows they wrote, as on SQL Server, where the database can but is not asked to.
func (s *Store) ReturnRows() { s.words.dialect = returning{s.words.dialect} }

type returning struct{ dialect }

func (returning) returns() bool { return true }

// ForgetStatements forgets which statements were sent.
func (s *Store) ForgetStatements() { s.words.bound.Clear() }

// InTransactSQL gives the statements that the store has sent since ForgetStatements as it would send them to SQL Server. Of those that
// differ in the length of a list there is one; an insert is there for one row and for two. Those of gorm are not among
// them. It fails when one could have more parameters than SQL Server takes.
func (s *Store) InTransactSQL() (statements []string, err error) {
	words := vocabulary{dialect: sqlserverDialect{}}
	s.words.bound.Range(func(key, _ any) bool {
		switch key := key.(type) {
		case string:
			statements = append(statements, words.text(longList.ReplaceAllString(key, "(?,?,?,?)")))
		case insertion:
			statements = append(statements, words.inserting(key.into, 1), words.inserting(key.into, 2))
			if n := (strings.Count(key.columns, ",") + 1) * chunkSizes[0]; n > maxParameters {
				err = fmt.Errorf("%d rows of %s have %d parameters, and SQL Server takes %d: lower chunkSizes[0]", chunkSizes[0], key.table, n, maxParameters)
			}
		}
		return err == nil
	})
	return statements, err
}

// longList is a list of a width that eachIn makes.
var longList = regexp.MustCompile(`\((\?,){15,}\?\)`)

// TasksOfMany lists tasks as where a filter leaves many of them.
func (s *Store) TasksOfMany(ctx context.Context, f TaskFilter) ([]*core.Task, error) {
	return s.read(ctx).taskPage(f, false)
}
