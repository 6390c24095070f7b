package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	schema "github.com/carillonhq/carillon/sql"
)

// migrate brings the schema up to the newest version the binary holds. Many processes may do so at once: one does, the
// others wait for it.
func migrate(ctx context.Context, kind string, pool *sql.DB) error {
	provider, err := migrations(kind, pool)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	return whileLocked(ctx, kind, pool, func() error {
		current, target, err := provider.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read the schema's version: %w", err)
		}
		if current > target {
			return fmt.Errorf("the database has schema version %d; this binary knows up to %d: run a newer carillon", current, target)
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate the schema: %w", err)
		}
		return nil
	})
}

// migrations gives the embedded migrations, to be applied to a database.
func migrations(kind string, pool *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(schema.Files, kind)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(gooseDialect(kind), pool, files, goose.WithDisableGlobalRegistry(true))
}

func gooseDialect(kind string) goose.Dialect {
	return map[string]goose.Dialect{
		SQLite: goose.DialectSQLite3, Postgres: goose.DialectPostgres, MySQL: goose.DialectMySQL, SQLServer: goose.DialectMSSQL,
	}[kind]
}

const (
	// migrationLock is the name of the lock that a process holds while it migrates; PostgreSQL's are numbers.
	migrationLock   = "carillon-schema"
	migrationNumber = 7_231_845_102
	// migrationWait is how long a process waits for another that migrates.
	migrationWait = 2 * time.Minute
	// migrationLook is how often it looks whether it may.
	migrationLook = 50 * time.Millisecond
)

// whileLocked runs fn while this process holds the database's lock for migrating, which lives by a connection: that of a
// process that dies is free. goose's own lock comes later than its first table, which two processes then make. SQLite's
// file has one process.
func whileLocked(ctx context.Context, kind string, pool *sql.DB, fn func() error) (err error) {
	lock, unlock := map[string]string{
		Postgres:  fmt.Sprintf("SELECT CASE WHEN pg_try_advisory_lock(%d) THEN 1 ELSE 0 END", migrationNumber),
		MySQL:     fmt.Sprintf("SELECT GET_LOCK('%s', 0)", migrationLock),
		SQLServer: fmt.Sprintf("DECLARE @got INT; EXEC @got = sp_getapplock @Resource = '%s', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT CASE WHEN @got >= 0 THEN 1 ELSE 0 END", migrationLock),
	}[kind], map[string]string{
		Postgres:  fmt.Sprintf("SELECT pg_advisory_unlock(%d)", migrationNumber),
		MySQL:     fmt.Sprintf("DO RELEASE_LOCK('%s')", migrationLock),
		SQLServer: fmt.Sprintf("EXEC sp_releaseapplock @Resource = '%s', @LockOwner = 'Session'", migrationLock),
	}[kind]
	if lock == "" {
		return fn()
	}
	ctx, cancel := context.WithTimeout(ctx, migrationWait)
	defer cancel()
	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	// The connection is not used again: what the lock needed is set on it.
	defer func() { err = errors.Join(err, discard(conn)) }()
	if kind == MySQL { // it would be cut off as idle while another one migrates
		if _, err := conn.ExecContext(ctx, "SET SESSION wait_timeout = 3600"); err != nil {
			return fmt.Errorf("prepare to migrate: %w", err)
		}
	}
	for got := 0; got != 1; {
		if err := conn.QueryRowContext(ctx, lock).Scan(&got); err != nil {
			return fmt.Errorf("wait for another process that migrates the schema: %w", err)
		}
		if got == 1 {
			break
		}
		select {
		case <-time.After(migrationLook):
		case <-ctx.Done():
			return fmt.Errorf("another process migrates the schema and does not end: %w", ctx.Err())
		}
	}
	err = fn()
	_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), unlock)
	return errors.Join(err, unlocked)
}

// discard closes a connection instead of giving it back to its pool.
func discard(conn *sql.Conn) error {
	if err := conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		return err
	}
	return nil
}
