package store

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"
)

// maxPrepared is how many statements the writing connection keeps prepared.
const maxPrepared = 300

// writeConn is the one connection that writes, for SQLite has one writer at a time. It keeps its statements prepared from
// one transaction to the next: gorm and database/sql prepare a statement anew in every transaction that did not prepare
// it itself, which took a tenth of the time of a firing.
//
// It is used by whoever holds turn, one at a time and in the order of asking.
type writeConn struct {
	turn chan struct{}
	pool *sql.DB
	conn *sql.Conn

	stmts map[string]*list.Element // of prepared
	used  *list.List               // latest used first
}

type prepared struct {
	query string
	stmt  *sql.Stmt
}

// Statements of gorm run on the same connection.
var _ gorm.ConnPool = (*writeConn)(nil)

func newWriteConn(pool *sql.DB) *writeConn {
	return &writeConn{turn: make(chan struct{}, 1), pool: pool, stmts: map[string]*list.Element{}, used: list.New()}
}

// transact runs fn in a transaction. What fn returns, or its panic, undoes it. ctx bounds the wait for the turn only: a
// transaction that has begun is not torn, because its few statements end sooner than the tearing would.
func (w *writeConn) transact(ctx context.Context, fn func(gorm.ConnPool) error) (err error) {
	if err := ctx.Err(); err != nil { // else it might win against a turn that is free
		return err
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx = context.WithoutCancel(ctx)
	if err := w.connect(ctx); err != nil {
		return err
	}
	if _, err := w.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return errors.Join(fmt.Errorf("begin: %w", err), w.reset())
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		if _, undo := w.ExecContext(ctx, "ROLLBACK"); undo != nil {
			err = errors.Join(err, w.reset())
		}
	}()
	if err := fn(w); err != nil {
		return err
	}
	if _, err := w.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// connect opens the connection when there is none.
func (w *writeConn) connect(ctx context.Context) (err error) {
	if w.conn == nil {
		w.conn, err = w.pool.Conn(ctx)
	}
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// reset gives up a connection that is in no known state.
func (w *writeConn) reset() error {
	var errs []error
	for e := w.used.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(*prepared).stmt.Close()) // the list holds nothing else
	}
	w.used.Init()
	clear(w.stmts)
	if w.conn != nil {
		errs = append(errs, w.conn.Close())
		w.conn = nil
	}
	return errors.Join(errs...)
}

func (w *writeConn) close() error {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	return errors.Join(w.reset(), w.pool.Close())
}

// PrepareContext gives a statement prepared on the connection, which stays the connection's: it must not be closed.
func (w *writeConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if e := w.stmts[query]; e != nil {
		w.used.MoveToFront(e)
		return e.Value.(*prepared).stmt, nil
	}
	stmt, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = w.used.PushFront(&prepared{query, stmt})
	if w.used.Len() > maxPrepared {
		oldest := w.used.Remove(w.used.Back()).(*prepared)
		delete(w.stmts, oldest.query)
		err = oldest.stmt.Close()
	}
	return stmt, err
}

// ExecContext is part of gorm.ConnPool.
func (w *writeConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := w.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext is part of gorm.ConnPool.
func (w *writeConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := w.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext is part of gorm.ConnPool.
func (w *writeConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := w.PrepareContext(ctx, query)
	if err != nil {
		return w.conn.QueryRowContext(ctx, query, args...) // a Row cannot be made with an error; this one meets it again
	}
	return stmt.QueryRowContext(ctx, args...)
}
