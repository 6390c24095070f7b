package manage

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Every move from every state: the ones allowed, where they lead, and what the others are answered with.
func TestMoves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reach := map[core.TaskState]func(id string) error{
		core.TaskStopped: func(id string) error { return nil },
		core.TaskRunning: func(id string) error { return b.Tasks.Start(b.ctx, b.admin, id) },
		core.TaskPaused: func(id string) error {
			if err := b.Tasks.Start(b.ctx, b.admin, id); err != nil {
				return err
			}
			return b.Tasks.Pause(b.ctx, b.admin, id)
		},
		core.TaskDeleted: func(id string) error { return b.Tasks.Delete(b.ctx, b.admin, id) },
	}
	for name, m := range map[string]struct {
		move   func(id string) error
		from   map[core.TaskState]core.TaskState
		raises bool
		says   string
	}{
		"start": {func(id string) error { return b.Tasks.Start(b.ctx, b.admin, id) },
			map[core.TaskState]core.TaskState{core.TaskStopped: core.TaskRunning}, true, "only a stopped task can be started"},
		"pause": {func(id string) error { return b.Tasks.Pause(b.ctx, b.admin, id) },
			map[core.TaskState]core.TaskState{core.TaskRunning: core.TaskPaused}, false, "only a running task can be paused"},
		"resume": {func(id string) error { return b.Tasks.Resume(b.ctx, b.admin, id) },
			map[core.TaskState]core.TaskState{core.TaskPaused: core.TaskRunning}, true, "only a paused task can be resumed"},
		"stop": {func(id string) error { return b.Tasks.Stop(b.ctx, b.admin, id) },
			map[core.TaskState]core.TaskState{core.TaskRunning: core.TaskStopped, core.TaskPaused: core.TaskStopped}, false, "only a running or paused task can be stopped"},
		"delete": {func(id string) error { return b.Tasks.Delete(b.ctx, b.admin, id) },
			map[core.TaskState]core.TaskState{core.TaskStopped: core.TaskDeleted, core.TaskRunning: core.TaskDeleted, core.TaskPaused: core.TaskDeleted}, false, "deleted"},
		"run once": {func(id string) error { _, err := b.Tasks.RunOnce(b.ctx, b.admin, id); return err },
			map[core.TaskState]core.TaskState{core.TaskRunning: core.TaskRunning}, false, "only a running task can be run once"},
	} {
		t.Run(name, func(t *testing.T) {
			for state, set := range reach {
				id := b.create(false, nil)
				require.NoError(t, set(id))
				before := b.task(id)
				require.Equal(t, state, before.State)
				err := m.move(id)
				after := b.task(id)
				to, allowed := m.from[state]
				if !allowed {
					requireError(t, err, core.CodeConflict, "", m.says)
					require.ErrorContains(t, err, string(state))
					require.Equal(t, before, after)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, to, after.State)
				require.Equal(t, to == core.TaskRunning, !after.NextDue.IsZero())
				require.Equal(t, m.raises, after.Version == before.Version+1)
				if !m.raises {
					require.Equal(t, before.Version, after.Version)
				}
			}
			require.Equal(t, core.CodeNotFound, core.CodeOf(m.move("none")))
		})
	}
}

func TestStartRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ended := b.create(false, func(t *core.Task) { t.Schedule.End = time.Now().Add(-time.Minute) })
	requireError(t, b.Tasks.Start(b.ctx, b.admin, ended), core.CodeRule, "schedule.end", "has passed")
	plugin := b.create(false, func(t *core.Task) {
		t.Kind, t.Callback, t.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: "billing", Task: "Close"}
	})
	requireError(t, b.Tasks.Start(b.ctx, b.admin, plugin), core.CodeConflict, "", `plugin package "billing" has not been uploaded`)
	for _, id := range []string{ended, plugin} {
		require.Equal(t, core.TaskStopped, b.task(id).State)
		require.Equal(t, int64(1), b.task(id).Version)
	}
}

func TestStartPlansUnderTheNewVersion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	id := b.create(false, func(t *core.Task) { t.Schedule.Cron, t.Executors = "* * * * * ?", []string{"w1"} })
	require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
	runs := b.open(id)
	require.NotEmpty(t, runs)
	for _, r := range runs {
		require.Equal(t, int64(2), r.TaskVersion)
		require.Equal(t, "node:w1", r.Queue)
		require.Equal(t, core.RunID(r.Due, core.ScheduleKey(id, 2, r.Due)), r.ID)
	}
	require.Equal(t, []time.Time{runs[len(runs)-1].Due}, b.wakes())
	def, err := b.store.Definition(b.ctx, id, 2)
	require.NoError(t, err)
	require.NotNil(t, def, "the runs' definition can be found under the version they carry")
}

func TestStartGoesOnAfterTheLastSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	id := b.create(true, func(t *core.Task) { t.Schedule.Cron, t.Overlap = "* * * * * ?", core.OverlapAllow })
	// A master whose clock runs ahead has sent the runs of the whole horizon.
	var last time.Time
	sent := b.dispatch(time.Now().Add(time.Minute))
	require.Len(t, sent, 15)
	for _, h := range sent {
		b.end(h, core.RunSucceeded)
		if h.Due.After(last) {
			last = h.Due
		}
	}
	require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
	require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
	for _, r := range b.open(id) {
		require.True(t, r.Due.After(last), "%s was sent before", r.Due)
	}

	require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
	require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
	for _, r := range b.open(id) {
		require.True(t, r.Due.After(last), "%s was sent before", r.Due)
	}
}

func TestOnceFiresOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	start := wholeMicros(time.Now().Add(-time.Hour))
	id := b.create(true, func(t *core.Task) {
		t.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: start, End: start.Add(-time.Hour)}
	})
	again := func() { // stopped and started before it was sent, it is due still
		require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
		require.Empty(t, b.open(id))
		require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
	}
	again()
	runs := b.open(id)
	require.Len(t, runs, 1)
	require.Equal(t, start, runs[0].Due)

	sent := b.dispatch(time.Now())
	require.Len(t, sent, 1)
	again() // while its run is under way
	require.Empty(t, b.open(id))
	b.end(sent[0], core.RunFailed)
	again() // and after
	require.Empty(t, b.open(id))
	require.Equal(t, core.TaskRunning, b.task(id).State)
	require.Zero(t, b.task(id).NextDue)
}

func TestWithdrawnRunsAreRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		move   func(id string) error
		reason string
	}{
		"pause":  {func(id string) error { return b.Tasks.Pause(b.ctx, b.admin, id) }, "the task was paused by ada"},
		"stop":   {func(id string) error { return b.Tasks.Stop(b.ctx, b.admin, id) }, "the task was stopped by ada"},
		"delete": {func(id string) error { return b.Tasks.Delete(b.ctx, b.admin, id) }, "the task was deleted by ada"},
	} {
		t.Run(name, func(t *testing.T) {
			id := b.create(true, func(t *core.Task) { t.Schedule.Cron = "* * * * * ?" })
			planned := b.open(id)
			require.NotEmpty(t, planned)
			require.NoError(t, c.move(id))
			require.Empty(t, b.open(id))
			cancelled := b.runs(id, core.RunCancelled)
			require.Len(t, cancelled, len(planned))
			require.Equal(t, c.reason, cancelled[0].Result.Reason)
		})
	}
}

func TestResumeMakesNothingUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(true, func(t *core.Task) {
		t.Schedule = core.Schedule{Kind: core.ScheduleInterval, Interval: time.Second, Start: time.Now().Add(-time.Hour)}
	})
	require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
	before := time.Now()
	require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
	runs := b.open(id)
	require.Len(t, runs, 15)
	require.True(t, runs[len(runs)-1].Due.After(before))
	require.Equal(t, int64(2), runs[0].TaskVersion)
}

func TestRunOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(true, nil)
	require.Empty(t, b.wakes())
	first, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	second, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
	require.Equal(t, []time.Time{first.FireAt, second.FireAt}, b.wakes())
	got, err := b.Runs.Get(b.ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, core.TriggerManual, got.Trigger)
	require.Equal(t, int64(7), got.RequestedBy)
	require.Equal(t, core.RunPlanned, got.State)
}

func TestOneOfManyStartsWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(false, func(t *core.Task) { t.Schedule.Cron = "* * * * * ?" })
	errs := make([]error, 8)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = b.Tasks.Start(b.ctx, b.admin, id) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.Equal(t, core.CodeConflict, core.CodeOf(err))
	}
	require.Equal(t, 1, won)
	require.Equal(t, int64(2), b.task(id).Version)
	for _, r := range b.open(id) {
		require.Equal(t, int64(2), r.TaskVersion)
	}
}

// The hooks that a move calls between its look at the task and its write let another move in.
func TestLostRaces(t *testing.T) {
	t.Parallel()
	var b *bundle
	var between func()
	hook := func() {
		if run := between; run != nil {
			between = nil
			run()
		}
	}
	b = setup(t, func(o *Options) {
		o.Route = func(d core.Destination) []string { hook(); return route(d) }
		id := 0
		o.NewID = func() string { hook(); id++; return string(rune('a' + id)) }
	})
	secondly := func(t *core.Task) { t.Schedule.Cron = "* * * * * ?" }

	started := b.create(false, secondly)
	between = func() {
		require.NoError(t, b.store.MoveTask(b.ctx, store.TaskMove{TaskID: started, From: []core.TaskState{core.TaskStopped}, Version: 1, To: core.TaskDeleted}))
	}
	requireError(t, b.Tasks.Start(b.ctx, b.admin, started), core.CodeConflict, "", "changed by somebody else")
	require.Equal(t, core.TaskDeleted, b.task(started).State)
	require.Empty(t, b.open(started))
	require.Empty(t, b.wakes())

	fired := b.create(true, nil)
	between = func() { require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, fired)) }
	_, err := b.Tasks.RunOnce(b.ctx, b.admin, fired)
	requireError(t, err, core.CodeConflict, "", "changed by somebody else")
	require.Empty(t, b.open(fired))
}
