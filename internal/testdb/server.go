package testdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/conf/dsn"
	schema "github.com/carillonhq/carillon/sql"
	"github.com/carillonhq/carillon/store"
)

// server is a database server that tests may make databases on.
type server struct {
	kind      string
	driver    string
	env       string // names the variable with its URL, which names a database that is always there
	url       string // when the variable is not set
	createSQL string // statements that make a database, of which "%s" is the name
	dropSQL   string // and that drop one, also while connections to it are open
	list      string // query for the names of all databases

	once sync.Once
	down error // why it cannot be used

	mu   sync.Mutex
	made int
	free []string
}

// Required says whether the tests must have a server of a kind: where CARILLON_TEST_REQUIRED, a list with commas between,
// names the kind, they fail without one instead of passing it over.
func Required(kind string) bool {
	return slices.Contains(strings.Split(os.Getenv(required), ","), kind)
}

const required = "CARILLON_TEST_REQUIRED"

// address is the URL of a database of the server; without a name, of the one that is always there.
func (s *server) address(name string) (*url.URL, error) {
	u, err := url.Parse(s.url)
	switch {
	case err != nil || name == "":
	case s.kind == store.SQLServer:
		q := u.Query()
		q.Set("database", name)
		u.RawQuery = q.Encode()
	default:
		u.Path = "/" + name
	}
	return u, err
}

// at is what the driver takes to open a database of the server.
func (s *server) at(name string) (string, error) {
	u, err := s.address(name)
	if err != nil {
		return "", err
	}
	target, err := dsn.Parse(u.String(), "")
	return target.DSN, err
}

// pool opens a database of the server.
func (s *server) pool(name string) (*sql.DB, error) {
	text, err := s.at(name)
	if err != nil {
		return nil, err
	}
	return sql.Open(s.driver, text)
}

// servers are the database servers that tests run on. Each is found by its variable, or where its package puts it.
func newServers() []*server {
	return []*server{
		{
			kind: store.Postgres, driver: "pgx", env: "CARILLON_TEST_POSTGRES_DSN", url: "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable",
			list: "SELECT datname FROM pg_database", createSQL: "CREATE DATABASE %s", dropSQL: "DROP DATABASE IF EXISTS %s WITH (FORCE)",
		},
		{
			kind: store.MySQL, driver: "mysql", env: "CARILLON_TEST_MYSQL_DSN", url: "mysql://root@127.0.0.1:3306/mysql?sslmode=none",
			list: "SHOW DATABASES", createSQL: "CREATE DATABASE %s", dropSQL: "DROP DATABASE IF EXISTS %s",
		},
		{
			kind: store.SQLServer, driver: "sqlserver", env: "CARILLON_TEST_SQLSERVER_DSN",
			list: "SELECT name FROM sys.databases",
			// As docs/databases.md advises for those of users.
			createSQL: "CREATE DATABASE %[1]s; ALTER DATABASE %[1]s SET READ_COMMITTED_SNAPSHOT ON",
			dropSQL:   "IF DB_ID('%[1]s') IS NOT NULL BEGIN ALTER DATABASE %[1]s SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE %[1]s END",
		},
	}
}

// name of a test's database: the process that made it and a number.
var testName = regexp.MustCompile(`^carillon_test_(\d+)_\d+$`)

// testDatabase names the nth database that this process makes.
func testDatabase(n int) string { return fmt.Sprintf("carillon_test_%d_%d", os.Getpid(), n) }

// do runs statements on the server's own database.
func (s *server) do(fn func(*sql.DB) error) error {
	db, err := s.pool("")
	if err != nil {
		return err
	}
	return errors.Join(fn(db), db.Close())
}

// look finds out whether the server can be used, and drops what processes that were killed have left on it.
func (s *server) look() {
	if given := os.Getenv(s.env); given != "" {
		s.url = given
	}
	if s.url == "" {
		s.down = fmt.Errorf("set %s to its URL", s.env)
	} else {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		s.down = s.do(func(db *sql.DB) error { return s.sweep(ctx, db) })
	}
	if s.down != nil {
		// Said once, where `go test` shows it without being asked.
		fmt.Fprintf(os.Stderr, "testdb: no %s server, its tests are skipped: %v\n", s.kind, s.down)
	}
}

