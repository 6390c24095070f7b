package e2e

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// firings groups the runs of a task by the firing that they are of.
func (w *world) firings(task *core.Task) map[string][]*core.Run {
	w.t.Helper()
	by := map[string][]*core.Run{}
	for _, r := range w.runs(store.RunFilter{TaskID: task.ID}) {
		by[r.Firing()] = append(by[r.Firing()], r)
	}
	return by
}

// spreading makes a task that goes to all workers, every so many seconds.
func spreading(strategy core.Strategy, expr string, children ...string) *core.Task {
	task := cronTask(expr)
	task.Routing.Strategy, task.Children = strategy, children
	return task
}

// A broadcast is a run on every worker that is alive when it is planned, told which of how many it is, and its child comes
// once, after all of them.
func TestBroadcastReachesEveryWorker(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = func(ctx context.Context, run *rpc.Run) core.Outcome {
			return takes(time.Duration(1+run.Shard)*100*time.Millisecond)(ctx, run)
		}
		child := w.running(cronTask("0 0 0 1 1 ? 2199"))
		task := w.running(spreading(core.RouteBroadcast, "*/20 * * * * ?", child.ID)) // planned before there is any worker
		_, stopAll := w.startWorkers([]*master.Master{nil}, []string{"w1", "w2", "w3"})
		defer stopAll()
		time.Sleep(59 * time.Second)
		firings := w.firings(task)
		require.GreaterOrEqual(t, len(firings), 2)
		ended := 0
		for _, runs := range firings {
			require.Len(t, runs, 3)
			for i, r := range runs {
				require.Equal(t, []any{i, 3}, []any{r.Shard, r.Shards})
				require.Equal(t, core.QueueOfNode([]string{"w1", "w2", "w3"}[i]), r.Queue)
				if r.State == core.RunSucceeded {
					ended++
				}
			}
		}
		var shards [][2]int32
		keys := map[string]bool{}
		var last, childAt time.Time
		for _, c := range w.target.seen() {
			keys[c.run.OccurrenceId] = true
			if c.run.TaskId == child.ID {
				childAt = c.at
				require.False(t, c.at.Before(last), "the child comes after the last of the firing")
				continue
			}
			last = c.until
			shards = append(shards, [2]int32{c.run.Shard, c.run.Shards})
		}
		require.Len(t, keys, len(w.target.seen()), "each has its own idempotency key")
		require.Equal(t, [][2]int32{{0, 3}, {1, 3}, {2, 3}}, shards[:3])
		require.False(t, childAt.IsZero())
		require.Len(t, w.runs(store.RunFilter{TaskID: child.ID}), ended/3, "one child a firing")
	})
}

// A worker that dies in the middle of its part: another does it under the same key, and only then comes the child. No
// other firing comes between.
func TestShardOfADeadWorkerIsDoneByAnother(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(5 * time.Second)
		ways, stopAll := w.startWorkers([]*master.Master{nil}, []string{"w1", "w2", "w3"})
		defer stopAll()
		time.Sleep(2 * time.Second)
		child := w.running(cronTask("0 0 0 1 1 ? 2199"))
		task := w.running(spreading(core.RouteSharded, "0 * * * * ?", child.ID))
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 2*time.Second)))
		ways[1].sever()
		cut := time.Now()
		time.Sleep(core.Lease - time.Second)
		require.Empty(t, w.runs(store.RunFilter{TaskID: child.ID}), "two of three have succeeded")
		time.Sleep(20 * time.Second)

		var first []*core.Run
		for _, runs := range w.firings(task) {
			if runs[0].State.Final() {
				first = runs
			}
		}
		require.Len(t, first, 4)
		byShard := map[int][]*core.Run{}
		for _, r := range first {
			byShard[r.Shard] = append(byShard[r.Shard], r)
		}
		require.Len(t, byShard[1], 2)
		lost, again := byShard[1][0], byShard[1][1]
		require.Equal(t, []any{core.RunLost, core.RunSucceeded}, []any{lost.State, again.State})
		require.Equal(t, []any{"w2", lost.OccurrenceID, 1, 3}, []any{lost.Worker, again.OccurrenceID, again.Shard, again.Shards})
		require.Contains(t, []string{"w1", "w3"}, again.Worker)
		require.LessOrEqual(t, again.SentAt.Sub(cut), core.Lease+2*time.Second)
		children := w.runs(store.RunFilter{TaskID: child.ID})
		require.Len(t, children, 1)
		require.False(t, children[0].Due.Before(again.AnsweredAt))

		// The next firing goes to those that are left.
		time.Sleep(time.Minute)
		for firing, runs := range w.firings(task) {
			if firing != first[0].Firing() && runs[0].State.Final() {
				require.Len(t, runs, 2)
			}
		}
		ways[1].heal()
		time.Sleep(10 * time.Second)
	})
}

