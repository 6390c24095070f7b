package e2e

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestDelayedTaskIsSentAtItsInstant(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		near, far := w.delayed(3*time.Second), w.delayed(time.Hour)
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		calls := w.target.seen()
		require.Len(t, calls, 2)
		require.Equal(t, near.Due.UTC(), calls[0].at.UTC(), "planned at once: due within the horizon")
		require.Equal(t, far.Due.UTC(), calls[1].at.UTC(), "planned by the planner")
		for _, d := range []*core.DelayedTask{near, far} {
			got, err := w.store.Delayed(t.Context(), d.ID)
			require.NoError(t, err)
			require.Equal(t, core.DelayedSucceeded, got.State)
			require.EqualValues(t, 1, got.Runs)
		}
	})
}

func TestEverySecondForAnHour(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		task := w.running(cronTask("* * * * * ?"))
		time.Sleep(time.Hour + 500*time.Millisecond)
		require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, task.ID))
		time.Sleep(time.Second)
		runs := w.runs(store.RunFilter{TaskID: task.ID})
		n := states(runs)
		require.Equal(t, 3600, n[core.RunSucceeded], n)
		require.LessOrEqual(t, n[core.RunCancelled], 16, "planned ahead and withdrawn by the stop")
		require.Len(t, n, 2, n)
		for i, r := range runs {
			if r.State == core.RunSucceeded {
				require.Equal(t, r.Due, r.SentAt, "run %d is sent at its instant", i)
			}
			if i > 0 {
				require.Equal(t, time.Second, r.Due.Sub(runs[i-1].Due), "no instant is lost or doubled")
			}
		}
	})
}

func TestOverlapIsAConflict(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(2500 * time.Millisecond)
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		task := w.running(cronTask("* * * * * ?"))
		time.Sleep(30*time.Second + 500*time.Millisecond)
		require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, task.ID))
		time.Sleep(3 * time.Second)
		n := states(w.runs(store.RunFilter{TaskID: task.ID}))
		require.Equal(t, 10, n[core.RunSucceeded], n)
		require.Equal(t, 20, n[core.RunConflict], n)
		calls := w.target.seen()
		for i := range calls[1:] {
			require.False(t, calls[i+1].at.Before(calls[i].until), "two runs of a task at once")
		}
	})
}

func TestDelayedTaskIsRetriedAndGivenUp(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = fails
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		d := w.delayed(time.Second)
		time.Sleep(2 * time.Minute)
		calls := w.target.seen()
		require.Len(t, calls, 4)
		at := d.Due
		for i, wait := range []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second} {
			require.WithinDuration(t, at.Add(wait), calls[i].at, 100*time.Millisecond, "attempt %d", i+1)
			require.EqualValues(t, i+1, calls[i].run.Attempt)
			require.Equal(t, calls[0].run.OccurrenceId, calls[i].run.OccurrenceId, "one idempotency key")
			at = calls[i].at
		}
		got, err := w.store.Delayed(t.Context(), d.ID)
		require.NoError(t, err)
		require.Equal(t, core.DelayedFailed, got.State)
		require.EqualValues(t, 4, got.Runs)
	})
}

func TestChildGetsItsParentsResult(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = func(_ context.Context, run *rpc.Run) core.Outcome {
			return core.Outcome{State: core.RunSucceeded, Result: core.Result{Response: []byte("from " + run.TaskId), Status: 200}}
		}
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		child := w.running(cronTask("0 0 0 1 1 ? 2199"))
		stopped := cronTask("0 0 0 1 1 ? 2199")
		_, err := w.master.Manage().Tasks.Create(t.Context(), admin, stopped, false)
		require.NoError(t, err)
		parent := cronTask("0 * * * * ?")
		parent.Children = []string{child.ID, stopped.ID}
		w.running(parent)
		time.Sleep(time.Minute + time.Second)
		calls := w.target.seen()
		require.Len(t, calls, 2)
		require.Equal(t, parent.ID, calls[0].run.TaskId)
		require.Equal(t, child.ID, calls[1].run.TaskId)
		require.Equal(t, "from "+parent.ID, string(calls[1].run.ParentResult))
		require.WithinDuration(t, calls[0].until, calls[1].at, 100*time.Millisecond)
		require.Empty(t, w.runs(store.RunFilter{TaskID: stopped.ID}), "a child that is not running is not fired")
	})
}

