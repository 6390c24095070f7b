package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// What a task said is kept with every edit, by who said it, and with the creation.
func TestTaskVersions(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var k core.Task
		fill.Value(t, &k)
		k.State = core.TaskStopped
		require.NoError(t, b.CreateTask(b.ctx, &k, nil))
		edited := k
		fill.Value(t, &edited.Definition)
		edited.Title, edited.UpdatedAt = "edited", k.UpdatedAt.Add(time.Hour)
		require.NoError(t, b.EditTask(core.WithAuthor(b.ctx, core.Author{UserName: "ada"}), &edited))
		b.move(k.ID, core.TaskRunning, func(m *store.TaskMove) { m.Raise = true })

		versions, err := b.TaskVersions(b.ctx, k.ID, 0, 10)
		require.NoError(t, err)
		require.Len(t, versions, 2, "a start says nothing new")
		fill.Same(t, &store.TaskVersion{
			Version: k.Version + 1, At: edited.UpdatedAt, By: "ada", Kind: k.Kind, Title: "edited", Remark: k.Remark, Definition: edited.Definition,
		}, &versions[0])
		fill.Same(t, &store.TaskVersion{Version: k.Version, At: k.CreatedAt, Kind: k.Kind, Title: k.Title, Remark: k.Remark, Definition: k.Definition}, &versions[1])

		versions, err = b.TaskVersions(b.ctx, k.ID, k.Version+1, 10)
		require.NoError(t, err)
		require.Len(t, versions, 1)
		require.Equal(t, k.Title, versions[0].Title)
	})
}

func TestOldTaskVersionsMakeRoom(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	k := b.task(stopped)
	for range 205 {
		require.NoError(t, b.EditTask(b.ctx, k))
		k.Version++
	}
	versions, err := b.TaskVersions(b.ctx, k.ID, 0, 1000)
	require.NoError(t, err)
	require.Len(t, versions, 200)
	require.Equal(t, k.Version, versions[0].Version)
}

func TestTaskRelatives(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		child := b.task(titled("child"), func(k *core.Task) { k.State = core.TaskPaused })
		one := b.task(titled("one"), func(k *core.Task) { k.Children = []string{child.ID} })
		two := b.task(titled("two"), func(k *core.Task) { k.Children = []string{child.ID} })
		parents, err := b.Parents(b.ctx, []string{child.ID, one.ID})
		require.NoError(t, err)
		require.Len(t, parents, 1)
		require.ElementsMatch(t, []string{one.ID, two.ID}, parents[child.ID])

		b.plan(one, testdb.Now())
		b.end(b.one(), core.RunFailed)
		heads, err := b.TaskHeads(b.ctx, []string{child.ID, one.ID, "nothing"})
		require.NoError(t, err)
		require.Equal(t, map[string]store.TaskHead{
			child.ID: {ID: child.ID, Title: "child", State: core.TaskPaused}, one.ID: {ID: one.ID, Title: "one", State: core.TaskRunning, Outcome: core.RunFailed},
		}, heads)
	})
}
