package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// misfiring makes a task that fires every minute under a misfire policy.
func misfiring(policy core.Misfire, catchUp int) *core.Task {
	task := cronTask("0 * * * * ?")
	task.Misfire, task.MisfireCatchUp = policy, catchUp
	return task
}

// sentLate gives the dues of a task's runs that were sent later than they may be, in the order in which they were sent.
func (w *world) sentLate(task *core.Task) (dues []time.Time) {
	w.t.Helper()
	for _, c := range w.target.seen() {
		if due := time.UnixMicro(c.run.Due).UTC(); c.run.TaskId == task.ID && c.at.Sub(due) > core.DefaultMisfireAfter {
			dues = append(dues, due)
		}
	}
	return dues
}

// checkEveryMinute finds every minute of a task in exactly one run or missed stretch.
func (w *world) checkEveryMinute(task *core.Task, from, to time.Time) {
	w.t.Helper()
	seen := map[time.Time]int{}
	for _, r := range w.runs(store.RunFilter{TaskID: task.ID}) {
		if r.Trigger != core.TriggerSchedule || !r.State.Final() {
			continue
		}
		n := 0
		for at := r.Due; !at.After(r.LastDue); at = at.Add(time.Minute) {
			seen[at.UTC()]++
			n++
		}
		require.Equal(w.t, r.Count, n, "%+v", r)
	}
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		require.Equal(w.t, 1, seen[at.UTC()], "at %s", at)
	}
}

// A master that was away for an hour finds what it missed: one firing is made up for, or a few, the others are on record.
func TestMissedWhileTheMasterWasAway(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(20 * time.Second)
		wk, _ := w.startWorker("w1", 100)
		once, three := w.running(misfiring(core.MisfireFireOnce, 0)), w.running(misfiring(core.MisfireCatchUp, 3))
		start := time.Now().Truncate(time.Minute).Add(time.Minute)
		time.Sleep(time.Until(start.Add(10 * time.Second)))
		stop(t, wk)
		w.stopMaster()
		time.Sleep(time.Hour)
		w.startMaster()
		other, stopOther := w.secondMaster() // plans and judges beside the first
		defer stopOther()
		back := time.Now()
		wk, _ = w.startWorkerOf(other, "w1", 100)
		defer stop(t, wk)
		time.Sleep(3 * time.Minute)

		latest := back.Add(-core.DefaultMisfireAfter).Truncate(time.Minute)
		require.Equal(t, []time.Time{latest.UTC()}, w.sentLate(once))
		require.Equal(t, []time.Time{latest.Add(-2 * time.Minute).UTC(), latest.Add(-time.Minute).UTC(), latest.UTC()}, w.sentLate(three), "one after the other, in their order")
		w.oneAtATime()
		for _, task := range []*core.Task{once, three} {
			w.checkEveryMinute(task, start, back.Truncate(time.Minute).Add(-time.Minute))
		}
		n := 0
		for _, r := range w.runs(store.RunFilter{TaskID: three.ID, State: core.RunMissed}) {
			n += r.Count
		}
		require.Equal(t, 56, n, "an hour's 60, without three that were made up for and one that was in time")
	})
}

// The same when the master is there and no worker is: what it plans waits, and the latest of it is sent when one comes.
func TestMissedWhileNoWorkerWasThere(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		start := time.Now().Truncate(time.Minute).Add(time.Minute)
		once, two, skip := w.running(misfiring(core.MisfireFireOnce, 0)), w.running(misfiring(core.MisfireCatchUp, 2)), w.running(misfiring("", 0))
		time.Sleep(time.Until(start.Add(30*time.Minute + 30*time.Second)))
		back := time.Now()
		wk, _ := w.startWorker("w1", 100)
		defer stop(t, wk)
		time.Sleep(2 * time.Minute)
		latest := back.Add(-core.DefaultMisfireAfter).Truncate(time.Minute)
		require.Equal(t, []time.Time{latest.UTC()}, w.sentLate(once))
		require.Equal(t, []time.Time{latest.Add(-time.Minute).UTC(), latest.UTC()}, w.sentLate(two))
		require.Empty(t, w.sentLate(skip))
		for _, task := range []*core.Task{once, two, skip} {
			w.checkEveryMinute(task, start, back.Truncate(time.Minute))
		}
	})
}

// And when the only worker has no free slot for long.
func TestMissedForWantOfASlot(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		wk, _ := w.startWorker("w1", 1)
		defer stop(t, wk)
		w.target.answer = stubborn(10 * time.Minute)
		w.delayed(time.Second)
		time.Sleep(2 * time.Second)
		w.target.answer = takes(time.Second)
		start := time.Now().Truncate(time.Minute).Add(time.Minute)
		once := w.running(misfiring(core.MisfireFireOnce, 0))
		time.Sleep(12 * time.Minute)
		free := w.target.seen()[0].until
		require.Equal(t, []time.Time{free.Add(-core.DefaultMisfireAfter).Truncate(time.Minute).UTC()}, w.sentLate(once))
		w.checkEveryMinute(once, start, start.Add(10*time.Minute))
	})
}
