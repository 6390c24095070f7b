// Package testdb gives tests an open store on every database that Carillon supports, and things to put into it.
package testdb

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/store"
)

// database is one that the tests of the store run on.
type database struct {
	name string
	// open gives an empty store of its own to a test and closes it at the test's end.
	open func(testing.TB) *store.Store
}

// databases are all of them. A new database is a line here; the whole suite then runs on it.
func databases() []database {
	return []database{
		{name: "sqlite", open: Open},
	}
}

// Each runs fn as a parallel subtest for every database, with an empty store.
func Each(t *testing.T, fn func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, db := range databases() {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			fn(t, db.open(t))
		})
	}
}

// Open opens an empty SQLite store in a folder of the test's own. Inside a bubble of testing/synctest its clock is the
// bubble's.
func Open(t testing.TB) *store.Store {
	t.Helper()
	return OpenPath(t, filepath.Join(t.TempDir(), "carillon.db"))
}

// OpenPath opens the SQLite store in a file, and closes it at the test's end.
func OpenPath(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: path, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