func TestWorkerCutOffIsRecoveredWithinItsLease(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(20 * time.Second)
		first, link := w.startWorker("w1", 10)
		defer stop(t, first)
		d := w.delayed(time.Second)
		time.Sleep(2 * time.Second)
		link.sever()
		cut := time.Now()
		second, _ := w.startWorker("w2", 10)
		defer stop(t, second)
		time.Sleep(time.Minute)
		calls := w.target.seen()
		require.Len(t, calls, 2)
		require.Equal(t, calls[0].run.OccurrenceId, calls[1].run.OccurrenceId)
		require.False(t, calls[1].at.Before(calls[0].until), "the first worker stopped before the second began")
		require.LessOrEqual(t, calls[1].at.Sub(cut), core.Lease+2*time.Second)
		n := states(w.runs(store.RunFilter{DelayedID: d.ID}))
		require.Equal(t, map[core.RunState]int{core.RunLost: 1, core.RunSucceeded: 1}, n)
		link.heal()
		time.Sleep(10 * time.Second)
	})
}

func TestWorkerThatComesBackKeepsWhatItDoes(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(6 * time.Second)
		wk, link := w.startWorker("w1", 10)
		defer stop(t, wk)
		d := w.delayed(time.Second)
		time.Sleep(2 * time.Second)
		link.sever()
		time.Sleep(3 * time.Second)
		link.heal()
		time.Sleep(20 * time.Second)
		require.Len(t, w.target.seen(), 1)
		require.Equal(t, map[core.RunState]int{core.RunSucceeded: 1}, states(w.runs(store.RunFilter{DelayedID: d.ID})))
	})
}

// accounted checks that every instant of a task that fires at each step is there once, and gives its runs.
func (w *world) accounted(task *core.Task, step time.Duration) []*core.Run {
	w.t.Helper()
	runs := w.runs(store.RunFilter{TaskID: task.ID})
	for i, r := range runs {
		require.Equal(w.t, time.Duration(r.Count-1)*step, r.LastDue.Sub(r.FirstDue))
		if i > 0 {
			require.Equal(w.t, step, r.Due.Sub(runs[i-1].LastDue), "every instant is accounted for once")
		}
	}
	return runs
}

// What a master had planned when it ended, and what nobody planned while it was away, are one stretch.
func TestFiringsMissedWhileDownAreOneRecord(t *testing.T) {
	for _, c := range []struct {
		cron string
		step time.Duration
	}{{"0 * * * * ?", time.Minute}, {"* * * * * ?", time.Second}} {
		t.Run(c.cron, func(t *testing.T) {
			virtually(t, func(t *testing.T, w *world) {
				wk, _ := w.startWorker("w1", 100)
				task := w.running(cronTask(c.cron))
				time.Sleep(time.Minute)
				stop(t, wk)
				w.stopMaster()
				time.Sleep(time.Hour)
				w.startMaster()
				wk, _ = w.startWorker("w1", 100)
				defer stop(t, wk)
				time.Sleep(2 * time.Minute)
				runs := w.accounted(task, c.step)
				require.Equal(t, 1, states(runs)[core.RunMissed], "a stretch is one record")
				count := 0
				for _, r := range runs {
					count += r.Count
				}
				require.GreaterOrEqual(t, count, int(62*time.Minute/c.step))
			})
		})
	}
}

// A master without workers plans on. What becomes too late is one record when at last a worker comes.
func TestFiringsMissedWithoutAWorkerAreOneRecord(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		task := w.running(cronTask("* * * * * ?"))
		time.Sleep(10 * time.Minute)
		wk, _ := w.startWorker("w1", 1000)
		defer stop(t, wk)
		time.Sleep(time.Minute)
		runs := w.accounted(task, time.Second)
		require.Equal(t, core.RunMissed, runs[0].State)
		require.InDelta(t, (10*time.Minute - core.DefaultMisfireAfter).Seconds(), runs[0].Count, 2)
		require.Equal(t, 1, states(runs)[core.RunMissed])
	})
}

func TestPausedTaskFiresNothingAndGoesOn(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		task := w.running(cronTask("*/10 * * * * ?"))
		tasks := w.master.Manage().Tasks
		time.Sleep(35 * time.Second)
		require.NoError(t, tasks.Pause(t.Context(), admin, task.ID))
		before := len(w.target.seen())
		time.Sleep(time.Hour)
		require.Len(t, w.target.seen(), before)
		require.NoError(t, tasks.Resume(t.Context(), admin, task.ID))
		time.Sleep(time.Minute)
		require.Len(t, w.target.seen(), before+6)
		require.Zero(t, states(w.runs(store.RunFilter{TaskID: task.ID}))[core.RunMissed], "a pause misses nothing")
	})
}
