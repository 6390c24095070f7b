package store

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// maxRaces is how often a transaction is tried that loses a race for rows.
const maxRaces = 8

// serverConn runs transactions on a database server's pool of connections, many at a time.
type serverConn struct {
	pool    *sql.DB
	dialect dialect
	timeout time.Duration
}

// transact runs fn in a transaction, and again when it lost a race to another one and was undone. fn must therefore not
// add to what a run of it before has left. A transaction ends within the timeout; ctx counts until it has begun.
func (c *serverConn) transact(ctx context.Context, fn func(gorm.ConnPool) error) (err error) {
	for try := range maxRaces {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err = c.once(ctx, fn); c.dialect.classify(err) != lostRaceError {
			return err
		}
		select {
		case <-time.After(rand.N(time.Duration(try+1) * 10 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (c *serverConn) once(ctx context.Context, fn func(gorm.ConnPool) error) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	defer cancel()
	t, err := c.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		// The connection may be gone, and the transaction with it.
		if undo := t.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) && err == nil {
			err = undo
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	committed = true
	return t.Commit()
}

func (c *serverConn) close() error { return c.pool.Close() }

// A process may be stopped in the middle of a transaction, by a signal or with its machine, and others then wait for its locks.
// limits are what a server is told to wait for such a process, in whole seconds: so many has MySQL. All are well below a lease.
type limits struct {
	idle int // for the next statement of a transaction
	// silent is for anything else: for the next transaction, and amid a statement or its result, which the process may have
	// sent or read a part of. It is longer, because a connection that is merely unused is given up by its pool, before.
	silent int
}

func limitsOf(opts Options) limits {
	idle := int((opts.IdleTimeout + time.Second - 1) / time.Second)
	return limits{idle: idle, silent: idle + 2}
}

// unused is how long a pool keeps a connection that nobody uses.
func (l limits) unused() time.Duration { return time.Duration(l.silent) * time.Second / 2 }

// openServer opens a database server's pool and brings its schema up to date.
func (s *Store) openServer(ctx context.Context, opts Options) error {
	pool, dialector, err := connect(opts)
	if err != nil {
		return err
	}
	return s.openPool(ctx, opts, pool, dialector)
}

// connect makes the pool of a database server. Nothing is dialled yet.
func connect(opts Options) (*sql.DB, func(gorm.ConnPool) gorm.Dialector, error) {
	return map[string]func(string, limits) (*sql.DB, func(gorm.ConnPool) gorm.Dialector, error){
		Postgres: openPostgres, MySQL: openMySQL, SQLServer: openSQLServer,
	}[opts.Kind](opts.DSN, limitsOf(opts))
}

func (s *Store) openPool(ctx context.Context, opts Options, pool *sql.DB, dialector func(gorm.ConnPool) gorm.Dialector) (err error) {
	pool.SetMaxOpenConns(opts.MaxOpen)
	pool.SetMaxIdleConns(opts.MaxOpen)
	pool.SetConnMaxIdleTime(limitsOf(opts).unused())
	pool.SetConnMaxLifetime(30 * time.Minute)
	s.timeout = opts.Timeout
	s.conn = &serverConn{pool: pool, dialect: s.words.dialect, timeout: opts.Timeout}
	if !opts.Shared {
		if err := migrate(ctx, opts.Kind, pool); err != nil {
			return err
		}
	}
	if s.writer, err = gorm.Open(dialector(pool), gormConfig()); err != nil {
		return err
	}
	s.reader = s.writer
	for range clockSamples {
		if err := s.sampleClock(ctx); err != nil {
			return err
		}
	}
	return nil
}
