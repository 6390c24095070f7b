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

// pair runs fn with two stores on one database, as two masters have. SQLite has one process.
func pair(t *testing.T, fn func(t *testing.T, a, b *bundle)) {
	t.Helper()
	t.Parallel()
	testdb.EachPair(t, func(t *testing.T, first, second *store.Store) {
		a := setup(t, first)
		fn(t, a, &bundle{Store: second, t: t, ctx: t.Context()})
	})
}

// race runs fn for each store at once, again and again until it says that nothing is left.
func race(a, b *bundle, fn func(x *bundle, name string) (more bool)) {
	var masters sync.WaitGroup
	for name, x := range map[string]*bundle{"m1": a, "m2": b} {
		masters.Go(func() {
			for fn(x, name) {
			}
		})
	}
	masters.Wait()
}

// Two processes that claim at once never get the same run, and together get all.
func TestClaimsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const n = 500
		batch := make([]*core.DelayedTask, n)
		for i := range batch {
			batch[i] = testdb.DelayedTask()
		}
		require.NoError(t, a.CreateDelayedBatch(a.ctx, batch, a.ahead()))
		var mu sync.Mutex
		owner := map[string]string{}
		race(a, b, func(x *bundle, name string) bool {
			runs, _, err := x.Reserve(x.ctx, name, core.QueueDefault, x.soon(), 20, room)
			require.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range runs {
				require.Empty(t, owner[r.ID], "two masters hold one run")
				require.Equal(t, name, r.Run.Holder)
				owner[r.ID] = name
			}
			return len(owner) < n
		})
		require.Len(t, owner, n)
	})
}

// Two masters that plan the same tasks and delayed tasks plan each instant once.
func TestPlansOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const tasks = 60
		base := testdb.Now().Truncate(time.Second)
		until := base.Add(2 * time.Second)
		for range tasks {
			a.task(due(base))
			a.delayed(later)
		}
		var delayed atomic.Int64
		race(a, b, func(x *bundle, _ string) bool {
			n, _, err := x.PlanTasks(x.ctx, until, 7, everySecond(until))
			require.NoError(t, err)
			m, _, err := x.PlanDelayed(x.ctx, until.Add(2*time.Hour), 7, testdb.AnyWorker)
			require.NoError(t, err)
			delayed.Add(int64(m))
			return n > 0 || delayed.Load() < tasks
		})
		require.EqualValues(t, tasks, delayed.Load())
		require.Len(t, a.list(store.RunFilter{}), 3*tasks+tasks)
	})
}

// One of two masters takes the guard of a task that forbids overlap; the other's firing is a conflict.
func TestGuardsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const tasks = 40
		at := testdb.Now().Add(-time.Second)
		for range tasks {
			k := a.task()
			a.plan(k, at)
			a.plan(k, at.Add(time.Millisecond))
		}
		var mu sync.Mutex
		sent := map[string]int{}
		race(a, b, func(x *bundle, name string) bool {
			runs, _, err := x.Reserve(x.ctx, name, core.QueueDefault, x.soon(), 9, room)
			require.NoError(t, err)
			given := x.give(name, worker, runs...)
			mu.Lock()
			defer mu.Unlock()
			for _, h := range given {
				sent[h.TaskID]++
			}
			return len(runs) > 0
		})
		require.Len(t, sent, tasks)
		for id, n := range sent {
			require.Equal(t, 1, n, id)
		}
		depth, err := a.QueueDepth(a.ctx)
		require.NoError(t, err)
		require.EqualValues(t, tasks, depth[core.RunDispatched])
	})
}

