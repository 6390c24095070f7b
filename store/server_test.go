package store_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// Processes that start together on an empty database find it migrated once.
func TestManyProcessesMigrateAtOnce(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, opts store.Options) {
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				s, err := store.Open(t.Context(), opts)
				if !errors.Is(err, nil) {
					t.Errorf("open: %v", err)
					return
				}
				if err := s.CreateTask(t.Context(), testdb.Task(), nil); err != nil {
					t.Errorf("use: %v", err)
				}
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		}
		all.Wait()
	})
}

func TestMigrationsUpDownUpOnServers(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, opts store.Options) {
		s, err := store.Open(t.Context(), opts)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		p, err := s.Migrations()
		require.NoError(t, err)
		_, err = p.DownTo(t.Context(), 0)
		require.NoError(t, err)
		left, err := s.Dump(t.Context())
		require.NoError(t, err)
		require.Empty(t, left)
		_, err = p.Up(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.CreateTask(t.Context(), testdb.Task(), nil))
	})
}

func TestNewerSchemaIsRefusedOnServers(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, opts store.Options) {
		s, err := store.Open(t.Context(), opts)
		require.NoError(t, err)
		value := "true"
		if s.Kind() != store.Postgres {
			value = "1"
		}
		require.NoError(t, s.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, "+value+")"))
		require.NoError(t, s.Close())
		_, err = store.Open(t.Context(), opts)
		require.ErrorContains(t, err, "schema version 9999")
	})
}

// A lost race is run again and leaves one effect; what is refused, and what passes, is told apart by the driver's types.
func TestErrorsAreClassed(t *testing.T) {
	t.Parallel()
	state := func(s string) (five [5]byte) { copy(five[:], s); return five }
	for _, c := range []struct {
		name string
		kind string
		err  error
		want store.ErrorClass
	}{
		{"duplicate", store.Postgres, &pgconn.PgError{Code: "23505"}, store.DuplicateError},
		{"deadlock", store.Postgres, &pgconn.PgError{Code: "40P01"}, store.LostRaceError},
		{"serialization", store.Postgres, &pgconn.PgError{Code: "40001"}, store.LostRaceError},
		{"bad text", store.Postgres, &pgconn.PgError{Code: "22021"}, store.RefusedError},
		{"no such table", store.Postgres, &pgconn.PgError{Code: "42P01"}, store.RefusedError},
		{"disk full", store.Postgres, &pgconn.PgError{Code: "53100"}, store.PassingError},
		{"shutting down", store.Postgres, &pgconn.PgError{Code: "57P01"}, store.PassingError},
		{"duplicate", store.MySQL, &mysql.MySQLError{Number: 1062, SQLState: state("23000")}, store.DuplicateError},
		{"deadlock", store.MySQL, &mysql.MySQLError{Number: 1213, SQLState: state("40001")}, store.LostRaceError},
		{"lock wait", store.MySQL, &mysql.MySQLError{Number: 1205, SQLState: state("HY000")}, store.LostRaceError},
		{"too long", store.MySQL, &mysql.MySQLError{Number: 1406, SQLState: state("22001")}, store.RefusedError},
		{"bad text", store.MySQL, &mysql.MySQLError{Number: 1366, SQLState: state("HY000")}, store.RefusedError},
		{"too many connections", store.MySQL, &mysql.MySQLError{Number: 1040, SQLState: state("08004")}, store.PassingError},
		{"table full", store.MySQL, &mysql.MySQLError{Number: 1114, SQLState: state("HY000")}, store.PassingError},
		{"duplicate", store.SQLServer, mssql.Error{Number: 2627, Class: 14}, store.DuplicateError},
		{"deadlock", store.SQLServer, mssql.Error{Number: 1205, Class: 13}, store.LostRaceError},
		{"too long", store.SQLServer, mssql.Error{Number: 2628, Class: 16}, store.RefusedError},
		{"log full", store.SQLServer, mssql.Error{Number: 9002, Class: 17}, store.PassingError},
		{"login", store.SQLServer, mssql.Error{Number: 18456, Class: 14}, store.PassingError},
		{"no driver's", store.Postgres, errors.New("cannot encode"), store.UnknownError},
	} {
		require.Equal(t, c.want, store.Classify(c.kind, c.err), "%s of %s", c.name, c.kind)
	}
}