// A worker that dies before a broadcast begins is not stood in for, and holds up nobody for long; one that comes back in
// time still gets it.
func TestBroadcastToADeadWorker(t *testing.T) {
	for name, back := range map[string]bool{"stays away": false, "comes back": true} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T, w *world) {
				first, _ := w.startWorker("w1", 10)
				defer stop(t, first)
				second, _ := w.startWorker("w2", 10)
				time.Sleep(2 * time.Second)
				task := w.running(spreading(core.RouteBroadcast, "0 * * * * ?"))
				due := time.Now().Truncate(time.Minute).Add(time.Minute)
				time.Sleep(time.Until(due.Add(-5 * time.Second))) // it has been planned
				stop(t, second)
				time.Sleep(time.Until(due.Add(4 * time.Second)))
				if back {
					second, _ = w.startWorker("w2", 10)
					defer stop(t, second)
				}
				time.Sleep(20 * time.Second)
				var runs []*core.Run
				for _, r := range w.runs(store.RunFilter{TaskID: task.ID}) {
					if r.Due.Equal(due) {
						runs = append(runs, r)
					}
				}
				require.Len(t, runs, 2)
				require.Equal(t, []any{"w1", core.RunSucceeded}, []any{runs[0].Worker, runs[0].State})
				if back {
					require.Equal(t, []any{"w2", core.RunSucceeded}, []any{runs[1].Worker, runs[1].State})
					return
				}
				require.Equal(t, core.RunCancelled, runs[1].State)
				require.Contains(t, runs[1].Result.Reason, "w2 was gone")
				require.LessOrEqual(t, runs[1].RecordedAt.Sub(due), core.Lease+2*time.Second)
			})
		})
	}
}

// Two masters, each with some of the workers and a view of its own, plan and dispatch the same tasks: each firing is written
// by one of them, whole, and no two firings of a task are under way at once.
func TestTwoMastersSpreadFirings(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w.target.answer = takes(1500 * time.Millisecond)
		other, stopOther := w.secondMaster()
		defer stopOther()
		ways, stopAll := w.startWorkers([]*master.Master{nil, other}, []string{"w1", "w2", "w3", "w4"})
		defer stopAll()
		time.Sleep(2 * time.Second)
		tasks := []*core.Task{w.running(spreading(core.RouteSharded, "* * * * * ?")), w.running(spreading(core.RouteBroadcast, "* * * * * ?"))}
		time.Sleep(20 * time.Second)
		ways[3].sever() // and in the middle of it one of them dies
		time.Sleep(40 * time.Second)
		for _, task := range tasks {
			require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, task.ID))
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		for _, task := range tasks {
			under := map[string][2]time.Time{} // from when to when each firing was under way, without retries
			var sent []*core.Run
			for firing, runs := range w.firings(task) {
				shards := map[int]bool{}
				for _, r := range runs {
					if r.State.Sent() {
						sent = append(sent, r)
					}
					require.True(t, r.State.Final(), "%+v", r)
					require.Equal(t, runs[0].Shards, r.Shards)
					shards[r.Shard] = true
					if !r.State.Sent() || r.Trigger == core.TriggerRetry { // a retry waits for the guard by itself
						continue
					}
					span, ok := under[firing]
					if !ok || r.DispatchedAt.Before(span[0]) {
						span[0] = r.DispatchedAt
					}
					if r.RecordedAt.After(span[1]) {
						span[1] = r.RecordedAt
					}
					under[firing] = span
				}
				require.Len(t, shards, runs[0].Shards, "each shard is there")
			}
			for i, a := range sent {
				for _, b := range sent[:i] {
					require.False(t, a.Firing() != b.Firing() && a.DispatchedAt.Before(b.RecordedAt) && b.DispatchedAt.Before(a.RecordedAt),
						"runs %s and %s of two firings at once", a.ID, b.ID)
				}
			}
			require.Greater(t, len(under), 10)
			for a, one := range under {
				for b, two := range under {
					require.False(t, a != b && one[0].Before(two[1]) && two[0].Before(one[1]), "firings %s and %s of %s at once", a, b, task.Routing.Strategy)
				}
			}
		}
		ways[3].heal()
		time.Sleep(10 * time.Second)
	})
}
