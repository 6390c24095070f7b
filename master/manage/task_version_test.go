package manage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestRestoreAVersion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(false, func(t *core.Task) {
		t.Title, t.Labels, t.Callback.Secret = "first", []string{"a"}, "hidden"
	})
	_, err := b.Tasks.Edit(b.ctx, b.admin, httpTask(func(t *core.Task) { t.ID, t.Title, t.Keepers = id, "second", []int64{42} }))
	require.NoError(t, err)
	require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))

	_, _, err = b.Tasks.Restore(b.ctx, b.admin, id, 1)
	requireError(t, err, core.CodeConflict, "", "only a stopped task can be edited")
	require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
	for _, none := range []int64{0, -1, 4} {
		_, _, err = b.Tasks.Restore(b.ctx, b.admin, id, none)
		requireError(t, err, core.CodeNotFound, "", "there is no version")
	}
	then, err := b.Tasks.Version(b.ctx, id, 3) // which the start made
	require.NoError(t, err)
	require.Equal(t, "second", then.Title)

	restored, unknown, err := b.Tasks.Restore(b.ctx, b.admin, id, 1)
	require.NoError(t, err)
	require.Empty(t, unknown)
	require.Equal(t, int64(4), restored.Version)
	now := b.task(id)
	require.Equal(t, "first", now.Title)
	require.Equal(t, "hidden", now.Callback.Secret)
	require.Equal(t, []string{"a"}, now.Labels)
	_, unknown, err = b.Tasks.Restore(b.ctx, b.admin, id, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{42}, unknown)

	versions, err := b.Tasks.Versions(b.ctx, id, 0, 10)
	require.NoError(t, err)
	require.Len(t, versions, 4)
	require.Contains(t, versions[2].Changes, core.FieldChange{Field: "title", Before: "first", After: "second"})
	require.Contains(t, versions[2].Changes, core.FieldChange{Field: "callback.secret", Before: core.Masked})
	require.Equal(t, versions[0].Changes, versions[2].Changes)
	require.Contains(t, versions[3].Changes, core.FieldChange{Field: "title", After: "first"}, "the first says all")
	some, err := b.Tasks.Versions(b.ctx, id, 4, 1)
	require.NoError(t, err)
	require.Equal(t, int64(2), some[0].Version, "before a version")
	require.Equal(t, versions[2].Changes, some[0].Changes, "compared with one that is not on the page")
}

func TestFamily(t *testing.T) {
	t.Parallel()
	b := setup(t)
	titled := func(title string, children ...string) string {
		return b.create(false, func(t *core.Task) { t.Title, t.Children = title, children })
	}
	last := titled("last")
	gone := titled("gone")
	child := titled("child", last, gone)
	self := titled("self", child)
	parent := titled("parent", self)
	require.NoError(t, b.Tasks.Delete(b.ctx, b.admin, gone))
	// A circle that no edit makes, but a database may hold.
	k := b.task(last)
	k.Children = []string{self}
	require.NoError(t, b.store.EditTask(b.ctx, k))

	f, err := b.Tasks.Family(b.ctx, self)
	require.NoError(t, err)
	require.False(t, f.More)
	var titles []string
	generations := map[string]int{}
	for _, m := range f.Members {
		titles = append(titles, m.Title)
		generations[m.Title] = m.Generation
	}
	require.Equal(t, []string{"parent", "self", "child", "last"}, titles)
	require.Equal(t, map[string]int{"parent": -1, "self": 0, "child": 1, "last": 2}, generations)
	require.ElementsMatch(t, [][2]string{{parent, self}, {self, child}, {child, last}, {last, self}}, f.Links)

	alone, err := b.Tasks.Family(b.ctx, gone)
	require.NoError(t, err)
	require.Len(t, alone.Members, 5, "a deleted task still shows what it hung on")
}

func TestFamilyIsBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := b.create(false, nil)
	for range familyDepth + 2 {
		below := at
		at = b.create(false, func(t *core.Task) { t.Children = []string{below} })
	}
	f, err := b.Tasks.Family(b.ctx, at)
	require.NoError(t, err)
	require.True(t, f.More)
	require.Len(t, f.Members, familyDepth+1)
}

func TestRunWithOverrides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(true, nil)
	body := `{"day":"today"}`
	run, err := b.Tasks.RunWith(b.ctx, b.admin, id, core.Overrides{Body: &body})
	require.NoError(t, err)
	given, err := b.store.Overrides(b.ctx, run)
	require.NoError(t, err)
	require.Equal(t, body, *given.Body)

	wrong := "\xff"
	_, err = b.Tasks.RunWith(b.ctx, b.admin, id, core.Overrides{Body: &wrong})
	requireError(t, err, core.CodeMalformed, "callback.body", "is not valid UTF-8")
	_, err = b.Tasks.RunWith(b.ctx, b.admin, id, core.Overrides{Params: []core.Param{{Key: "a"}}})
	requireError(t, err, core.CodeRule, "params", "give body")
}

func TestComingInstants(t *testing.T) {
	t.Parallel()
	b := setup(t)
	task := b.task(b.create(false, func(t *core.Task) { t.Schedule.Zone = "Europe/Berlin" }))
	require.Empty(t, b.Tasks.Next(task, 3))
	require.Len(t, b.Tasks.Coming(task, 3), 3, "as if it were in force")
	require.Equal(t, core.TaskStopped, task.State)
	require.Equal(t, "Europe/Berlin", b.Tasks.ZoneOf(task).String())
	task.Schedule.Zone = ""
	require.Equal(t, "UTC", b.Tasks.ZoneOf(task).String())
	task.State = core.TaskDeleted
	require.Empty(t, b.Tasks.Coming(task, 3))
}
