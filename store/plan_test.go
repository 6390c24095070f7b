package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// due gives a task a next due instant.
func due(at time.Time) func(*core.Task) { return func(k *core.Task) { k.NextDue = at } }

// everySecond plans the runs of the seconds from a task's next due instant to until.
func everySecond(until time.Time) func(store.DueTask) store.TaskPlan {
	return func(d store.DueTask) store.TaskPlan {
		var p store.TaskPlan
		at := d.NextDue
		for ; !at.After(until); at = at.Add(time.Second) {
			p.Runs = append(p.Runs, store.TaskRuns(d, at, testdb.Now(), testdb.AnyWorker)...)
		}
		p.NextDue = at
		return p
	}
}

func TestPlanTasks(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(time.Minute).Truncate(time.Second)
		second := b.task(due(base.Add(time.Second)), func(k *core.Task) { k.Executors = []string{"w2"} })
		first := b.task(due(base))
		b.task(due(base.Add(time.Hour)))
		b.task() // nothing due

		n, _, err := b.PlanTasks(b.ctx, base.Add(-1), 10, nil)
		require.NoError(t, err)
		require.Zero(t, n)

		var seen []string
		n, earliest, err := b.PlanTasks(b.ctx, base.Add(2*time.Second), 10, func(d store.DueTask) store.TaskPlan {
			seen = append(seen, d.TaskID)
			require.Equal(t, core.DefaultNamespace, d.Namespace)
			require.EqualValues(t, 1, d.Version)
			require.Equal(t, "* * * * * ?", d.Schedule.Cron)
			return everySecond(base.Add(2 * time.Second))(d)
		})
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.True(t, earliest.Equal(base))
		require.Equal(t, []string{first.ID, second.ID}, seen, "the earliest first")
		require.Len(t, b.list(store.RunFilter{TaskID: first.ID}), 3)
		runs := b.list(store.RunFilter{TaskID: second.ID})
		require.Len(t, runs, 2)
		for i, r := range runs {
			at := base.Add(time.Duration(i+1) * time.Second)
			require.Equal(t, core.RunID(at, core.ScheduleKey(second.ID, 1, at)), r.ID)
			require.Equal(t, core.TriggerSchedule, r.Trigger)
			require.Equal(t, core.RunPlanned, r.State)
			require.Equal(t, "node:w2", r.Queue)
			require.EqualValues(t, 1, r.TaskVersion)
			require.True(t, r.Due.Equal(at))
		}
		k, err := b.Task(b.ctx, second.ID)
		require.NoError(t, err)
		require.True(t, k.NextDue.Equal(base.Add(3*time.Second)))

		n, _, err = b.PlanTasks(b.ctx, base.Add(2*time.Second), 10, nil)
		require.NoError(t, err)
		require.Zero(t, n, "what is planned is not planned again")
	})
}

func TestPlanTasksKeepsToItsLimit(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		for range 5 {
			b.task(due(base))
		}
		var counts []int
		for range 3 {
			n, _, err := b.PlanTasks(b.ctx, base, 2, everySecond(base))
			require.NoError(t, err)
			counts = append(counts, n)
		}
		require.Equal(t, []int{2, 2, 1}, counts)
	})
}

func TestMissedFiringsAreOnRecord(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(-time.Hour)
		k := b.task(due(base))
		last := base.Add(41 * time.Second)
		_, _, err := b.PlanTasks(b.ctx, base, 10, func(d store.DueTask) store.TaskPlan {
			return store.TaskPlan{Missed: store.MissedRun(d, base, last, 42, testdb.Now(), "nothing was running"), NextDue: base.Add(2 * time.Hour)}
		})
		require.NoError(t, err)
		b.none()
		runs := b.list(store.RunFilter{TaskID: k.ID})
		require.Len(t, runs, 1)
		missed := b.run(runs[0].ID)
		require.Equal(t, core.RunMissed, missed.State)
		require.Equal(t, 42, missed.Count)
		require.True(t, missed.FirstDue.Equal(base))
		require.True(t, missed.LastDue.Equal(last))
		require.Equal(t, "nothing was running", missed.Result.Reason)
		counts, err := b.HourlyCounts(b.ctx, core.DefaultNamespace, testdb.Now().Add(-24*time.Hour))
		require.NoError(t, err)
		require.Len(t, counts, 1)
		require.EqualValues(t, 42, counts[0].Runs, "each firing counts")
		sent, err := b.LastDue(b.ctx, k.ID)
		require.NoError(t, err)
		require.True(t, sent.Equal(last), "a schedule goes on after what it missed")
	})
}

