package dispatch

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
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

// A master reserves four runs for each free slot of the workers that serve their queue, and 64 MiB, whatever there is.
func TestReservationsAreBounded(t *testing.T) {
	sizes := []int{0, 100, 10 << 10, 300 << 10, 2 << 20, 5 << 20}
	bytes := make([]byte, slices.Max(sizes))
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				random := rand.New(rand.NewPCG(seed, 1))
				const queues = 3
				workers := make([]*worker, queues)
				slots := map[string]int{}
				for i := range workers {
					n := 1 + random.IntN(30)
					workers[i] = b.worker(fmt.Sprint("w", i), n)
					slots[core.QueueDefault] += n
					slots[core.QueueOfNode(fmt.Sprint("w", i))] = n
				}
				planned := 0
				plan := func() {
					largest := sizes[random.IntN(len(sizes))]
					for range random.IntN(200) {
						queue := core.QueueDefault
						if i := random.IntN(queues * 2); i < queues {
							queue = core.QueueOfNode(fmt.Sprint("w", i))
						}
						body := bytes[:random.IntN(largest+1)]
						b.plan(b.run(time.Duration(random.IntN(4000))*time.Millisecond, queued(queue), func(r *store.Reserved) { r.Callback = body }))
						planned++
					}
				}
				check := func() {
					require.LessOrEqual(t, b.held.bytes, b.memory)
					for queue, n := range b.held.byQueue {
						require.LessOrEqual(t, n, perSlot*slots[queue], queue)
					}
				}
				done := make([]int, queues)
				turn := func() {
					for more := true; more; {
						free, before := b.fleet.Free(), maps.Clone(b.held.byQueue)
						var err error
						more, err = b.Reserve(t.Context())
						require.NoError(t, err)
						check()
						for queue, n := range b.held.byQueue {
							require.LessOrEqual(t, n, max(before[queue], perSlot*free[queue]), "no more than four for each slot that is free")
						}
					}
					for more := true; more; {
						var err error
						more, err = b.Send(t.Context())
						require.NoError(t, err)
						check()
					}
					synctest.Wait()
					for i, w := range workers {
						for n := len(w.ids()); done[i] < n && random.IntN(5) > 0; done[i]++ {
							w.end(t, done[i])
						}
					}
					sleep(time.Duration(random.IntN(300)) * time.Millisecond)
				}
				for range 30 {
					plan()
					turn()
				}
				for range 10_000 {
					if sent := len(b.queue.now().sent); sent == planned {
						break
					}
					turn()
				}
				require.Len(t, b.queue.now().sent, planned, "all are sent in the end, large ones too")
			})
		})
	}
}

// Runs that are being dispatched, or ended, may have to wait on: until it is known, no others take their room.
func TestRunsThatMayComeBackKeepTheirRoom(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 30)
		large := make([]byte, 1<<20)
		heavy := func(r *store.Reserved) { r.Callback = large }
		for i := range 200 {
			if i%2 == 0 {
				b.plan(b.run(0, heavy))
			} else {
				b.plan(b.run(-2*time.Minute, heavy, ofTask))
			}
		}
		_, err := b.Reserve(t.Context())
		require.NoError(t, err)
		asked := 0
		b.queue.during = func() {
			_, err := b.Reserve(t.Context())
			require.NoError(t, err)
			asked++
		}
		b.queue.broken = func(operation string) error {
			if strings.HasPrefix(operation, "reserve") {
				return nil
			}
			return errors.New("the database is away")
		}
		_, err = b.Send(t.Context())
		require.Error(t, err)
		require.NotZero(t, asked)
		require.LessOrEqual(t, b.held.bytes, b.memory)
		b.queue.broken, b.queue.during = nil, nil
		_, err = b.Send(t.Context())
		require.NoError(t, err)
		require.Zero(t, b.taken)
	})
}

// A run that does not fit waits for room, and while it does the queue is not claimed and given back over and over.
func TestLargeRunsAreNotClaimedInVain(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.worker("w1", 10_000)
		large := make([]byte, 1<<20)
		for range 2000 {
			b.plan(b.run(time.Second, func(r *store.Reserved) { r.Callback = large }))
		}
		for range 5 {
			_, err := b.Reserve(t.Context())
			require.NoError(t, err)
		}
		require.Equal(t, b.memory/(1<<20)-1, b.Reserved())
		full := slices.DeleteFunc(b.queue.now().limits, func(n int) bool { return n == 1 })
		require.LessOrEqual(t, len(full), 2, "one of each queue, before it is known how large they are: %v", full)
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
		require.LessOrEqual(t, slices.Max(b.queue.now().limits), b.batches.Reserve)
		require.Equal(t, []int{500, 500, 200}, b.queue.now().batches)
	})
}

func TestBatchesAreAsLargeAsTold(t *testing.T) {
	batched(t, core.Batches{Reserve: 3, Dispatch: 2, ReserveMemory: 8}, func(t *testing.T, b *bundle) {
		b.Start(t.Context())
		w := b.worker("w1", 100)
		var want []string
		for range 31 {
			r := b.run(time.Second)
			b.plan(r)
			want = append(want, r.ID)
		}
		sleep(2 * time.Second)
		require.ElementsMatch(t, want, w.ids())
		require.LessOrEqual(t, slices.Max(b.queue.now().limits), 3)
		require.LessOrEqual(t, slices.Max(b.queue.now().batches), 2)
		large := make([]byte, 1<<20)
		for range 20 {
			b.plan(b.run(2*time.Second, func(r *store.Reserved) { r.Callback = large }))
		}
		sleep(time.Second)
		require.Equal(t, 7, b.Reserved(), "as many as fit into 8 MiB")
		require.NoError(t, b.Stop(t.Context()))
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

// A run that is never missed waits for a slot however long, and hides no missed one that waits behind it.
func TestMissedRunsAreFoundBehindThoseThatWait(t *testing.T) {
	started(t, func(t *testing.T, b *bundle) {
		w := b.worker("w1", 1)
		busy, head, late, tail := b.run(0), b.run(time.Second), b.run(time.Second, ofTask), b.run(time.Second)
		b.plan(busy, head, late, tail)
		sleep(time.Second + core.DefaultMisfireAfter)
		require.Empty(t, b.queue.now().noted)
		sleep(2 * idle)
		require.Equal(t, []*core.Run{late.Run}, b.queue.now().noted)
		require.Equal(t, 2, b.Reserved())
		w.end(t, 0)
		synctest.Wait()
		w.end(t, 1)
		synctest.Wait()
		require.Equal(t, []string{busy.ID, head.ID, tail.ID}, w.ids(), "in their order")
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
