package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
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

func openSQLiteWriter(path string) (*writeConn, error) {
	pool, err := sqlitePool(path, 2, "cache_size(-32768)") // the writer, and a migration asked for beside it
	if err != nil {
		return nil, err
	}
	return newWriteConn(pool), nil
}

func openSQLiteReader(path string) (*gorm.DB, error) {
	pool, err := sqlitePool(path, sqliteReaders, "query_only(1)", "cache_size(-8192)")
	if err != nil {
		return nil, err
	}
	cfg := gormConfig()
	cfg.PrepareStmt, cfg.PrepareStmtMaxSize, cfg.PrepareStmtTTL = true, maxPrepared, keepPrepared
	return gorm.Open(sqlitedriver.Dialector{Conn: pool}, cfg)
}

// keepPrepared lets prepared statements live as long as their connection: with any other time gorm starts a goroutine
// that sweeps them and never ends.
const keepPrepared = 10 * 365 * 24 * time.Hour

func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, Logger: logger.Discard, DisableAutomaticPing: true,
		NowFunc: func() time.Time { return time.Now().UTC() },
	}
}

// isDuplicate says whether err is the breach of a primary key or a unique index. gorm's own translation does not know
// this driver's codes.
func isDuplicate(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// refused says whether err is SQLite's refusal of what it was given. All its other errors are about the file, the disk or
// other processes, and pass.
func refused(e *sqlite.Error) bool {
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return true
	}
	return false
}
