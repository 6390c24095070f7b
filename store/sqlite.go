package store

import (
	"errors"
	"fmt"
	"net/url"

	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

type sqliteRole int

const (
	sqliteWriter sqliteRole = iota
	sqliteReader
)

// sqliteReaders is how many reads may run beside each other and beside the one writer.
const sqliteReaders = 4

// openSQLite opens one of the two pools on a file. WAL lets readers go on while one writes; synchronous FULL makes a
// commit durable before it is answered; an immediate transaction takes the write lock at its start, so that it cannot
// fail half-way for having read first.
func openSQLite(path string, role sqliteRole) (*gorm.DB, error) {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(0)", "temp_store(MEMORY)",
		"cache_size(-65536)", "wal_autocheckpoint(4000)",
	}}
	if role == sqliteWriter {
		q.Set("_txlock", "immediate")
	} else {
		q.Add("_pragma", "query_only(1)")
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	db, err := gorm.Open(sqlitedriver.Dialector{DriverName: "sqlite", DSN: dsn}, gormConfig())
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open the SQLite file %s: %w", path, err)
	}
	n := 1
	if role == sqliteReader {
		n = sqliteReaders
	}
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return db, nil
}

// isDuplicate says whether err is the breach of a primary key or a unique index. gorm's own translation does not know
// this driver's codes.
func isDuplicate(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
