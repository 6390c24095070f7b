package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/carillonhq/carillon/internal/wallclock"
)

// sqliteReaders is how many reads may run beside each other and beside the one writer.
const sqliteReaders = 4

// sqlitePool opens connections to a file. WAL lets readers go on while one writes; synchronous FULL makes a commit
// durable before it is answered. The page caches are small (KiB, in cache_size): they count as this process's memory, and
// what is written next lies close to what was written last.
func sqlitePool(path string, size int, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_pragma": append([]string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(0)", "temp_store(MEMORY)",
		"wal_autocheckpoint(4000)",
	}, pragmas...)}
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

func (s *Store) openSQLite(ctx context.Context, opts Options) error {
	if err := os.MkdirAll(filepath.Dir(opts.DSN), 0o750); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if !opts.Shared {
		s.lock = flock.New(opts.DSN + ".lock")
		switch locked, err := s.lock.TryLock(); {
		case err != nil:
			return fmt.Errorf("lock the data folder: %w", err)
		case !locked:
			return fmt.Errorf("%w: %s", ErrLocked, opts.DSN)
		}
	}
	conn, err := openSQLiteWriter(opts.DSN)
	if err != nil {
		return err
	}
	s.conn = conn
	if !opts.Shared {
		if err := migrate(ctx, SQLite, conn.pool); err != nil {
			return err
		}
	}
	if err := conn.connect(ctx); err != nil {
		return err
	}
	if s.writer, err = gorm.Open(sqlitedriver.Dialector{Conn: conn}, gormConfig()); err != nil {
		return fmt.Errorf("open the SQLite file %s: %w", opts.DSN, err)
	}
	if s.readers, err = sqlitePool(opts.DSN, sqliteReaders, "query_only(1)", "cache_size(-8192)"); err != nil {
		return err
	}
	cfg := gormConfig()
	cfg.PrepareStmt, cfg.PrepareStmtMaxSize, cfg.PrepareStmtTTL = true, maxPrepared, keepPrepared
	s.reader, err = gorm.Open(sqlitedriver.Dialector{Conn: s.readers}, cfg)
	return err
}

func openSQLiteWriter(path string) (*writeConn, error) {
	pool, err := sqlitePool(path, 2, "cache_size(-32768)") // the writer, and a migration asked for beside it
	if err != nil {
		return nil, err
	}
	return newWriteConn(pool), nil
}

// keepPrepared lets prepared statements live as long as their connection: with any other time gorm starts a goroutine
// that sweeps them and never ends.
const keepPrepared = 10 * 365 * 24 * time.Hour

func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true,
		NowFunc: func() time.Time { return wallclock.Now().UTC() },
	}
}

// sqliteDialect is SQLite's SQL. One transaction writes at a time, so no row needs a lock.
type sqliteDialect struct{}

func (sqliteDialect) bind(query string) string        { return unlocked(query) }
func (sqliteDialect) insert(in into, rows int) string { return in.onConflict(rows) }
func (sqliteDialect) counts() bool                    { return true }
func (sqliteDialect) clock() string                   { return "" }

// SQLite has RETURNING, but keeps what it returns in a table of its own until the statement has ended: rows that are read
// beside it cost a tenth less for each firing. No other transaction can come between.
func (sqliteDialect) returns() bool { return false }

// Errors that are not SQLite's refusal of what it was given are about the file, the disk or other processes, and pass.
func (sqliteDialect) classify(err error) errorClass {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return unknownError
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return duplicateError
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return refusedError
	}
	return passingError
}