// Outcomes that two masters record at once, of tasks that share counters and children, are all counted, and each child
// is fired once for each success.
func TestRecordsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const rounds = 30
		child := a.task(overlapping)
		parents := make([]*core.Task, 4)
		for i := range parents {
			parents[i] = a.task(overlapping, retrying, func(k *core.Task) { k.Children = []string{child.ID} })
		}
		at := testdb.Now().Add(-time.Hour)
		var all []store.Handout
		for i := range rounds {
			for _, k := range parents {
				a.plan(k, at.Add(time.Duration(i)*time.Millisecond))
			}
		}
		for len(all) < rounds*len(parents) {
			all = append(all, a.dispatch()...)
		}
		var next atomic.Int64
		race(a, b, func(x *bundle, _ string) bool {
			i := int(next.Add(4)) - 4
			if i >= len(all) {
				return false
			}
			var outcomes []core.Outcome
			for j, h := range all[i : i+4] {
				state := core.RunSucceeded
				if j%2 == 1 {
					state = core.RunFailed
				}
				outcomes = append(outcomes, testdb.Outcome(h.Run, state))
			}
			require.Len(t, x.report(outcomes...).Runs, 4)
			return true
		})
		for _, k := range parents {
			stored, err := a.Task(a.ctx, k.ID)
			require.NoError(t, err)
			require.EqualValues(t, rounds, stored.Stats.Runs)
		}
		require.Len(t, a.list(store.RunFilter{TaskID: child.ID}), rounds*len(parents)/2)
		counts, err := a.HourlyCounts(a.ctx, core.DefaultNamespace, at)
		require.NoError(t, err)
		var counted int64
		for _, c := range counts {
			counted += c.Runs
		}
		require.EqualValues(t, rounds*len(parents), counted)
	})
}

// A delayed task voided by one master while another records its failure is either retried or voided, never both.
func TestVoidAgainstRecord(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for i := range 25 {
			d := a.delayed(func(d *core.DelayedTask) { d.ContentKey = fmt.Sprint(i) })
			h := a.one()
			var both sync.WaitGroup
			both.Go(func() { a.report(testdb.Outcome(h.Run, core.RunFailed)) })
			both.Go(func() {
				_, err := b.VoidDelayed(b.ctx, d.ID, "not wanted")
				require.NoError(t, err)
			})
			both.Wait()
			require.Equal(t, core.DelayedVoided, a.delayedTask(d.ID).State)
			a.none()
		}
	})
}

// A task stopped by one master while another records the failure of its run is left without a run.
func TestStopAgainstRecord(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for range 25 {
			k := a.task(retrying)
			a.plan(k, testdb.Now().Add(-time.Second))
			h := a.one()
			var both sync.WaitGroup
			both.Go(func() { a.report(testdb.Outcome(h.Run, core.RunFailed)) })
			both.Go(func() { b.move(k.ID, core.TaskStopped) })
			both.Wait()
			a.none()
			require.Empty(t, a.guards())
		}
	})
}

// A dead worker that both masters recover is recovered once.
func TestRecoveriesOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for range 50 {
			a.plan(a.task(), testdb.Now().Add(-time.Second))
		}
		require.Len(t, a.dispatch(), 50)
		require.NoError(t, a.Expire(a.ctx, worker))
		var lost atomic.Int64
		var both sync.WaitGroup
		for _, x := range []*bundle{a, b} {
			both.Go(func() {
				runs, _, err := x.Recover(x.ctx, worker, testdb.AnyWorker)
				require.NoError(t, err)
				lost.Add(int64(len(runs)))
			})
		}
		both.Wait()
		require.EqualValues(t, 50, lost.Load())
		open, err := a.OpenRuns(a.ctx)
		require.NoError(t, err)
		require.Len(t, open, 50)
	})
}

// An idempotency key stands for one delayed task, whichever master is asked.
func TestIdempotencyKeyOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for i := range 20 {
			var ids [2]string
			var both sync.WaitGroup
			for j, x := range []*bundle{a, b} {
				both.Go(func() {
					d := testdb.DelayedTask(keyed(fmt.Sprint(i)), later)
					require.NoError(t, x.CreateDelayed(x.ctx, d, x.ahead()))
					ids[j] = d.ID
				})
			}
			both.Wait()
			require.Equal(t, ids[0], ids[1])
		}
	})
}

// One of two masters has the lease of a duty.
func TestLeaseOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for i := range 20 {
			var holders atomic.Int64
			var both sync.WaitGroup
			for name, x := range map[string]*bundle{"m1": a, "m2": b} {
				both.Go(func() {
					held, err := x.Acquire(x.ctx, fmt.Sprint("duty", i), name, time.Minute)
					require.NoError(t, err)
					if held {
						holders.Add(1)
					}
				})
			}
			both.Wait()
			require.EqualValues(t, 1, holders.Load())
		}
	})
}
