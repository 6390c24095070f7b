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

// A batch of which one run is refused is committed in parts. When the database goes away between two of them, the runs of
// the first are dispatched, and nobody else will ever send them.
func TestWhatWasDispatchedBeforeAFailureIsSent(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 100)
		var want []string
		for range 30 {
			r := b.run(time.Second)
			b.plan(r)
			want = append(want, r.ID)
		}
		sleep(time.Second - 1)
		b.queue.mu.Lock()
		b.queue.partly = 11
		b.queue.mu.Unlock()
		sleep(1)
		require.Equal(t, want[:11], w.ids())
		require.Equal(t, 19, b.Reserved())
		require.Equal(t, 100-11, b.fleet.Free()[core.QueueDefault])
		sleep(sendPause)
		require.Equal(t, want, w.ids(), "the others follow, each once")
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

// A reservation is made and its answer lost, while others that are known wait for a slot or for their instant.
func TestReservationWithoutAnAnswerIsGivenBack(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 5)
		waits := b.run(time.Hour)
		b.plan(waits)
		b.queue.breakFor("reserve's answer", 1)
		lost := b.run(0)
		b.plan(lost)
		sleep(time.Second)
		require.Empty(t, w.ids())
		b.queue.breakFor("claimed", 1) // it is looked for again
		later := b.run(0)
		b.plan(later)
		sleep(3 * astrayEvery)
		require.ElementsMatch(t, []string{lost.ID, later.ID}, w.ids())
		require.EqualValues(t, 2, lost.Token)
		require.EqualValues(t, 1, later.Token, "what is known stays")

		// One that arrives late is found as long as there is a doubt.
		sleep(astrayEvery)
		b.queue.mu.Lock()
		late := b.run(0)
		late.Token, b.queue.reserved[late.ID] = 1, late
		b.queue.mu.Unlock()
		sleep(3 * astrayEvery)
		require.Contains(t, w.ids(), late.ID)
	})
}

// What a newer firing takes the place of is told to end, whether or not the newer one goes yet.
func TestReplacedRunsAreToldToEnd(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 1)
		b.queue.turned = func(h store.Handout) bool {
			h.Replaces = true
			return true
		}
		b.plan(b.run(0, ofTask))
		sleep(time.Second)
		require.Equal(t, 1, b.queue.now().cancels)
	})
}

// Of late firings of a task that makes up for some, those are sent that the store says, and only once there is a slot.
func TestLateFiringsAreMadeUpFor(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 2)
		var runs []*store.Reserved
		for i := range 6 {
			runs = append(runs, b.run(-time.Hour+time.Duration(i)*time.Second, ofTask, func(r *store.Reserved) { r.Task.Misfire = core.MisfireCatchUp }))
		}
		intime := b.run(0, ofTask)
		b.queue.fates = map[string]string{runs[0].ID: "withdrawn", runs[2].ID: "made", runs[3].ID: "made"}
		b.plan(append(runs, intime)...)
		_, err := b.Reserve(t.Context())
		require.NoError(t, err)
		for range 10 {
			_, err := b.Send(t.Context())
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Equal(t, []string{runs[2].ID, runs[3].ID}, w.ids(), "the slots are theirs")
		require.Equal(t, []*core.Run{runs[1].Run}, b.queue.now().noted)
		require.Equal(t, 3, b.Reserved(), "nothing is decided of those without a slot")

		b.queue.breakFor("late", 1)
		w.end(t, 0)
		w.end(t, 1)
		synctest.Wait()
		_, err = b.Send(t.Context())
		require.Error(t, err)
		require.Equal(t, 3, b.Reserved(), "nothing is forgotten, and no slot lost")
		more, err := b.Send(t.Context())
		require.NoError(t, err)
		require.True(t, more)
		_, err = b.Send(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, intime.ID, w.ids()[2])
		require.Zero(t, b.Reserved())
		require.Equal(t, 1, b.fleet.Free()[core.QueueDefault])
	})
}

// A firing that was put off is late from then on.
func TestFiringThatWasPutOffIsNotMissed(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		waited := b.run(0, ofTask, func(r *store.Reserved) { r.Due = r.FireAt.Add(-time.Hour) })
		late := b.run(-time.Hour, ofTask)
		b.plan(waited, late)
		sleep(time.Second)
		require.Equal(t, []string{waited.ID}, w.ids())
		require.Equal(t, late.ID, b.queue.now().ended[0].ID)
		require.Equal(t, core.RunMissed, b.queue.now().ended[0].State)
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
		_, err = b.Send(t.Context())
		require.NoError(t, err)
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
