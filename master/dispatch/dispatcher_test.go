package dispatch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestRunsLeaveInOrderAtTheirInstants(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 100)
		var want []*store.Reserved
		for i := range 50 {
			want = append(want, b.run(time.Duration(i/2)*137*time.Millisecond)) // two of each instant
		}
		shuffled := slices.Clone(want)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		b.plan(shuffled...)
		b.Wake(time.Now())
		sleep(5 * time.Second)
		got, at := w.seen()
		require.Len(t, got, len(want))
		for i, r := range want {
			require.Equal(t, r.ID, got[i].Id)
			require.Equal(t, r.FireAt, at[i], "%s is sent at its instant to the nanosecond", r.ID)
		}
	})
}

func TestRunsAreReservedWithinTheLookAheadOnly(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 1)
		b.plan(b.run(10 * time.Second))
		sleep(10*time.Second - core.LookAhead - time.Millisecond)
		require.Zero(t, b.Reserved())
		sleep(reserveEvery)
		require.Equal(t, 1, b.Reserved())
	})
}

func TestWakeReservesAtOnce(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		sleep(reserveEvery / 2) // between two looks
		near, far := b.run(0), b.run(core.LookAhead+time.Hour)
		b.plan(near, far)
		b.Wake(far.FireAt)
		synctest.Wait()
		require.Empty(t, w.ids(), "what lies beyond the look-ahead wakes nothing")
		b.Wake(near.FireAt)
		synctest.Wait()
		require.Equal(t, []string{near.ID}, w.ids())
	})
}

func TestNothingIsReservedWithoutWorkers(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		r := b.run(0)
		b.plan(r)
		sleep(time.Minute + reserveEvery/2)
		require.Zero(t, b.Reserved())
		w := b.worker("w1", 1)
		require.Equal(t, []string{r.ID}, w.ids(), "the first worker to come finds the queue as it is")
	})
}

func TestFourRunsAreReservedForEachFreeSlot(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 3)
		for range 100 {
			b.plan(b.run(time.Second))
		}
		sleep(time.Second - 1)
		require.Equal(t, 3*perSlot, b.Reserved())
		for done := range 100 {
			sleep(10 * time.Millisecond)
			require.LessOrEqual(t, b.Reserved(), 3*perSlot)
			require.LessOrEqual(t, len(w.ids())-done, 3, "never more at the worker than it has slots")
			w.end(t, done)
		}
		ids := w.ids()
		slices.Sort(ids)
		require.Len(t, slices.Compact(ids), 100, "each is sent once")
		require.Zero(t, b.Reserved())
		synctest.Wait()
		require.Equal(t, 3, b.fleet.Free()[core.QueueDefault])
	})
}

func TestMemoryOfReservedRunsIsBounded(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 10_000)
		large := make([]byte, core.MaxBody)
		for range 2000 {
			b.plan(b.run(time.Second, func(r *store.Reserved) { r.Callback = large }))
		}
		for range 5 {
			_, err := b.Reserve(t.Context())
			require.NoError(t, err)
		}
		require.Equal(t, reserveBatch, b.Reserved(), "with %d bytes held no more is taken", b.held.bytes)
		require.Less(t, b.held.bytes, maxBytes+reserveBatch*(core.MaxBody+1000), "at most one batch over the bound")
	})
}

func TestReservationsAndDispatchesAreBatched(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 2000)
		for range 1200 {
			b.plan(b.run(time.Second))
		}
		sleep(2 * time.Second)
		require.Len(t, w.ids(), 1200)
		require.LessOrEqual(t, slices.Max(b.queue.now().limits), reserveBatch)
		require.Equal(t, []int{sendBatch, sendBatch, 200}, b.queue.now().batches)
	})
}

