package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/ui"
	"github.com/carillonhq/carillon/store"
)

// table is what one is filled with, row by row.
type table struct {
	name, columns string
	rows          int
	row           func(n int) []any
}

const (
	// perStatement is how many rows a statement inserts, and perCommit how many statements share a commit.
	perStatement = 50
	perCommit    = 400
)

// fill makes a database with so many tasks and ended runs of them, and a tenth as many delayed tasks as runs.
func fill(ctx context.Context, folder string, tasks, runs int) (err error) {
	path := filepath.Join(folder, ui.DatabaseName)
	s, err := store.Open(ctx, store.Options{DSN: path, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	now := s.Now()
	if err := s.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)&_pragma=cache_size(-200000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	w := world{now: now, tasks: tasks, runs: runs}
	for _, t := range w.tables() {
		if err := t.insert(ctx, db); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	// As a database of that age has: it counts its rows now and then.
	_, err = db.ExecContext(ctx, "PRAGMA optimize=0x10002")
	return err
}

func (t table) insert(ctx context.Context, db *sql.DB) error {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", strings.Count(t.columns, ",")+1), ",") + ")"
	for from := 0; from < t.rows; from += perStatement * perCommit {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		for n := from; n < min(t.rows, from+perStatement*perCommit); n += perStatement {
			last := min(n+perStatement, t.rows)
			var args []any
			for i := n; i < last; i++ {
				args = append(args, t.row(i)...)
			}
			query := "INSERT INTO " + t.name + " (" + t.columns + ") VALUES " + one + strings.Repeat(","+one, last-n-1)
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// outcome is how the nth run ended: most succeed.
func outcome(n int) core.RunState {
	switch {
	case n%97 == 0:
		return core.RunFailed
	case n%503 == 0:
		return core.RunTimedOut
	case n%1009 == 0:
		return core.RunMissed
	}
	return core.RunSucceeded
}
