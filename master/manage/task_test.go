package manage

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestCreateStopped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before := time.Now().Add(-time.Millisecond)
	id := b.create(false, func(t *core.Task) {
		t.ID, t.Version, t.State, t.CreatedBy = "mine", 9, core.TaskRunning, 99 // not the caller's to say
	})
	require.NotEqual(t, "mine", id)
	got := b.task(id)
	require.Equal(t, core.TaskStopped, got.State)
	require.Equal(t, int64(1), got.Version)
	require.Equal(t, core.DefaultNamespace, got.Namespace)
	require.Equal(t, int64(7), got.CreatedBy)
	require.Equal(t, "ada", got.CreatedByName)
	require.WithinRange(t, got.CreatedAt, before, time.Now())
	require.Equal(t, got.CreatedAt, got.UpdatedAt)
	require.Zero(t, got.NextDue)
	require.Empty(t, b.open(id))
	require.Empty(t, b.wakes())
}

func TestCreateStartedPlansWithinTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(true, func(t *core.Task) { t.Schedule.Cron = "* * * * * ?" })
	got := b.task(id)
	require.Equal(t, core.TaskRunning, got.State)
	require.Equal(t, int64(1), got.Version)

	runs := b.open(id) // from the latest
	require.Len(t, runs, 15)
	for i, r := range runs {
		require.Equal(t, got.NextDue.Add(-time.Duration(i+1)*time.Second), r.Due, "an instant was left out")
		require.Equal(t, core.TriggerSchedule, r.Trigger)
		require.Equal(t, int64(1), r.TaskVersion)
		require.Equal(t, core.RunID(r.Due, core.ScheduleKey(id, 1, r.Due)), r.ID)
		require.Equal(t, core.QueueDefault, r.Queue)
	}
	first := runs[len(runs)-1].Due
	require.True(t, first.After(got.CreatedAt))
	require.Equal(t, []time.Time{first}, b.wakes())
	// The planner, which comes next, has nothing left to do within the same horizon.
	n, _, err := b.store.PlanTasks(b.ctx, got.CreatedAt.Add(core.PlanHorizon), 10, func(store.DueTask) store.TaskPlan {
		panic("planned twice")
	})
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestCreateStartedPlansNoMoreThanItsCap(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Horizon = time.Hour })
	id := b.create(true, func(t *core.Task) { t.Schedule.Cron = "* * * * * ?" })
	runs := b.open(id)
	require.Len(t, runs, maxAhead)
	require.Equal(t, runs[0].Due.Add(time.Second), b.task(id).NextDue)
}

func TestCreateStartedBeyondTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start := time.Now().Add(48 * time.Hour)
	id := b.create(true, func(t *core.Task) {
		t.Schedule = core.Schedule{Kind: core.ScheduleInterval, Interval: time.Minute, Start: start}
	})
	require.Empty(t, b.open(id))
	require.Equal(t, wholeMicros(start), b.task(id).NextDue)
	require.Empty(t, b.wakes())
}

func TestCreateStartedOnceInThePastIsDueAtItsStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start := time.Now().Add(-48 * time.Hour)
	id := b.create(true, func(t *core.Task) {
		t.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: start, End: start.Add(-time.Hour)}
	})
	runs := b.open(id)
	require.Len(t, runs, 1)
	require.Equal(t, wholeMicros(start), runs[0].Due)
	require.Zero(t, b.task(id).NextDue)
	require.Equal(t, []time.Time{wholeMicros(start)}, b.wakes())
}

func TestCreateWhoseStartIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		change func(*core.Task)
		code   core.Code
		says   string
	}{
		"end passed": {func(t *core.Task) { t.Schedule.End = time.Now().Add(-time.Hour) }, core.CodeRule, "schedule.end: has passed"},
		"plugin": {func(t *core.Task) {
			t.Kind, t.Callback, t.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: "billing", Task: "Close"}
		}, core.CodeConflict, `plugin package "billing" has not been uploaded`},
	} {
		t.Run(name, func(t *testing.T) {
			task := httpTask(c.change)
			task.Keepers = []int64{42}
			unknown, err := b.Tasks.Create(b.ctx, b.admin, task, true)
			var refused *StartError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.code, core.CodeOf(refused.Err))
			require.EqualError(t, refused.Err, c.says)
			require.Equal(t, c.code, core.CodeOf(err), "the reason can be found through the wrapping")
			require.Equal(t, []int64{42}, unknown)
			require.Equal(t, core.TaskStopped, b.task(task.ID).State)
			require.Empty(t, b.open(task.ID))
		})
	}
}

