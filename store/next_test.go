package store_test

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// sets has a run set its task's next instant.
func sets(at time.Time) func(*core.Outcome) {
	return func(o *core.Outcome) { o.NextAt, o.Retryable = at, false }
}

// standing gives a task as it stands.
func (b *bundle) standing(id string) *core.Task {
	b.t.Helper()
	k, err := b.Task(b.ctx, id)
	require.NoError(b.t, err)
	return k
}

// planOn has a planner plan what is due by until, each task for its next instant alone.
func (b *bundle) planOn(until time.Time) {
	b.t.Helper()
	_, _, err := b.PlanTasks(b.ctx, until, 100, func(d store.DueTask) store.TaskPlan {
		return store.TaskPlan{Runs: store.TaskRuns(d, d.NextDue, testdb.Now(), testdb.AnyWorker), NextDue: d.NextDue.Add(time.Hour)}
	})
	require.NoError(b.t, err)
}

// daily makes a task of each kind of schedule that is next due in a day.
func daily(kind core.ScheduleKind) func(*core.Task) {
	return func(k *core.Task) {
		switch kind {
		case core.ScheduleInterval:
			k.Schedule = core.Schedule{Kind: kind, Interval: 24 * time.Hour, Start: testdb.Now().Add(-time.Hour)}
		case core.ScheduleOnce:
			k.Schedule = core.Schedule{Kind: kind, Start: testdb.Now().Add(-time.Hour)}
			return // it was due, and is due no more
		}
		k.NextDue = testdb.Now().Add(24 * time.Hour)
	}
}

func TestARunSetsTheNextInstant(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, kind := range []core.ScheduleKind{core.ScheduleCron, core.ScheduleInterval, core.ScheduleOnce} {
			for _, state := range []core.RunState{core.RunSucceeded, core.RunFailed} {
				b.sub(t, string(kind)+" "+string(state), func(t *testing.T, b *bundle) {
					k := b.task(daily(kind))
					b.plan(k, testdb.Now())
					r := b.one()
					b.plan(k, testdb.Now().Add(3*time.Second))
					at := testdb.Now().Add(time.Minute)
					require.True(t, b.end(r, state, sets(at)).Due)

					now := b.standing(k.ID)
					require.Equal(t, at, now.NextDue)
					require.Equal(t, k.Version+1, now.Version)
					require.Equal(t, core.TaskRunning, now.State)
					b.none()
					require.Equal(t, []core.RunState{state, core.RunCancelled}, b.states(store.RunFilter{TaskID: k.ID}), "what was planned is withdrawn")
					require.Contains(t, b.run(r.ID).Result.Log[0].Text, at.Format(time.RFC3339Nano))

					b.planOn(at)
					next := b.open()
					require.Equal(t, []any{at, now.Version, core.TriggerSchedule}, []any{next.Due, next.TaskVersion, next.Trigger})
				})
			}
		}
	})
}

func TestWhatARunSetsDoesNotCount(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		at := testdb.Now().Add(time.Minute)
		for name, c := range map[string]struct {
			state core.RunState
			// before happens to the task while its run is under way.
			before func(b *bundle, k *core.Task, r store.Handout)
			told   bool
		}{
			"the task was paused":                {core.RunSucceeded, func(b *bundle, k *core.Task, _ store.Handout) { b.move(k.ID, core.TaskPaused) }, true},
			"the task was stopped":               {core.RunFailed, func(b *bundle, k *core.Task, _ store.Handout) { b.move(k.ID, core.TaskStopped) }, true},
			"the task was deleted":               {core.RunSucceeded, func(b *bundle, k *core.Task, _ store.Handout) { b.move(k.ID, core.TaskDeleted) }, true},
			"the task was paused and goes on":    {core.RunSucceeded, restarted(core.TaskPaused), true},
			"the task was stopped, and is again": {core.RunSucceeded, restarted(core.TaskStopped), true},
			"the task was edited": {core.RunSucceeded, func(b *bundle, k *core.Task, _ store.Handout) {
				edited := *b.move(k.ID, core.TaskStopped)
				require.NoError(b.t, b.EditTask(b.ctx, &edited))
				b.move(k.ID, core.TaskRunning)
			}, true},
			"it timed out":       {state: core.RunTimedOut},
			"it was cancelled":   {state: core.RunCancelled},
			"it was given up":    {state: core.RunLost},
			"its report is late": {core.RunSucceeded, func(b *bundle, _ *core.Task, r store.Handout) { b.end(r, core.RunSucceeded) }, false},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(daily(core.ScheduleCron))
				b.plan(k, testdb.Now())
				r := b.one()
				if c.before != nil {
					c.before(b, k, r)
				}
				stood := b.standing(k.ID)
				require.False(t, b.report(testdb.Outcome(r.Run, c.state, sets(at))).Due)
				now := b.standing(k.ID)
				require.Equal(t, []any{stood.Version, stood.NextDue, stood.State}, []any{now.Version, now.NextDue, now.State})
				if c.told {
					require.Contains(t, b.run(r.ID).Result.Log[0].Text, "does not count")
				}
			})
		}
	})
}

