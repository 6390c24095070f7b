package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// The end of a connection that does nothing more is that of a process which was stopped: the server cannot tell them apart.
// Whoever waits for its locks has them within a bound.
func TestStoppedProcessKeepsItsLocksForAMoment(t *testing.T) {
	t.Parallel()
	const soon = 6 * time.Second // well below a lease, and well above what the limits below come to
	for name, stop := range map[string]func(f *frozen) (holder string){
		// The server waits for the next statement.
		"between two statements": func(f *frozen) string {
			f.lock(f.begin(), "a")
			return "a"
		},
		// And then for that of the one which had waited.
		"one after the other": func(f *frozen) string {
			first, second := f.begin(), f.begin()
			f.lock(first, "a")
			f.lock(second, "b")
			go func() { _ = f.try(second, "a") }() // and does nothing with the answer
			return "b"
		},
		// It waits for a result to be read.
		"amid a result": func(f *frozen) string {
			tx := f.begin()
			f.lock(tx, "a")
			rows, err := tx.QueryContext(f.ctx, `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
				SELECT repeat('x', 1000000) FROM n`)
			require.NoError(f.t, err)
			f.t.Cleanup(func() { _ = rows.Close() })
			require.NoError(f.t, rows.Err())
			return "a"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testdb.EachEmpty(t, func(t *testing.T, opts store.Options) {
				if opts.Kind == store.SQLServer {
					t.Skip("it has no such limit, as docs/databases.md says")
				}
				opts.IdleTimeout = time.Second
				s, err := store.Open(t.Context(), opts)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, s.Close()) })
				require.NoError(t, s.SaveSettings(t.Context(), map[string]string{"a": "1", "b": "1"}))
				pool, err := store.Connect(opts)
				require.NoError(t, err)
				t.Cleanup(func() { _ = pool.Close() }) // its connections are broken
				ctx, cancel := context.WithCancel(context.Background())
				t.Cleanup(cancel)

				f := &frozen{t: t, ctx: ctx, pool: pool, mysql: opts.Kind == store.MySQL}
				row := stop(f)
				slowest := watchReads(t, s)
				began := time.Now()
				require.NoError(t, s.SaveSettings(t.Context(), map[string]string{row: "2"}))
				took := time.Since(began)
				// A write is some exchanges with the server, and a server that is busy ends others' later.
				slack := 10 * slowest()
				t.Logf("another's write waited %.1f s, of which %.1f s may be the machine's", took.Seconds(), slack.Seconds())
				require.Less(t, took, soon+slack)
				for _, tx := range f.begun {
					require.Error(t, tx.Commit(), "what it did is undone")
				}
			})
		})
	}
}

// watchReads measures, until it is asked for the longest, how long reads take: nothing holds them up but the machine.
func watchReads(t *testing.T, s *store.Store) (slowest func() time.Duration) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	longest := make(chan time.Duration, 1)
	go func() {
		var most time.Duration
		for ctx.Err() == nil {
			began := time.Now()
			if err := s.Ping(t.Context()); err != nil && ctx.Err() == nil {
				t.Errorf("ping: %s", err)
			}
			most = max(most, time.Since(began))
			time.Sleep(20 * time.Millisecond)
		}
		longest <- most
	}()
	return func() time.Duration {
		end()
		return <-longest
	}
}

// frozen is a process that is stopped amid its transactions.
type frozen struct {
	t     *testing.T
	ctx   context.Context // ends with the test
	pool  *sql.DB
	mysql bool
	begun []*sql.Tx
}

func (f *frozen) begin() *sql.Tx {
	f.t.Helper()
	tx, err := f.pool.BeginTx(f.ctx, nil)
	require.NoError(f.t, err)
	f.begun = append(f.begun, tx)
	return tx
}

func (f *frozen) lock(tx *sql.Tx, row string) {
	f.t.Helper()
	require.NoError(f.t, f.try(tx, row))
}

func (f *frozen) try(tx *sql.Tx, row string) error {
	mark := "$1"
	if f.mysql {
		mark = "?"
	}
	_, err := tx.ExecContext(f.ctx, "UPDATE settings SET value = '0' WHERE name = "+mark, row)
	return err
}