func TestRunWaitsForASlotAndGoesWhenOneIsFree(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		first, second := b.run(time.Second), b.run(time.Second)
		b.plan(first, second)
		sleep(8*time.Second + 333*time.Millisecond)
		require.Equal(t, []string{first.ID}, w.ids())
		freed := time.Now()
		w.end(t, 0)
		synctest.Wait()
		require.Equal(t, []string{first.ID, second.ID}, w.ids())
		_, at := w.seen()
		require.Equal(t, freed, at[1])
	})
}

func TestRunThatWaitsTooLongForASlotIsMissed(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		short := func(r *store.Reserved) { r.Task.MisfireAfter = 5 * time.Second }
		first := b.run(0)
		own, task, once, delayed := b.run(time.Second, ofTask, short), b.run(time.Second, ofTask), b.run(time.Second, ofTask), b.run(time.Second)
		once.Task.Schedule.Kind = core.ScheduleOnce
		b.plan(first, task, own, once, delayed)
		sleep(time.Second + 5*time.Second + 2*idle)
		require.Equal(t, []*core.Run{own.Run}, b.queue.now().noted)
		sleep(core.DefaultMisfireAfter)
		require.Equal(t, []*core.Run{own.Run, task.Run}, b.queue.now().noted)
		require.Equal(t, b.queue.now().noted, b.queue.now().ended)
		for _, r := range b.queue.now().noted {
			require.Equal(t, core.RunMissed, r.State)
			require.Contains(t, r.Result.Reason, "no worker could take it")
		}
		require.Equal(t, []string{first.ID}, w.ids())
		w.end(t, 0)
		synctest.Wait()
		w.end(t, 1)
		synctest.Wait()
		require.ElementsMatch(t, []string{first.ID, once.ID, delayed.ID}, w.ids(), "neither is ever missed")
	})
}

func TestMissedRunsAreKeptUntilTheyAreRecorded(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 1)
		late := b.run(-2*time.Minute, ofTask)
		b.queue.breakFor("end", 3)
		b.plan(late)
		sleep(10 * time.Second)
		require.Equal(t, []*core.Run{late.Run}, b.queue.now().ended, "a run that is forgotten would be reserved until this process ends")
		require.Equal(t, []*core.Run{late.Run}, b.queue.now().noted)
	})
}

func TestRunsOfAQueueThatNobodyServesAnyMoreAreReleased(t *testing.T) {
	for _, broken := range []int{0, 3} {
		t.Run(fmt.Sprintf("%d failures", broken), func(t *testing.T) {
			started(t, func(t *testing.T, b *bundle) {
				gpu := b.worker("w1", 10, "gpu")
				stays := b.worker("w2", 10)
				due := b.run(1500*time.Millisecond, queued(core.QueueOfLabel("gpu")))
				other := b.run(1500 * time.Millisecond)
				b.plan(due, other)
				sleep(time.Second)
				require.Equal(t, 2, b.Reserved())
				b.queue.breakFor("release", broken)
				gpu.cut()
				sleep(reserveEvery * time.Duration(broken+1))
				require.Equal(t, []*store.Reserved{due}, b.queue.now().waiting, "other masters' workers may take it")
				sleep(time.Second)
				require.Equal(t, []string{other.ID}, stays.ids())
			})
		})
	}
}

func TestStopReleasesAll(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		b.Start(t.Context())
		b.plan(b.run(0), b.run(0), b.run(time.Second))
		sleep(reserveEvery)
		require.Equal(t, 2, b.Reserved())
		require.NoError(t, b.Stop(t.Context()))
		require.Zero(t, b.Reserved())
		require.Len(t, b.queue.now().waiting, 2)
		require.Empty(t, b.queue.now().reserved)
		require.Len(t, w.ids(), 1)
	})
}

func TestStopSaysThatNothingCouldBeReleased(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 1)
		b.Start(t.Context())
		b.plan(b.run(time.Second))
		sleep(reserveEvery)
		away := errors.New("the database is away")
		b.queue.mu.Lock()
		b.queue.broken = func(string) error { return away }
		b.queue.mu.Unlock()
		require.ErrorIs(t, b.Stop(t.Context()), away)
	})
}
