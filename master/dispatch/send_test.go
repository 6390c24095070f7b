package dispatch

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestRunsThatAreTurnedAwayGiveTheirSlotsBack(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 4)
		conflict, waits, withdrawn, goes := b.run(time.Second), b.run(time.Second), b.run(time.Second), b.run(time.Second)
		b.queue.turned = func(h store.Handout) bool {
			switch h.ID {
			case conflict.ID:
				h.State = core.RunConflict
			case waits.ID:
				h.State = core.RunDispatched // as the store leaves a retry that goes back to wait
			case withdrawn.ID:
			default:
				return false
			}
			return true
		}
		b.plan(conflict, waits, withdrawn, goes)
		sleep(time.Second + reserveEvery)
		require.Equal(t, []string{goes.ID}, w.ids())
		require.Equal(t, []*core.Run{conflict.Run}, b.queue.now().noted, "only what ended is counted")
		require.Equal(t, 3, b.fleet.Free()[core.QueueDefault])
		w.end(t, 0)
		synctest.Wait()
		require.Equal(t, 4, b.fleet.Free()[core.QueueDefault])
		require.Zero(t, b.Reserved())
	})
}

func TestRunsWaitWhileTheDatabaseIsAway(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 100)
		for range 30 {
			b.plan(b.run(time.Second))
		}
		sleep(time.Second - 1)
		b.queue.breakFor("dispatch", 3)
		failing := time.Now()
		for range 249 {
			b.Changed() // slots that become free do not make it ask more often
			sleep(time.Millisecond)
		}
		require.Empty(t, w.ids())
		require.Equal(t, 100, b.fleet.Free()[core.QueueDefault], "no slot is lost meanwhile")
		require.Equal(t, 30, b.Reserved())
		sleep(2 * sendPause)
		asked := b.queue.now().asked
		require.Len(t, asked, 4)
		for i := range asked[1:] {
			require.GreaterOrEqual(t, asked[i+1].Sub(asked[i]), sendPause)
		}
		require.LessOrEqual(t, asked[3].Sub(failing), 4*sendPause)
		ids := w.ids()
		require.Len(t, ids, 30)
		require.True(t, slices.IsSorted(ids), "their order is kept")
		require.Len(t, slices.Compact(ids), 30, "none is sent twice")
	})
}

func TestQueueThatCannotBeReadIsReadAgain(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		b.queue.breakFor("reserve", 5)
		r := b.run(0)
		b.plan(r)
		sleep(6 * reserveEvery)
		require.Equal(t, []string{r.ID}, w.ids())
	})
}

func TestRunsOfAWorkerThatLeftBeforeTheHandingOutAreReturned(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		gone, stays := b.worker("w1", 10), b.worker("w2", 10)
		for range 10 {
			b.plan(b.run(0))
		}
		_, err := b.Reserve(t.Context())
		require.NoError(t, err)
		var theirs []store.Held
		b.queue.turned = func(h store.Handout) bool {
			if h.Worker == "w1" {
				theirs = append(theirs, store.Held{RunID: h.ID, Token: h.Token})
			}
			gone.cut()
			for b.fleet.Workers() == 2 {
				synctest.Wait()
			}
			return false
		}
		_, err = b.Send(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.NotEmpty(t, theirs)
		require.ElementsMatch(t, theirs, b.queue.now().returned)
		require.Empty(t, gone.ids())
		require.Len(t, stays.ids(), 10-len(theirs))
	})
}

func TestRunsThatCannotBeReturnedAreReturnedLater(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		gone := b.worker("w1", 10)
		r := b.run(time.Second)
		b.plan(r)
		sleep(time.Second - 1)
		b.queue.breakFor("return", 3)
		b.queue.mu.Lock()
		b.queue.turned = func(store.Handout) bool {
			gone.cut()
			for b.fleet.Workers() > 0 {
				runtime.Gosched() // the dispatcher waits here for the stream to end
			}
			return false
		}
		b.queue.mu.Unlock()
		sleep(time.Second)
		require.Equal(t, []store.Held{{RunID: r.ID, Token: r.Token}}, b.queue.now().returned, "once, and not before the database is back")
		require.Empty(t, gone.ids())
	})
}

func TestFailureToRecordMissedRunsStopsNoOther(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 10)
		late, due := b.run(-2*time.Minute, ofTask), b.run(0)
		b.plan(late, due)
		_, err := b.Reserve(t.Context())
		require.NoError(t, err)
		away := errors.New("the database is away")
		b.queue.broken = func(operation string) error {
			if operation == "end" {
				return away
			}
			return nil
		}
		more, err := b.Send(t.Context())
		require.ErrorIs(t, err, away)
		require.False(t, more)
		synctest.Wait()
		require.Equal(t, []string{due.ID}, w.ids())
		require.Equal(t, 1, b.Reserved())
		require.Empty(t, b.queue.now().noted)
		b.queue.broken = nil
		more, err = b.Send(t.Context())
		require.NoError(t, err)
		require.True(t, more)
		require.Equal(t, []*core.Run{late.Run}, b.queue.now().noted)
	})
}

func TestRunsGoToTheWorkersOfTheirQueues(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		plain, gpu := b.worker("w1", 10), b.worker("w2", 10, "gpu")
		pinned, labelled := b.run(0, queued(core.QueueOfNode("w1"))), b.run(0, queued(core.QueueOfLabel("gpu")))
		nobodys := b.run(0, queued(core.QueueOfNode("w3")))
		b.plan(pinned, labelled, nobodys)
		sleep(reserveEvery)
		require.Equal(t, []string{pinned.ID}, plain.ids())
		require.Equal(t, []string{labelled.ID}, gpu.ids())
		require.Equal(t, []*store.Reserved{nobodys}, b.queue.now().waiting)
	})
}

func TestStartAndStopAgainAndAgain(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 1)
		for range 20 {
			b.plan(b.run(time.Hour), b.run(time.Second))
			d := New(b.opts)
			d.Start(t.Context())
			d.Wake(time.Now())
			d.Changed()
			require.NoError(t, d.Stop(t.Context()))
			require.Zero(t, d.Reserved())
			require.Empty(t, b.queue.now().reserved)
		}
	})
}
