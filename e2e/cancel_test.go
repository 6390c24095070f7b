package e2e

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/store"
)

// otherMaster starts a second master on the world's database; no worker is connected to it.
func (w *world) otherMaster(t *testing.T) *master.Master {
	t.Helper()
	m, err := master.New(master.Options{Store: w.store, Logger: slog.New(slog.DiscardHandler), Name: "m2", Zone: time.UTC})
	require.NoError(t, err)
	require.NoError(t, m.Start(t.Context()))
	return m
}

// underWay gives the run of a delayed task that a worker has begun.
func (w *world) underWay(d *core.DelayedTask) *core.Run {
	w.t.Helper()
	time.Sleep(time.Second) // its beginning is noted
	synctest.Wait()
	runs := w.runs(store.RunFilter{DelayedID: d.ID})
	require.Len(w.t, runs, 1)
	require.Equal(w.t, core.RunRunning, runs[0].State)
	return runs[0]
}

// Somebody asks a master to end a run whose worker has its stream to another.
func TestCancelReachesTheWorkerThroughWhicheverMasterHasIt(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(time.Hour)
		wk, _ := w.startWorker("w1", 10)
		defer stop(t, wk)
		other := w.otherMaster(t)
		defer func() { require.NoError(t, other.Stop(t.Context())) }()
		for asked, within := range map[*master.Master]time.Duration{other: time.Second + 100*time.Millisecond, w.master: 100 * time.Millisecond} {
			d := w.delayed(0)
			run := w.underWay(d)
			require.NoError(t, asked.Manage().Runs.Cancel(t.Context(), admin, run.ID, "not needed"))
			time.Sleep(within)
			synctest.Wait()
			got, err := w.store.Run(t.Context(), run.ID)
			require.NoError(t, err)
			require.Equal(t, core.RunCancelled, got.State, "after %s", within)
			require.Contains(t, got.Result.Reason, "cancelled by admin: not needed")
			state, err := w.store.Delayed(t.Context(), d.ID)
			require.NoError(t, err)
			require.Equal(t, core.DelayedVoided, state.State)
		}
	})
}

// What was asked while a worker was out of touch, it hears when it comes back.
func TestCancelWaitsForAWorkerThatIsOutOfTouch(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(time.Hour)
		wk, link := w.startWorker("w1", 10)
		defer stop(t, wk)
		d := w.delayed(0)
		run := w.underWay(d)
		link.sever()
		synctest.Wait()
		require.NoError(t, w.master.Manage().Delayed.Void(t.Context(), admin, d.ID))
		time.Sleep(2 * time.Second)
		require.Empty(t, w.target.seen(), "it goes on")
		link.heal()
		time.Sleep(5 * time.Second) // it dials again
		synctest.Wait()
		got, err := w.store.Run(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, core.RunCancelled, got.State)
		require.Len(t, w.target.seen(), 1)
	})
}

// A worker that dies takes the request with it, but not the effect: nothing is done again.
func TestRunToBeEndedIsNotRecoveredFromADeadWorker(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(time.Hour)
		wk, link := w.startWorker("w1", 10)
		d, spared := w.delayed(0), w.delayed(0)
		run := w.underWay(d)
		link.sever()
		synctest.Wait()
		require.NoError(t, w.master.Manage().Runs.Cancel(t.Context(), admin, run.ID, ""))
		time.Sleep(core.Lease + 2*time.Second)
		synctest.Wait()
		runs := w.runs(store.RunFilter{DelayedID: d.ID})
		require.Len(t, runs, 1, "no recovery run")
		require.Equal(t, core.RunCancelled, runs[0].State)
		require.Equal(t, "cancelled by admin; the worker went away without an outcome", runs[0].Result.Reason)
		require.Len(t, w.runs(store.RunFilter{DelayedID: spared.ID}), 2, "the other is recovered")
		link.heal()
		time.Sleep(10 * time.Second)
		stop(t, wk)
	})
}

// A run waits for an executor that is gone; the other one joins. The master need not wait for its next look around.
func TestWorkerThatJoinsIsRoutedToAtOnce(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		for _, name := range []string{"w1", "w2"} {
			wk, _ := w.startWorker(name, 10) // known, so that a task may name it
			stop(t, wk)
		}
		time.Sleep(time.Minute + 10*time.Millisecond) // just after a look around
		synctest.Wait()
		d := &core.DelayedTask{SourceApp: "shop", Topic: "order", ContentKey: "1", Due: time.Now()}
		d.Callback.URL, d.Executors = "http://target.test/", []string{"w1", "w2"}
		require.NoError(t, w.master.Manage().Delayed.Create(t.Context(), admin, d))
		synctest.Wait()
		runs := w.runs(store.RunFilter{DelayedID: d.ID})
		require.Equal(t, core.QueueOfNode("w1"), runs[0].Queue, "nobody is there: it waits for the first")
		wk, _ := w.startWorker("w2", 10)
		defer stop(t, wk)
		time.Sleep(250 * time.Millisecond) // the dispatcher looks into the queue
		synctest.Wait()
		require.Len(t, w.target.seen(), 1)
	})
}
