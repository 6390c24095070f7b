package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

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

// ErrTapped is the failure of a statement that a Tap was told to fail.
var ErrTapped = errors.New("tapped")

// Tap stands between a store and its database: it notes statements, and can make one fail.
type Tap struct {
	mu         sync.Mutex
	statements []Statement
	failAt     int
	passed     int
}

// NewTap puts a tap on a store.
func NewTap(s *Store) *Tap {
	tap := new(Tap)
	for _, db := range []*gorm.DB{s.writer, s.reader} {
		db.Statement.ConnPool = &tapped{ConnPool: db.Statement.ConnPool, tap: tap, write: db == s.writer}
	}
	return tap
}

// FailAt makes the nth statement from now fail, counted from 1; 0 makes none fail.
func (t *Tap) FailAt(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failAt, t.passed = n, 0
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
	t.statements = append(t.statements, Statement{query, args, write})
	if t.passed++; t.passed == t.failAt {
		return fmt.Errorf("%w: %s", ErrTapped, query)
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

func (p *tapped) GetDBConn() (*sql.DB, error) {
	return p.ConnPool.(gorm.GetDBConnector).GetDBConn() // asked of the reader, which is one
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
	tables, err := t.strings("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'")
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

// Wipe empties all tables.
func (s *Store) Wipe(ctx context.Context) error {
	tables, err := s.read(ctx).strings("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'")
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
func (s *Store) Migrations() (*goose.Provider, error) { return migrations(s.conn.pool) }

// CreateTogether creates two delayed tasks as one group, and gives the error of each.
func (s *Store) CreateTogether(ctx context.Context, plan PlanAhead, a, b *core.DelayedTask) (error, error) {
	batch := []member[creation]{{creation{a, plan}, make(chan error, 1)}, {creation{b, plan}, make(chan error, 1)}}
	s.creations.store(batch)
	return <-batch[0].done, <-batch[1].done
}