func restarted(from core.TaskState) func(*bundle, *core.Task, store.Handout) {
	return func(b *bundle, k *core.Task, _ store.Handout) {
		b.move(k.ID, from)
		b.move(k.ID, core.TaskRunning, func(m *store.TaskMove) { m.NextDue = testdb.Now().Add(time.Hour) })
	}
}

func TestBoundsOfTheInstantThatARunSets(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		soon, end := testdb.Now().Add(time.Hour), testdb.Now().Add(48*time.Hour)
		for name, c := range map[string]struct {
			schedule core.Schedule
			set      time.Time
			want     time.Time // zero: none
		}{
			"finer than is stored":  {core.Schedule{}, soon.Add(999), soon},
			"before the start":      {core.Schedule{Start: end}, soon, end},
			"on the end":            {core.Schedule{End: end}, end, end},
			"after the end":         {core.Schedule{End: end}, end.Add(time.Microsecond), time.Time{}},
			"once heeds no end":     {core.Schedule{Kind: core.ScheduleOnce, Start: soon.Add(-2 * time.Hour), End: soon}, end, end},
			"beyond all years":      {core.Schedule{}, time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}},
			"beyond all measure":    {core.Schedule{}, time.UnixMicro(math.MaxInt64), time.Time{}},
			"the end of what there": {core.Schedule{}, time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC)},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(func(k *core.Task) {
					if c.schedule.Kind == "" {
						c.schedule.Kind, c.schedule.Cron = core.ScheduleCron, "0 0 0 * * ?"
					}
					k.Schedule, k.NextDue = c.schedule, soon
				})
				b.plan(k, testdb.Now(), func(r *core.Run) { r.Trigger = core.TriggerManual })
				rec := b.end(b.one(), core.RunSucceeded, sets(c.set))
				require.Equal(t, !c.want.IsZero(), rec.Due)
				require.Equal(t, c.want, b.standing(k.ID).NextDue)
			})
		}
		for name, set := range map[string]time.Time{"past": testdb.Now().Add(-time.Hour), "long past": time.UnixMicro(math.MinInt64)} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(daily(core.ScheduleCron))
				b.plan(k, testdb.Now().Add(-time.Second))
				before := b.Now().Truncate(time.Microsecond)
				b.end(b.one(), core.RunSucceeded, sets(set))
				next := b.standing(k.ID).NextDue
				require.False(t, next.Before(before), "%s lies before %s", next, before)
				require.False(t, next.After(b.Now()), "it is due at once")
			})
		}
	})
}

// An instant for which a run was sent is not sent again, whichever of several runs sets it and wherever they stand.
func TestNoInstantIsSentTwice(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ahead := testdb.Now().Add(time.Hour) // a run may have been sent early by a clock that was set back since
		for name, c := range map[string]struct {
			states []core.RunState // of the runs sent for ahead and for the instant before it, in one report
			left   bool            // the run for ahead is under way still
		}{
			"by the run itself":          {states: []core.RunState{core.RunSucceeded}},
			"by one of the same report":  {states: []core.RunState{core.RunFailed, core.RunSucceeded}},
			"by one that is under way":   {states: []core.RunState{core.RunSucceeded}, left: true},
			"and is cancelled meanwhile": {states: []core.RunState{core.RunCancelled, core.RunSucceeded}},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(overlapping)
				before := b.plan(k, ahead.Add(-time.Second), func(r *core.Run) { r.FireAt = testdb.Now() })
				last := b.plan(k, ahead, func(r *core.Run) { r.FireAt = testdb.Now() })
				given := map[string]store.Handout{}
				for _, r := range b.dispatch() {
					given[r.ID] = r
				}
				order := []string{last.ID, before.ID}
				if c.left {
					order = order[1:]
				}
				var outcomes []core.Outcome
				for i, state := range c.states {
					outcomes = append(outcomes, testdb.Outcome(given[order[i]].Run, state, sets(ahead)))
				}
				b.report(outcomes...)
				require.Equal(t, ahead.Add(time.Microsecond), b.standing(k.ID).NextDue)
			})
		}
	})
}

