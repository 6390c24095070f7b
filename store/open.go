package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/gofrs/flock"
	"gorm.io/gorm"

	"github.com/carillonhq/carillon/core"
)

// Options says which database to open.
type Options struct {
	// Kind is the kind of database: one of Kinds. Defaults to SQLite.
	Kind string
	// DSN names the database as its Go driver takes it: PostgreSQL's URL or keywords, go-sql-driver's form for MySQL, a
	// sqlserver:// URL, or the path of the SQLite file, whose folder is made when it is not there.
	DSN string
	// Logger is required.
	Logger *slog.Logger
	// Shared opens the database beside the processes that serve it, as the command line does: without migrating, and on
	// SQLite without the lock that keeps two servers apart.
	Shared bool
	// MaxOpen is how many connections to a database server are open at most. Defaults to 16: the loops of a master use up to
	// eight, API calls the rest. SQLite has one that writes and four that read.
	MaxOpen int
	// Timeout is how long a transaction on a database server may take, and a query beside one. Defaults to 10 s, which is the
	// lease: what takes longer is of no use to a master any more.
	Timeout time.Duration
	// IdleTimeout is how long a database server lets a transaction stand in which nothing happens, in whole seconds, rounded
	// up: that of a process which was stopped, and whose locks others wait for. Defaults to 3 s, so that three such
	// processes, each of which waited for the one before it, are cut off within a lease. SQL Server knows no such limit.
	IdleTimeout time.Duration
	// Batches are the batches of the store's own: how many creations of delayed tasks may share a commit. Defaults to
	// core.DefaultBatches().
	Batches core.Batches
}

func (o *Options) complete() {
	if o.Kind == "" {
		o.Kind = SQLite
	}
	if o.MaxOpen <= 0 {
		o.MaxOpen = 16
	}
	if o.Timeout <= 0 {
		o.Timeout = core.Lease
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 3 * time.Second
	}
	o.Batches = o.Batches.OrDefault()
}

// Store is an open database. Its methods may be called by many goroutines.
type Store struct {
	log     *slog.Logger
	kind    string
	words   vocabulary
	conn    transactor
	writer  *gorm.DB      // for statements of gorm in a transaction
	reader  *gorm.DB      // beside the transactions
	readers *sql.DB       // SQLite's pool of readers; nil where all share one
	timeout time.Duration // of a query of the reader; 0 for none
	clock   clock
	lock    *flock.Flock

	definitions *definitionCache
	creations   group[creation]
}

// ErrLocked says that another process serves this database file.
var ErrLocked = errors.New("another carillon process serves this data folder")

// Open opens the database and brings its schema up to date. It refuses a schema newer than it knows, and fails with
// ErrLocked when another process serves the SQLite file.
func Open(ctx context.Context, opts Options) (*Store, error) {
	opts.complete()
	s := &Store{log: opts.Logger, kind: opts.Kind, definitions: newDefinitionCache(maxDefinitions)}
	var err error
	if s.words.dialect, err = dialectOf(opts.Kind); err != nil {
		return nil, err
	}
	s.creations.flush, s.creations.most = s.createDelayed, opts.Batches.Create
	open := s.openServer
	if opts.Kind == SQLite {
		open = s.openSQLite
	}
	if err := open(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends all connections and gives up the lock. Calls under way must have ended.
func (s *Store) Close() error {
	s.creations.wait()
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}

// Kind is the kind of database: one of Kinds.
func (s *Store) Kind() string { return s.kind }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	_, err := s.read(ctx).one([]any{&one}, "SELECT 1")
	return s.edge(err)
}
