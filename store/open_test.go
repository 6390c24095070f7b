package store_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func options(path string) store.Options {
	return store.Options{DSN: path, Logger: slog.New(slog.DiscardHandler)}
}

func TestOneServerToAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "down", "carillon.db")
	first, err := store.Open(t.Context(), options(path))
	require.NoError(t, err, "the folder is made")
	require.NoError(t, first.CreateUser(t.Context(), &core.User{Name: "ada", Role: core.RoleAdmin}))

	_, err = store.Open(t.Context(), options(path))
	require.ErrorIs(t, err, store.ErrLocked)
	require.ErrorContains(t, err, path)

	beside := options(path)
	beside.Shared = true
	shared, err := store.Open(t.Context(), beside)
	require.NoError(t, err)
	require.NoError(t, shared.CreateUser(t.Context(), &core.User{Name: "bob", Role: core.RoleViewer}))
	users, err := first.Users(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 2, "each sees what the other wrote")
	require.NoError(t, shared.Close())

	_, err = store.Open(t.Context(), options(path))
	require.ErrorIs(t, err, store.ErrLocked, "the one beside had no lock to give up")
	require.NoError(t, first.Close())
	again := testdb.OpenPath(t, path)
	users, err = again.Users(t.Context())
	require.NoError(t, err)
	require.Len(t, users, 2)
}

func TestPathIsTakenToTheLetter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%20?x=1#&ü.db")
	testdb.OpenPath(t, path)
	require.FileExists(t, path)
}

func TestOpenFailsOnWhatIsNoDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carillon.db")
	require.NoError(t, os.WriteFile(path, []byte("this is a text and no database, whatever its name says"), 0o600))
	_, err := store.Open(t.Context(), options(path))
	require.Error(t, err)
	require.NoError(t, os.Remove(path))
	testdb.OpenPath(t, path) // the lock was given up
}

func TestCloseIsOnce(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), options(filepath.Join(t.TempDir(), "carillon.db")))
	require.NoError(t, err)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	require.Error(t, s.Ping(t.Context()))
	require.Error(t, s.CreateDelayed(t.Context(), testdb.DelayedTask(), store.PlanAhead{}))
}

func TestMigrationsUpDownUp(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	require.NoError(t, s.CreateTask(t.Context(), testdb.Task(), nil))
	p, err := s.Migrations()
	require.NoError(t, err)

	_, err = p.DownTo(t.Context(), 0)
	require.NoError(t, err)
	left, err := s.Dump(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
	require.Error(t, s.CreateTask(t.Context(), testdb.Task(), nil), "there are no tables")

	_, err = p.Up(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.CreateTask(t.Context(), testdb.Task(), nil))
	tasks, err := s.Tasks(t.Context(), store.TaskFilter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tasks, 1)
}

func TestReopeningMigratesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carillon.db")
	s, err := store.Open(t.Context(), options(path))
	require.NoError(t, err)
	k := testdb.Task()
	require.NoError(t, s.CreateTask(t.Context(), k, nil))
	require.NoError(t, s.Close())
	_, err = testdb.OpenPath(t, path).Task(t.Context(), k.ID)
	require.NoError(t, err)
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "carillon.db")
	s, err := store.Open(t.Context(), options(path))
	require.NoError(t, err)
	require.NoError(t, s.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)"))
	require.NoError(t, s.Close())
	_, err = store.Open(t.Context(), options(path))
	require.ErrorContains(t, err, "schema version 9999")
	require.ErrorContains(t, err, "run a newer carillon")
}

// A connection that lost its transaction is given up, and the next write has a new one.
func TestBrokenTransactionBreaksNoOther(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t)
	require.NoError(t, s.SaveSettings(t.Context(), map[string]string{"a": "1"}))
	for _, cut := range []string{"ROLLBACK", "COMMIT"} {
		require.ErrorContains(t, s.Exec(t.Context(), cut), "no transaction is active")
		require.NoError(t, s.SaveSettings(t.Context(), map[string]string{"a": cut}))
		got, err := s.Settings(t.Context())
		require.NoError(t, err)
		require.Equal(t, cut, got["a"])
	}
}

func TestFailuresOfTheDatabaseAreTold(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		err := b.CreateTask(b.ctx, k, nil)
		var failure *store.Failure
		require.ErrorAs(t, err, &failure, "a repeated id is no request to be refused")
		require.ErrorContains(t, err, "database: INSERT INTO tasks")

		d := b.delayed()
		err = b.CreateDelayed(b.ctx, d, b.ahead())
		require.ErrorAs(t, err, &failure)
		require.NotContains(t, err.Error(), "database: database:")

		_, err = b.Task(b.ctx, "nothing")
		requireCode(t, err, core.CodeNotFound)
		require.NotErrorAs(t, err, &failure)
	})
}