func (s *server) sweep(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, s.list)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var dead []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if m := testName.FindStringSubmatch(name); m != nil {
			if pid, err := strconv.Atoi(m[1]); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
				dead = append(dead, name)
			}
		}
	}
	for _, name := range dead {
		if _, err := db.ExecContext(ctx, fmt.Sprintf(s.dropSQL, name)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// open gives an empty store on a database of its own.
func (s *server) open(t testing.TB) *store.Store {
	t.Helper()
	return s.openNamed(t, s.ready(t))
}

// ready gives the name of an empty database that the test has for itself.
func (s *server) ready(t testing.TB) string {
	t.Helper()
	s.need(t)
	name := s.take(t)
	t.Cleanup(func() { s.give(name) })
	return name
}

// need skips or fails the test where there is no server.
func (s *server) need(t testing.TB) {
	t.Helper()
	s.once.Do(s.look)
	if s.down != nil {
		if Required(s.kind) {
			t.Fatalf("no %s server, and %s asks for one: %v", s.kind, required, s.down)
		}
		t.Skipf("no %s server: %v", s.kind, s.down)
	}
}

func (s *server) openNamed(t testing.TB, name string) *store.Store {
	t.Helper()
	opened, err := store.Open(t.Context(), s.options(t, name))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, opened.Close()) })
	return opened
}

func (s *server) options(t testing.TB, name string) store.Options {
	t.Helper()
	text, err := s.at(name)
	require.NoError(t, err)
	return store.Options{Kind: s.kind, DSN: text, Logger: slog.New(slog.DiscardHandler), MaxOpen: 6}
}

// take gives a database that no other test has: one that was used before, emptied, or a new one.
func (s *server) take(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	n := len(s.free)
	if n == 0 {
		s.mu.Unlock()
		return s.create(t)
	}
	name := s.free[n-1]
	s.free = s.free[:n-1]
	s.mu.Unlock()
	require.NoError(t, s.empty(t.Context(), name))
	return name
}

// create makes a database, without a schema.
func (s *server) create(t testing.TB) string {
	t.Helper()
	s.mu.Lock()
	s.made++
	name := testDatabase(s.made)
	s.mu.Unlock()
	require.NoError(t, s.do(func(db *sql.DB) error {
		_, err := db.ExecContext(t.Context(), fmt.Sprintf(s.createSQL, name))
		return err
	}))
	return name
}

func (s *server) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, name)
}

// empty deletes all rows, sooner done than making a database anew.
func (s *server) empty(ctx context.Context, name string) error {
	tables, err := Tables()
	if err != nil {
		return err
	}
	db, err := s.pool(name)
	if err != nil {
		return err
	}
	for _, table := range tables {
		_, failed := db.ExecContext(ctx, "DELETE FROM "+table)
		err = errors.Join(err, failed)
	}
	return errors.Join(err, db.Close())
}

// Tables are the names of all tables of the schema, as its migrations create and drop them.
func Tables() ([]string, error) {
	var tables []string
	err := fs.WalkDir(schema.Files, store.SQLite, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := schema.Files.ReadFile(path)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		for _, m := range tableMade.FindAllStringSubmatch(up, -1) {
			tables = append(tables, m[1])
		}
		for _, m := range tableDropped.FindAllStringSubmatch(up, -1) {
			tables = slices.DeleteFunc(tables, func(name string) bool { return name == m[1] })
		}
		return err
	})
	return tables, err
}

var (
	tableMade    = regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	tableDropped = regexp.MustCompile(`(?m)^DROP TABLE (\w+)`)
)

// drop drops the databases that this process made.
func (s *server) drop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made == 0 {
		return nil
	}
	ctx := context.Background()
	return s.do(func(db *sql.DB) error {
		var errs []error
		for i := range s.made {
			_, err := db.ExecContext(ctx, fmt.Sprintf(s.dropSQL, testDatabase(i+1)))
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}
