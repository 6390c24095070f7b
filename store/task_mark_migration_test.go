package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Tasks of a database that had no marks and kept no versions are found by their workers and keepers, and say what they say.
func TestMarksAndVersionsOfTasksThatWereThere(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(stopped, func(k *core.Task) { k.Executors, k.Keepers, k.Version = []string{"w1", "wörker"}, []int64{7, 42}, 5 })
		b.task(stopped)
		p, err := b.Migrations()
		require.NoError(t, err)
		_, err = p.DownTo(b.ctx, 7)
		require.NoError(t, err)
		_, err = p.Up(b.ctx)
		require.NoError(t, err)
		for _, f := range []store.TaskFilter{{Worker: "w1"}, {Worker: "wörker"}, {Keeper: 7}, {Keeper: 42}} {
			f.Limit = 10
			tasks, err := b.Tasks(b.ctx, f)
			require.NoError(t, err)
			require.Len(t, tasks, 1, "%+v", f)
			require.Equal(t, k.ID, tasks[0].ID)
		}
		versions, err := b.TaskVersions(b.ctx, k.ID, 0, 10)
		require.NoError(t, err)
		require.Len(t, versions, 1)
		require.Equal(t, int64(5), versions[0].Version)
		require.Equal(t, k.Callback, versions[0].Callback)
	})
}
