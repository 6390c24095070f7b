package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// overlapping makes a task that fires every so many seconds under an overlap policy.
func overlapping(policy core.Overlap, expr string) *core.Task {
	task := cronTask(expr)
	task.Overlap = policy
	return task
}

// oneAtATime checks that no two runs of tasks were with workers at once.
func (w *world) oneAtATime() {
	w.t.Helper()
	calls := w.target.seen()
	for i, a := range calls {
		for _, b := range calls[:i] {
			require.False(w.t, a.run.TaskId == b.run.TaskId && a.at.Before(b.until) && b.at.Before(a.until), "%v and %v at once", a.run, b.run)
		}
	}
}

// Firings that come faster than they are done wait, in their order, for longer than a firing may be late; one beyond the
// bound is a conflict; and all that waited are done in the end.
func TestFiringsQueueUp(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(10 * time.Second)
		first, _ := w.startWorker("w1", 10)
		second, _ := w.startWorker("w2", 10)
		defer stop(t, first)
		defer stop(t, second)
		task := overlapping(core.OverlapQueue, "*/5 * * * * ?")
		task.OverlapWaiting = 12
		w.running(task)
		time.Sleep(5*time.Minute + time.Second)
		require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, task.ID))
		time.Sleep(10 * time.Second)
		w.oneAtATime()
		calls := w.target.seen()
		require.GreaterOrEqual(t, len(calls), 29)
		var waited time.Duration
		for i := range calls[1:] {
			require.Less(t, calls[i].run.Due, calls[i+1].run.Due, "in the order of their dues")
			require.Less(t, calls[i+1].at.Sub(calls[i].until), 100*time.Millisecond, "the end of one brings the next at once")
			waited = max(waited, calls[i+1].at.Sub(time.UnixMicro(calls[i+1].run.Due)))
		}
		require.Greater(t, waited, core.DefaultMisfireAfter+30*time.Second)
		n := states(w.runs(store.RunFilter{TaskID: task.ID}))
		require.Zero(t, n[core.RunMissed], "one that waits for another is not missed")
		require.Equal(t, len(calls), n[core.RunSucceeded])
		require.InDelta(t, 60-len(calls)-12, n[core.RunConflict], 2, "%v", n)
		require.InDelta(t, 12, n[core.RunCancelled], 4, "what waited was withdrawn by the stop, with what was planned: %v", n)
	})
}

// What waits goes on waiting when the worker of the firing under way dies: that one is done again first.
func TestQueueOutlivesAWorker(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(5 * time.Second)
		other, stopOther := w.secondMaster()
		defer stopOther()
		first, way := w.startWorker("w1", 10)
		defer stop(t, first)
		task := w.running(overlapping(core.OverlapQueue, "0 0 0 1 1 ? 2199"))
		for range 3 {
			_, err := w.master.Manage().Tasks.RunOnce(t.Context(), admin, task.ID)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		way.sever()
		cut := time.Now()
		second, _ := w.startWorkerOf(other, "w2", 10)
		defer stop(t, second)
		time.Sleep(time.Minute)
		w.oneAtATime()
		runs := w.runs(store.RunFilter{TaskID: task.ID})
		require.Equal(t, map[core.RunState]int{core.RunLost: 1, core.RunSucceeded: 3}, states(runs))
		var order []string
		for _, c := range w.target.seen() {
			if c.at.After(cut) {
				if len(order) == 0 {
					require.LessOrEqual(t, c.at.Sub(cut), core.Lease+2*time.Second)
				}
				order = append(order, c.run.OccurrenceId)
			}
		}
		require.Equal(t, []string{runs[0].OccurrenceID, runs[1].OccurrenceID, runs[2].OccurrenceID}, order)
		way.heal()
		time.Sleep(10 * time.Second)
	})
}

// A newer firing ends the one under way and is done when that has ended; of those that wait the newest stays.
func TestNewerFiringReplacesTheOlder(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(7 * time.Second)
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		task := w.running(overlapping(core.OverlapReplace, "*/5 * * * * ?"))
		short := w.running(overlapping(core.OverlapReplace, "*/10 * * * * ?"))
		time.Sleep(time.Minute + 500*time.Millisecond)
		for _, k := range []*core.Task{task, short} {
			require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, k.ID))
		}
		time.Sleep(10 * time.Second)
		w.oneAtATime()
		n := states(w.runs(store.RunFilter{TaskID: short.ID}))
		require.Equal(t, 6, n[core.RunSucceeded], "it is done before the next: %v", n)
		runs := w.runs(store.RunFilter{TaskID: task.ID})
		begun := 0
		for i, r := range runs {
			if r.SentAt.IsZero() {
				continue
			}
			begun++
			require.Less(t, r.SentAt.Sub(r.Due), time.Second, "a new firing hardly waits")
			if i < 11 {
				require.Equal(t, core.RunCancelled, r.State)
				require.Contains(t, r.Result.Reason, runs[i+1].ID+" of the task took its place")
			}
		}
		require.Equal(t, 12, begun)
	})
}

// A run that does not heed its end keeps the newer ones waiting, and only the newest of them is done.
func TestStubbornRunIsWaitedFor(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		w.target.answer = stubborn(17 * time.Second)
		task := w.running(overlapping(core.OverlapReplace, "*/5 * * * * ?"))
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 500*time.Millisecond)))
		require.NoError(t, w.master.Manage().Tasks.Pause(t.Context(), admin, task.ID))
		time.Sleep(30 * time.Second)
		w.oneAtATime()
		for _, r := range w.runs(store.RunFilter{TaskID: task.ID, State: core.RunSkipped}) {
			require.Contains(t, r.Result.Reason, "took its place before it began")
		}
		n := states(w.runs(store.RunFilter{TaskID: task.ID}))
		require.Equal(t, 4, n[core.RunSucceeded], "%v", n)
		require.GreaterOrEqual(t, n[core.RunSkipped], 6, "%v", n)
		require.Zero(t, n[core.RunConflict])
	})
}
