package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	lru "github.com/hashicorp/golang-lru/v2"
	sqlitedriver "gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// Options says which database to open.
type Options struct {
	// Path is the SQLite file. Its folder is made when it is not there.
	Path string
	// Logger is required.
	Logger *slog.Logger
	// Definitions is how many task definitions are kept in memory. Defaults to 10,000.
	Definitions int
	// Shared opens the database beside the process that serves it, as the command line does: without the lock that
	// keeps two servers apart, and without migrating.
	Shared bool
}

// Store is an open database. Its methods may be called by many goroutines.
type Store struct {
	log    *slog.Logger
	conn   *writeConn
	writer *gorm.DB // on conn
	reader *gorm.DB
	lock   *flock.Flock

	definitions *lru.Cache[definitionKey, *TaskDefinition]
	creations   group[creation]
}

// ErrLocked says that another process serves this database file.
var ErrLocked = errors.New("another carillon process serves this data folder")

// Open opens the database, brings its schema up to date, and takes the lock that keeps a second server off an SQLite
// file. It fails with ErrLocked when one has it, and refuses a schema newer than it knows.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.Definitions <= 0 {
		opts.Definitions = 10_000
	}
	if err := os.MkdirAll(filepath.Dir(opts.Path), 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	s := &Store{log: opts.Logger}
	cache, err := lru.New[definitionKey, *TaskDefinition](opts.Definitions)
	if err != nil {
		return nil, fmt.Errorf("definition cache: %w", err)
	}
	s.definitions = cache
	s.creations.flush = s.createDelayed

	if !opts.Shared {
		s.lock = flock.New(opts.Path + ".lock")
		switch locked, err := s.lock.TryLock(); {
		case err != nil:
			return nil, fmt.Errorf("lock the data folder: %w", err)
		case !locked:
			return nil, fmt.Errorf("%w: %s", ErrLocked, opts.Path)
		}
	}
	if err := s.connect(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, opts Options) error {
	var err error
	if s.conn, err = openSQLiteWriter(opts.Path); err != nil {
		return err
	}
	if !opts.Shared {
		if err := migrate(ctx, s.conn.pool); err != nil {
			return err
		}
	}
	if err := s.conn.connect(ctx); err != nil {
		return err
	}
	if s.writer, err = gorm.Open(sqlitedriver.Dialector{Conn: s.conn}, gormConfig()); err != nil {
		return fmt.Errorf("open the SQLite file %s: %w", opts.Path, err)
	}
	s.reader, err = openSQLiteReader(opts.Path)
	return err
}

// Close ends all connections and gives up the lock. Calls under way must have ended.
func (s *Store) Close() error {
	s.creations.wait()
	var errs []error
	if s.reader != nil {
		pool, err := s.reader.DB()
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	if s.conn != nil {
		errs = append(errs, s.conn.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}

// Now is the time by the database's clock. SQLite has none of its own, so it is this machine's.
func (s *Store) Now() time.Time { return time.Now() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.reader.WithContext(ctx).Raw("SELECT 1").Scan(&one).Error
}