func TestTaskWithAProblemIsSetAside(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		bad, good := b.task(due(base)), b.task(due(base))
		plan := func(d store.DueTask) store.TaskPlan {
			if d.TaskID == bad.ID {
				return store.TaskPlan{Problem: "its zone is unknown"}
			}
			return everySecond(base)(d)
		}
		n, _, err := b.PlanTasks(b.ctx, base, 10, plan)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, good.ID, b.open().TaskID)
		problem, err := b.Problem(b.ctx, bad.ID)
		require.NoError(t, err)
		require.Equal(t, "its zone is unknown", problem)
		n, _, err = b.PlanTasks(b.ctx, base.Add(time.Hour), 10, func(d store.DueTask) store.TaskPlan {
			require.Equal(t, good.ID, d.TaskID)
			return store.TaskPlan{}
		})
		require.NoError(t, err)
		require.Equal(t, 1, n)

		b.move(bad.ID, core.TaskStopped)
		b.move(bad.ID, core.TaskRunning, func(m *store.TaskMove) { m.NextDue = base })
		problem, err = b.Problem(b.ctx, bad.ID)
		require.NoError(t, err)
		require.Empty(t, problem, "a start gives it another chance")
	})
}

// A definition that cannot be read, as one of a newer version may be, stops no other task.
func TestUnreadableDefinition(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		bad, good := b.task(due(base)), b.task(due(base))
		b.plan(bad, base.Add(-time.Second))
		require.NoError(t, b.Exec(b.ctx, "UPDATE tasks SET definition = '{' WHERE id = ?", bad.ID))
		n, _, err := b.PlanTasks(b.ctx, base, 10, func(d store.DueTask) store.TaskPlan {
			require.Equal(t, d.TaskID == bad.ID, d.TaskDefinition == nil)
			if d.TaskDefinition == nil {
				return store.TaskPlan{Problem: "unreadable"}
			}
			return everySecond(base)(d)
		})
		require.NoError(t, err)
		require.Equal(t, 2, n)
		sent := b.one()
		require.Equal(t, good.ID, sent.TaskID)
		require.Equal(t, []core.RunState{core.RunCancelled}, b.states(store.RunFilter{TaskID: bad.ID}))
	})
}

// Any number of masters may plan at once.
func TestPlanningTwiceAtOnceYieldsEachRunOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const tasks = 40
		base := testdb.Now().Truncate(time.Second)
		until := base.Add(2 * time.Second)
		for i := range tasks {
			b.task(due(base))
			b.delayed(later, func(d *core.DelayedTask) { d.ContentKey = fmt.Sprint(i) })
		}
		var planned, delayed atomic.Int64
		var masters sync.WaitGroup
		for range 2 {
			masters.Go(func() {
				for {
					n, _, err := b.PlanTasks(b.ctx, until, 7, func(d store.DueTask) store.TaskPlan {
						return everySecond(until)(d)
					})
					require.NoError(t, err)
					planned.Add(int64(n))
					m, _, err := b.PlanDelayed(b.ctx, until.Add(2*time.Hour), 7, testdb.AnyWorker)
					require.NoError(t, err)
					delayed.Add(int64(m))
					if n == 0 && m == 0 {
						return
					}
				}
			})
		}
		masters.Wait()
		require.GreaterOrEqual(t, planned.Load(), int64(tasks), "both may reckon a plan; one of them is kept")
		require.EqualValues(t, tasks, delayed.Load())
		require.Len(t, b.list(store.RunFilter{}), 3*tasks+tasks)
	})
}

// The key of a run is what keeps an instant from yielding two, whoever plans it.
func TestPlannedTwiceIsThereOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		at := testdb.Now()
		k := b.task()
		first := b.plan(k, at)
		b.plan(k, at, func(r *core.Run) { r.Queue = "other" })
		require.Equal(t, first.Queue, b.open().Queue)
		next := *k
		next.Version++
		b.plan(&next, at)
		require.Len(t, b.list(store.RunFilter{}), 2, "another version is another firing")
	})
}