// What is open beside the firings that are withdrawn is done all the same, under the version in force.
func TestWhatIsOpenGoesOverToTheNewVersion(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(overlapping, retrying)
		b.plan(k, testdb.Now())
		setter := b.one()
		b.plan(k, testdb.Now())
		never := b.one()
		b.plan(k, testdb.Now().Add(-time.Second))
		failing := b.one()
		b.end(failing, core.RunFailed)
		manual, err := b.RunTask(b.ctx, k, "request", 1, testdb.AnyWorker)
		require.NoError(t, err)
		withdrawn := b.plan(k, testdb.Now().Add(time.Second))
		waiting := b.plan(k, testdb.Now().Add(-time.Minute), func(r *core.Run) { r.FireAt = testdb.Now().Add(time.Second) })

		b.end(setter, core.RunSucceeded, sets(testdb.Now().Add(time.Hour)))
		require.Equal(t, core.RunCancelled, b.run(withdrawn.ID).State)
		require.Equal(t, core.RunCancelled, b.run(waiting.ID).State, "what waits for another firing, too")
		open, err := b.OpenRuns(b.ctx)
		require.NoError(t, err)
		require.Len(t, open, 3)
		for _, r := range open {
			require.Equal(t, k.Version+1, r.TaskVersion)
		}
		require.Equal(t, core.RunPlanned, open[manual.ID].State)
		require.NoError(t, b.Return(b.ctx, held(never), testdb.AnyWorker))
		require.Equal(t, core.RunPlanned, b.run(never.ID).State, "what a worker never had is planned again")
		require.Len(t, b.dispatch(), 2, "the one returned and the one asked for")

		b.report(testdb.Outcome(b.run(manual.ID), core.RunSucceeded, sets(testdb.Now().Add(2*time.Hour))))
		require.Equal(t, k.Version+2, b.standing(k.ID).Version, "it sets the next instant anew")
	})
}

// A firing that goes to several workers is one: no shard of it takes the others away.
func TestShardsOfTheFiringGoOn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread, retrying)
		firing := func(due time.Time) []*core.Run {
			runs := store.TaskRuns(store.DueTask{TaskID: k.ID, Namespace: k.Namespace, Version: k.Version, TaskDefinition: &store.TaskDefinition{Definition: k.Definition}},
				due, testdb.Now(), testdb.AnyWorker)
			require.NoError(t, b.InsertRuns(b.ctx, runs...))
			return runs
		}
		shards := firing(testdb.Now())
		reserved := b.reserve(master)
		require.Len(t, reserved, testdb.Shards)
		first := b.give(master, worker, reserved[0])[0]
		later := firing(testdb.Now().Add(time.Second))
		b.end(first, core.RunSucceeded, sets(testdb.Now().Add(time.Hour)))
		for _, r := range shards[1:] {
			require.Equal(t, []any{core.RunPlanned, k.Version + 1}, []any{b.run(r.ID).State, b.run(r.ID).TaskVersion})
		}
		for _, r := range later {
			require.Equal(t, core.RunCancelled, b.run(r.ID).State)
		}
		rest := b.give(master, worker, reserved[1:]...)
		require.Len(t, rest, testdb.Shards-1)
		b.end(rest[0], core.RunSucceeded, sets(testdb.Now().Add(2*time.Hour)))
		at := testdb.Now().Add(3 * time.Hour)
		b.end(rest[1], core.RunSucceeded, sets(at))
		require.Equal(t, at, b.standing(k.ID).NextDue, "the one that ends last has the last word")
		require.Empty(t, b.guards())
		b.none()
	})
}

// A plan that was reckoned before is of no more use.
func TestPlanReckonedBeforeARunSetTheNextInstant(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(due(testdb.Now()))
		b.plan(k, testdb.Now().Add(-time.Second))
		r := b.one()
		at := testdb.Now().Add(time.Hour)
		_, _, err := b.PlanTasks(b.ctx, testdb.Now(), 10, func(d store.DueTask) store.TaskPlan {
			b.end(r, core.RunSucceeded, sets(at))
			return store.TaskPlan{Runs: store.TaskRuns(d, d.NextDue, testdb.Now(), testdb.AnyWorker), NextDue: d.NextDue.Add(time.Second)}
		})
		require.NoError(t, err)
		b.none()
		require.Equal(t, at, b.standing(k.ID).NextDue)
	})
}

// Two masters plan, send and record the runs of tasks whose every run sets the next instant: none is sent twice.
func TestNextInstantsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const rounds = 10
		for range 3 {
			a.task(overlapping, due(testdb.Now()))
		}
		var left atomic.Int64
		left.Store(2 * rounds)
		race(a, b, func(x *bundle, name string) bool {
			_, _, err := x.PlanTasks(x.ctx, x.soon(), 10, func(d store.DueTask) store.TaskPlan {
				plan := store.TaskPlan{NextDue: d.NextDue}
				for range 3 {
					plan.Runs = append(plan.Runs, store.TaskRuns(d, plan.NextDue, testdb.Now(), testdb.AnyWorker)...)
					plan.NextDue = plan.NextDue.Add(time.Millisecond)
				}
				return plan
			})
			require.NoError(t, err)
			for _, r := range x.give(name, worker, x.reserve(name)...) {
				x.report(testdb.Outcome(r.Run, core.RunSucceeded, sets(r.Due)))
			}
			return left.Add(-1) > 0
		})
		sent := map[string]bool{}
		for _, r := range a.list(store.RunFilter{State: core.RunSucceeded}) {
			instant := r.TaskID + r.Due.String()
			require.False(t, sent[instant], "%s was sent twice", instant)
			sent[instant] = true
		}
		require.NotEmpty(t, sent)
	})
}