// Two transactions that lock two rows crosswise: the database undoes one, and it is run again.
func TestDeadlockIsRunAgain(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		require.NoError(t, a.SaveSettings(a.ctx, map[string]string{"x": "0", "y": "0"}))
		var met, both sync.WaitGroup
		met.Add(2)
		var once [2]sync.Once
		for i, x := range []*bundle{a, b} {
			order := []string{"x", "y"}
			if i == 1 {
				order = []string{"y", "x"}
			}
			both.Go(func() {
				require.NoError(t, x.Transact(x.ctx, func(exec func(string, ...any) error) error {
					const add = "UPDATE settings SET value = concat(value, '1') WHERE name = ?"
					if err := exec(add, order[0]); err != nil {
						return err
					}
					once[i].Do(func() { met.Done(); met.Wait() })
					return exec(add, order[1])
				}))
			})
		}
		both.Wait()
		values, err := a.Settings(a.ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"x": "011", "y": "011"}, values, "each is added once")
	})
}

// The time is the database's: one that this machine's clock cannot move, and near to it on the same machine.
func TestClockIsTheDatabases(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		asked := time.Now()
		before := s.Now()
		require.WithinRange(t, before, asked.Add(-5*time.Second), time.Now().Add(5*time.Second))
		require.False(t, s.Now().Before(before))
	})
}

func TestClockLearns(t *testing.T) {
	t.Parallel()
	base := time.Now()
	at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	const ahead = 30_000 // ms that the database's clock is ahead of this machine's
	var c store.Clock
	c.Learn(at(0), at(100), at(ahead+20))
	c.Learn(at(200), at(202), at(ahead+201))
	offset := func() time.Duration { return c.At(at(500)).Sub(at(500)) - ahead*time.Millisecond }
	require.InDelta(t, 0, offset().Milliseconds(), 1, "a quick answer says it to a millisecond")
	known := offset()
	c.Learn(at(300), at(5300), at(ahead+1000))
	require.Equal(t, known, offset(), "a slow one does not shake it")
	c.Learn(at(6000), at(6001), at(ahead+6000-2000))
	require.InDelta(t, -2000, offset().Milliseconds(), 1, "the database's clock was set back")
}

// A database that is out of reach is told apart from one that refuses, and comes back by itself.
func TestLostDatabaseIsNoRefusal(t *testing.T) {
	t.Parallel()
	testdb.EachEmpty(t, func(t *testing.T, opts store.Options) {
		server := map[string]string{store.Postgres: "127.0.0.1:5432", store.MySQL: "127.0.0.1:3306"}[opts.Kind]
		if !strings.Contains(opts.DSN, server) {
			t.Skip("the server is elsewhere")
		}
		way := newWay(t, server)
		opts.DSN = strings.Replace(opts.DSN, server, way.addr(), 1)
		s, err := store.Open(t.Context(), opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		k := testdb.Task()
		require.NoError(t, s.CreateTask(t.Context(), k, nil))

		way.close()
		err = s.CreateTask(t.Context(), testdb.Task(), nil)
		require.Error(t, err)
		require.Empty(t, core.CodeOf(err))
		require.False(t, store.Refused(err), err)
		_, err = s.Task(t.Context(), k.ID)
		require.Error(t, err)
		require.False(t, store.Refused(err), err)
		require.Error(t, s.Ping(t.Context()))

		way.open(t)
		require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, time.Minute, 10*time.Millisecond)
		require.NoError(t, s.CreateTask(t.Context(), testdb.Task(), nil))
		err = s.CreateTask(t.Context(), k, nil)
		require.True(t, store.Refused(err), "a taken id is refused: %v", err)
	})
}

// way is a way to a server that can be closed and opened again.
type way struct {
	server string
	mu     sync.Mutex
	ends   []net.Conn
	l      net.Listener
}

func newWay(t *testing.T, server string) *way {
	w := &way{server: server}
	var err error
	w.l, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(w.close)
	go w.serve(w.l)
	return w
}

func (w *way) addr() string { return w.l.Addr().String() }

func (w *way) serve(l net.Listener) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := new(net.Dialer).Dial("tcp", w.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		w.ends = append(w.ends, near, far)
		w.mu.Unlock()
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
	}
}

func (w *way) close() {
	_ = w.l.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.ends {
		_ = c.Close()
	}
}

func (w *way) open(t *testing.T) {
	addr := w.addr()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
	require.NoError(t, err)
	w.l = l
	go w.serve(l)
}
