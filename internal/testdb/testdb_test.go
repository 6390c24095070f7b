package testdb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestEachGivesAnEmptyStore(t *testing.T) {
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		require.NoError(t, s.Ping(t.Context()))
		tasks, err := s.Tasks(t.Context(), store.TaskFilter{Limit: 1})
		require.NoError(t, err)
		require.Empty(t, tasks)
	})
}

func TestFixturesAreValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, testdb.Task().Validate())
	require.NoError(t, testdb.DelayedTask().Validate())
	require.NotEqual(t, testdb.Task().ID, testdb.Task().ID)
}
