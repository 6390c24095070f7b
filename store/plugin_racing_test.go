package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// One process deletes a version while another one puts a task in force that needs it: never do both succeed.
func TestDeleteOfAPluginAgainstStart(t *testing.T) {
	t.Parallel()
	testdb.EachPair(t, func(t *testing.T, one, two *store.Store) {
		a, b := setup(t, one), setup(t, two)
		started, deleted := 0, 0
		for i := range 25 {
			name := fmt.Sprint("p", i)
			a.upload(name, "1.0.0")
			var group sync.WaitGroup
			var createErr, deleteErr error
			group.Go(func() { createErr = b.CreateTask(b.ctx, testdb.Task(plugged(name, "")), nil) })
			group.Go(func() {
				deleteErr = a.DeletePlugin(a.ctx, core.DefaultNamespace, name, "1.0.0", func(_ *core.PluginVersion, use store.PluginUse) error {
					if len(use.Tasks) > 0 {
						return core.Conflict("in use")
					}
					return nil
				})
			})
			group.Wait()
			for _, err := range []error{createErr, deleteErr} {
				require.True(t, err == nil || core.CodeOf(err) == core.CodeConflict, "%v", err)
			}
			require.True(t, (createErr == nil) != (deleteErr == nil), "exactly one of both: %v, %v", createErr, deleteErr)
			if createErr == nil {
				started++
			} else {
				deleted++
			}
		}
		t.Log("started", started, "deleted", deleted)
	})
}

// Two processes finish uploads of the same version at once: one wins, and what can be read is its file.
func TestUploadsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	testdb.EachPair(t, func(t *testing.T, one, two *store.Store) {
		a, b := setup(t, one), setup(t, two)
		for i := range 15 {
			name := fmt.Sprint("p", i)
			var group sync.WaitGroup
			won := make([]bool, 2)
			versions := make([]*core.PluginVersion, 2)
			errs := make([]error, 2)
			for n, s := range []*bundle{a, b} {
				v := version(name, "1.0.0")
				versions[n] = v
				require.NoError(t, s.BeginPlugin(s.ctx, v))
				require.NoError(t, s.AddPluginChunks(s.ctx, v.ID, 0, chunks(v)))
				group.Go(func() { won[n], errs[n] = s.FinishPlugin(s.ctx, v) })
			}
			group.Wait()
			require.NoError(t, errs[0])
			require.NoError(t, errs[1])
			require.NotEqual(t, won[0], won[1], "one wins")
			winner := versions[0]
			if won[1] {
				winner = versions[1]
			}
			got, err := a.PluginVersion(a.ctx, winner.Namespace, name, "1.0.0")
			require.NoError(t, err)
			require.Equal(t, winner.ID, got.ID)
		}
	})
}

// Two processes sweep at once, while an upload goes on: all that is dead goes, and nothing else.
func TestSweepsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	testdb.EachPair(t, func(t *testing.T, one, two *store.Store) {
		a, b := setup(t, one), setup(t, two)
		for i := range 5 {
			a.upload("gone", fmt.Sprintf("1.0.%d", i))
			a.remove("gone", fmt.Sprintf("1.0.%d", i))
		}
		dead := a.Now()
		var group sync.WaitGroup
		for _, s := range []*bundle{a, b} {
			group.Go(func() {
				for more, err := true, error(nil); more; {
					if more, err = s.SweepPlugins(s.ctx, dead); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		v := version("kept", "1.0.0")
		require.NoError(t, a.BeginPlugin(a.ctx, v))
		require.NoError(t, a.AddPluginChunks(a.ctx, v.ID, 0, chunks(v)))
		group.Wait()
		done, err := a.FinishPlugin(a.ctx, v)
		require.NoError(t, err)
		require.True(t, done)
		require.Len(t, a.dump()["plugin_versions"], 1)
		require.Len(t, a.dump()["plugin_chunks"], 2)
	})
}

// Tasks that were stored before packages could be have their use noted by the migration.
func TestMigrationNotesWhatTasksUse(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		pinned := b.task(stopped, plugged("程序包", "1.0.0"))
		follower := b.task(stopped, plugged("hello", ""))
		b.task()
		p, err := b.Migrations()
		require.NoError(t, err)
		_, err = p.DownTo(b.ctx, 2)
		require.NoError(t, err)
		_, err = p.Up(b.ctx)
		require.NoError(t, err)
		require.Len(t, b.dump()["task_plugins"], 2)
		for _, k := range []*core.Task{pinned, follower} {
			tasks, _, err := b.PluginTasks(b.ctx, k.Namespace, k.Plugin.Package, 10)
			require.NoError(t, err)
			require.Equal(t, []core.PluginTask{{TaskID: k.ID, Title: k.Title, State: k.State, Version: k.Plugin.Version}}, tasks)
		}
	})
}
