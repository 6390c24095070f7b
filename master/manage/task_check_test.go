package manage

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestCreateRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	deleted := b.create(false, nil)
	require.NoError(t, b.Tasks.Delete(b.ctx, b.admin, deleted))
	require.NoError(t, b.store.Register(b.ctx, &core.Node{Kind: core.NodeMaster, Name: "m1", Incarnation: "i-m1"}, "", core.Lease))

	for name, c := range map[string]struct {
		change func(*core.Task)
		code   core.Code
		field  string
		says   string
	}{
		"title":          {func(t *core.Task) { t.Title = "" }, core.CodeRule, "title", "is required"},
		"cron":           {func(t *core.Task) { t.Schedule.Cron = "0 0 25 * * ?" }, core.CodeMalformed, "schedule.cron", `hour is "25", want`},
		"cron over":      {func(t *core.Task) { t.Schedule.Cron = "0 0 0 1 1 ? 2020" }, core.CodeRule, "schedule.cron", "names no instant"},
		"zone":           {func(t *core.Task) { t.Schedule.Zone = "Europe/Nowhere" }, core.CodeMalformed, "schedule.zone", "not a time zone"},
		"no such child":  {func(t *core.Task) { t.Children = []string{"none"} }, core.CodeRule, "children", `there is no task "none"`},
		"deleted child":  {func(t *core.Task) { t.Children = []string{deleted} }, core.CodeRule, "children", deleted + " has been deleted"},
		"no such worker": {func(t *core.Task) { t.Executors = []string{"w1", "w2"} }, core.CodeRule, "executors", `there is no worker named "w2"`},
		"a master":       {func(t *core.Task) { t.Executors = []string{"m1"} }, core.CodeRule, "executors", `there is no worker named "m1"`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []bool{false, true} {
				_, err := b.Tasks.Create(b.ctx, b.admin, httpTask(c.change), start)
				requireError(t, err, c.code, c.field, c.says)
				var refused *StartError
				require.NotErrorAs(t, err, &refused)
			}
		})
	}
	n, err := b.Tasks.Count(b.ctx, store.TaskFilter{})
	require.NoError(t, err)
	require.Zero(t, n, "a refused create left something behind")
}

func TestListsAreStoredOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	require.NoError(t, b.store.CreateUser(b.ctx, &core.User{Name: "keeper", Role: core.RoleViewer}))
	child := b.create(false, nil)
	task := httpTask(func(t *core.Task) {
		t.Children, t.Executors, t.Keepers = []string{child, child}, []string{"w1", "w1"}, []int64{5, 1, 5, 3}
	})
	unknown, err := b.Tasks.Create(b.ctx, b.admin, task, true)
	require.NoError(t, err)
	require.Equal(t, []int64{5, 3}, unknown)
	got := b.task(task.ID)
	require.Equal(t, []string{child}, got.Children)
	require.Equal(t, []string{"w1"}, got.Executors)
	require.Equal(t, []int64{5, 1, 3}, got.Keepers, "unknown keepers are kept")
}

func TestAWorkerIsKnownAsSoonAsItJoins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	task := httpTask(func(t *core.Task) { t.Executors = []string{"w1"} })
	_, err := b.Tasks.Create(b.ctx, b.admin, task, false)
	require.Error(t, err)
	b.join("w1")
	_, err = b.Tasks.Create(b.ctx, b.admin, task, false)
	require.NoError(t, err)
}

func TestCycles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// a → b → c, and d beside them.
	c := b.create(false, nil)
	bb := b.create(false, func(t *core.Task) { t.Children = []string{c} })
	a := b.create(false, func(t *core.Task) { t.Children = []string{bb} })
	d := b.create(false, nil)
	edit := func(id string, children ...string) error {
		_, err := b.Tasks.Edit(b.ctx, b.admin, httpTask(func(t *core.Task) { t.ID, t.Children = id, children }))
		return err
	}
	requireError(t, edit(c, c), core.CodeRule, "children", "task "+c+" leads back to this task")
	requireError(t, edit(c, d, bb), core.CodeRule, "children", "task "+bb+" leads back to this task")
	requireError(t, edit(c, a), core.CodeRule, "children", "task "+a+" leads back to this task")
	require.NoError(t, edit(c, d))
	require.NoError(t, edit(a, bb, c, d), "a task reached twice is no cycle")
	requireError(t, edit(d, a), core.CodeRule, "children", "leads back")

	// A way through a deleted task is closed for ever.
	require.NoError(t, edit(a, bb))
	require.NoError(t, b.Tasks.Delete(b.ctx, b.admin, bb))
	require.NoError(t, edit(d, a))
}

func TestTwoEditsCannotCloseACycle(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := []string{b.create(false, nil), b.create(false, nil), b.create(false, nil)}
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			_, errs[i] = b.Tasks.Edit(b.ctx, b.admin, httpTask(func(t *core.Task) {
				t.ID, t.Children = id, []string{ids[(i+1)%len(ids)]}
			}))
		})
	}
	wg.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil {
			requireError(t, err, core.CodeRule, "children", "leads back")
			refused++
		}
	}
	require.Equal(t, 1, refused, fmt.Sprint(errs))
}