func TestCreateOnAFailingDatabaseIsNoStartError(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.store.Close())
	_, err := b.Tasks.Create(b.ctx, b.admin, httpTask(nil), true)
	var failure *store.Failure
	require.ErrorAs(t, err, &failure)
	var refused *StartError
	require.False(t, errors.As(err, &refused))
	require.Empty(t, b.wakes())
}

func TestEdit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(false, nil)
	created := b.task(id)

	edit := httpTask(func(t *core.Task) {
		t.ID, t.Title, t.Namespace, t.CreatedBy, t.State = id, "receipts", "elsewhere", 99, core.TaskRunning
		t.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: time.Now().Add(time.Hour)}
	})
	unknown, err := b.Tasks.Edit(b.ctx, &core.User{ID: 8, Name: "bob"}, edit)
	require.NoError(t, err)
	require.Empty(t, unknown)
	got := b.task(id)
	require.Equal(t, "receipts", got.Title)
	require.Equal(t, core.ScheduleOnce, got.Schedule.Kind)
	require.Equal(t, int64(2), got.Version)
	require.Equal(t, int64(2), edit.Version)
	require.Equal(t, core.TaskStopped, got.State)
	require.Equal(t, core.DefaultNamespace, got.Namespace)
	require.Equal(t, int64(7), got.CreatedBy)
	require.Equal(t, "ada", got.CreatedByName)
	require.Equal(t, created.CreatedAt, got.CreatedAt)
	require.True(t, got.UpdatedAt.After(created.UpdatedAt))
}

func TestEditRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	running := b.create(true, nil)
	stopped := b.create(false, nil)
	edit := func(change func(*core.Task)) error {
		_, err := b.Tasks.Edit(b.ctx, b.admin, httpTask(change))
		return err
	}
	requireError(t, edit(func(t *core.Task) { t.ID = running }), core.CodeConflict, "", "the task is running: only a stopped task can be edited")
	requireError(t, edit(func(t *core.Task) { t.ID = "none" }), core.CodeNotFound, "", "there is no task none")
	requireError(t, edit(func(t *core.Task) { t.ID, t.Title = stopped, "" }), core.CodeRule, "title", "is required")
	requireError(t, edit(func(t *core.Task) { t.ID, t.Schedule.Cron = stopped, "0 0 0 30 2 ?" }), core.CodeRule, "schedule.cron", "names no instant")

	require.NoError(t, edit(func(t *core.Task) { t.ID, t.Version = stopped, 1 }))
	requireError(t, edit(func(t *core.Task) { t.ID, t.Version = stopped, 1 }), core.CodeConflict, "", "changed by somebody else")
	require.Equal(t, int64(2), b.task(stopped).Version)
}

func TestListAndCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.create(false, nil), b.create(true, nil)
	gone := b.create(false, nil)
	require.NoError(t, b.Tasks.Delete(b.ctx, b.admin, gone))

	tasks, err := b.Tasks.List(b.ctx, store.TaskFilter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, tasks, 2)
	require.ElementsMatch(t, []string{first, second}, []string{tasks[0].ID, tasks[1].ID})
	n, err := b.Tasks.Count(b.ctx, store.TaskFilter{State: core.TaskRunning})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, core.TaskDeleted, b.task(gone).State)
}

func TestNextInstants(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(true, nil)
	task := b.task(id)
	dues := b.Tasks.Next(task, 3)
	require.Equal(t, []time.Time{task.NextDue, task.NextDue.AddDate(0, 0, 1), task.NextDue.AddDate(0, 0, 2)}, dues)

	task.Schedule.End = task.NextDue
	require.Len(t, b.Tasks.Next(task, 3), 1)
	task.Schedule.Cron = "what"
	require.Empty(t, b.Tasks.Next(task, 3))
	for _, state := range []core.TaskState{core.TaskStopped, core.TaskPaused, core.TaskDeleted} {
		task.State = state
		require.Empty(t, b.Tasks.Next(task, 3))
	}
}
