package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// fire plans a firing of a task by hand and gives its runs as they were planned.
func (b *bundle) fire(k *core.Task) []*core.Run {
	b.t.Helper()
	b.fired++
	first, err := b.RunTask(b.ctx, k, string(rune('a'+b.fired)), 1, testdb.AnyWorker)
	require.NoError(b.t, err)
	var runs []*core.Run
	for _, r := range b.list(store.RunFilter{TaskID: k.ID}) {
		if r.Firing() == first.Firing() {
			runs = append(runs, r)
		}
	}
	return runs
}

// byShard gives the state of the last run of each shard of a firing.
func (b *bundle) byShard(firing *core.Run) []core.RunState {
	b.t.Helper()
	states := make([]core.RunState, testdb.Shards)
	attempts := make([]int, testdb.Shards)
	for _, r := range b.list(store.RunFilter{TaskID: firing.TaskID}) {
		if r.Firing() == firing.Firing() && r.Attempt > attempts[r.Shard] {
			states[r.Shard], attempts[r.Shard] = r.State, r.Attempt
		}
	}
	return states
}

func all(state core.RunState) []core.RunState { return []core.RunState{state, state, state} }

func TestFiringToAllWorkers(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread)
		runs := b.fire(k)
		require.Len(t, runs, testdb.Shards)
		for i, r := range runs {
			require.Equal(t, []any{i, testdb.Shards, core.ShardID(runs[0].ID, i), runs[0].Due}, []any{r.Shard, r.Shards, r.ID, r.Due})
			require.Equal(t, r.ID, r.OccurrenceID, "each is an occurrence of its own: the target tells them apart by their keys")
		}
		sent := b.dispatch()
		require.Len(t, sent, testdb.Shards, "they are not in each other's way")
		require.Equal(t, map[string]string{k.ID: runs[0].ID}, b.guards(), "the guard is the firing's")
		for i, r := range sent {
			b.end(r, core.RunSucceeded)
			require.Equal(t, i < len(sent)-1, len(b.guards()) == 1, "until its last run has ended")
		}
		got, err := b.Task(b.ctx, k.ID)
		require.NoError(t, err)
		require.EqualValues(t, testdb.Shards, got.Stats.Runs, "each run counts")
	})
}

// No two firings of a task that forbids overlap are under way at once, whichever shard of which comes first.
func TestShardsOfTwoFirings(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread)
		first := b.fire(k)
		reserved := b.reserve(master)
		one := b.give(master, worker, reserved[0])[0]
		b.end(one, core.RunSucceeded)
		require.Equal(t, first[0].ID, b.guards()[k.ID], "it has ended, but the others are still to begin")

		second := b.fire(k)
		later := b.reserve("m2")
		require.Empty(t, b.give("m2", "w2", later[1]))
		require.Equal(t, all(core.RunConflict), b.byShard(second[0]), "a firing is in conflict as a whole")
		require.Contains(t, b.run(second[2].ID).Result.Reason, first[0].ID)
		require.Empty(t, b.give("m2", "w2", later[0], later[2]), "a master that holds some of it finds them gone")

		rest := b.give(master, worker, reserved[1:]...)
		require.Len(t, rest, 2, "what has begun goes on")
		b.die(worker)
		require.Empty(t, b.guards(), "recovery runs wait for the guard like any")
		third := b.fire(k)
		require.Equal(t, all(core.RunPlanned), b.byShard(third[0]))
		batch := b.reserve(master)
		var news, again []*store.Reserved
		for _, r := range batch {
			if r.Trigger == core.TriggerRetry {
				again = append(again, r)
			} else {
				news = append(news, r)
			}
		}
		require.Len(t, again, 2)
		require.Len(t, b.give(master, "w2", again[0]), 1)
		require.Equal(t, first[0].ID, b.guards()[k.ID], "the first firing has it again")
		require.Len(t, b.give(master, "w2", again[1]), 1, "and all its shards")
		require.Empty(t, b.give(master, "w2", news[0]))
		require.Equal(t, all(core.RunConflict), b.byShard(third[0]))
	})
}

// A retry of a shard is that shard's occurrence, and holds up no other firing while it waits.
func TestShardIsRetried(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(spread, retrying)
		first := b.fire(k)
		sent := b.dispatch()
		b.end(sent[0], core.RunSucceeded)
		b.end(sent[1], core.RunFailed)
		b.end(sent[2], core.RunSucceeded)
		require.Empty(t, b.guards())
		retry := b.open()
		require.Equal(t, []any{1, testdb.Shards, first[1].ID, first[0].ID}, []any{retry.Shard, retry.Shards, retry.OccurrenceID, retry.Firing()})

		b.fire(k)
		second := b.dispatch()
		require.Len(t, second, testdb.Shards)
		time.Sleep(10 * time.Second)
		require.Empty(t, b.dispatch(), "it waits for the guard")
		require.Equal(t, core.RunPlanned, b.run(retry.ID).State)
		for _, r := range second {
			b.end(r, core.RunSucceeded)
		}
		time.Sleep(core.LookAhead + time.Second)
		require.Equal(t, retry.ID, b.one().ID)
	})
}

// However the last run of a firing that is still to begin leaves the queue, the guard goes with it.
func TestGuardGoesWithTheLastShard(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, leave := range map[string]func(b *bundle, r *store.Reserved){
			"missed": func(b *bundle, r *store.Reserved) {
				r.State, r.Result.Reason = core.RunMissed, "late"
				require.NoError(b.t, b.EndPlanned(b.ctx, master, []*core.Run{r.Run}))
			},
			"paused": func(b *bundle, r *store.Reserved) { b.move(r.TaskID, core.TaskPaused) },
			"cancelled": func(b *bundle, r *store.Reserved) {
				_, err := b.CancelRun(b.ctx, r.ID, "by hand")
				require.NoError(b.t, err)
			},
			"abandoned": func(b *bundle, r *store.Reserved) {
				require.NoError(b.t, b.Release(b.ctx, master, []*core.Run{r.Run}))
				over, err := b.Abandon(b.ctx, r.Queue, "gone", []string{r.ID}, testdb.AnyWorker)
				require.NoError(b.t, err)
				require.Len(b.t, over, 1)
			},
			"succeeded": func(b *bundle, r *store.Reserved) { b.end(b.give(master, worker, r)[0], core.RunSucceeded) },
			"lost":      func(b *bundle, r *store.Reserved) { b.give(master, worker, r); b.die(worker) },
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(spread, retrying)
				b.fire(k)
				reserved := b.reserve(master)
				b.end(b.give(master, worker, reserved[0])[0], core.RunFailed)
				b.end(b.give(master, worker, reserved[1])[0], core.RunSucceeded)
				require.Len(t, b.guards(), 1)
				leave(b, reserved[2])
				require.Empty(t, b.guards())
			})
		}
	})
}

// A shard that its worker never had is still to begin, so its firing keeps the guard; a retry does not.
func TestShardGivenBack(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(spread, retrying)
		first := b.fire(k)
		sent := b.dispatch()
		require.NoError(t, b.Return(b.ctx, held(sent...), testdb.AnyWorker))
		require.Equal(t, map[string]string{k.ID: first[0].ID}, b.guards())
		require.Equal(t, all(core.RunPlanned), b.byShard(first[0]))
		for _, r := range b.dispatch() {
			b.end(r, core.RunFailed)
		}
		require.Empty(t, b.guards())
		time.Sleep(10 * time.Second)
		retries := b.dispatch()
		require.Len(t, retries, testdb.Shards)
		require.Len(t, b.guards(), 1)
		require.NoError(t, b.Return(b.ctx, held(retries...), testdb.AnyWorker))
		require.Empty(t, b.guards())
	})
}

// Runs that wait strictly for a worker that may never come back must not stop their task.
func TestStrictShardsKeepNoGuard(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread, func(k *core.Task) { k.Routing.Strict, k.Executors = true, []string{"w1", "w2"} })
		first := b.fire(k)
		b.end(b.give(master, "w1", b.reserve(master, "node:w1")...)[0], core.RunSucceeded)
		require.Empty(t, b.guards(), "the run of w2 has not begun")
		second := b.fire(k)
		require.Len(t, b.give(master, "w1", b.reserve(master, "node:w1")...), 1)
		late := b.reserve(master, "node:w2")
		require.Len(t, late, 2)
		sent := b.give(master, "w2", late...)
		require.Len(t, sent, 1, "the first firing's finds the second one under way")
		require.Equal(t, second[1].ID, sent[0].ID)
		require.True(t, b.run(first[1].ID).PutOff(), "it waits: only an earlier firing turns one away")
	})
}

func TestChildrenOfAShardedFiringAreFiredOnce(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		child := b.task()
		together := b.task(spread)
		k := b.task(spread, retrying, func(k *core.Task) { k.Children = []string{child.ID, together.ID} })
		first := b.fire(k)
		sent := b.dispatch()
		b.end(sent[2], core.RunSucceeded)
		b.end(sent[0], core.RunFailed)
		b.end(sent[1], core.RunSucceeded)
		require.Empty(t, b.list(store.RunFilter{TaskID: child.ID}), "one shard is still to be retried")
		time.Sleep(10 * time.Second)
		retry := b.one()
		rec := b.end(retry, core.RunSucceeded)
		require.False(t, rec.Next.IsZero())
		runs := b.list(store.RunFilter{TaskID: child.ID})
		require.Len(t, runs, 1)
		require.Equal(t, retry.ID, runs[0].ParentRunID, "it gets the result of the run that completed the firing")
		require.Equal(t, core.RunID(runs[0].Due, core.ChildKey(first[0].ID, child.ID)), runs[0].ID, "its cause is the firing")
		require.Len(t, b.list(store.RunFilter{TaskID: together.ID}), testdb.Shards, "a child may go to all workers too")
		for _, r := range b.dispatch() {
			require.Equal(t, retry.ID, r.ParentRunID)
			require.Equal(t, "success", string(r.ParentResult))
		}

		// All in one batch, and without a child when one of them has failed for good.
		b.fire(k)
		var outcomes []core.Outcome
		for _, r := range b.dispatch() {
			outcomes = append(outcomes, testdb.Outcome(r.Run, core.RunSucceeded))
		}
		b.report(outcomes...)
		require.Len(t, b.list(store.RunFilter{TaskID: child.ID}), 2)
		b.fire(k)
		for i, r := range b.dispatch() {
			b.end(r, map[bool]core.RunState{true: core.RunFailed, false: core.RunSucceeded}[i == 0], func(o *core.Outcome) { o.Retryable = false })
		}
		require.Len(t, b.list(store.RunFilter{TaskID: child.ID}), 2)
		require.Len(t, b.notices(), 1, "somebody is told of the one")
	})
}

// An unrouted firing becomes a run for each worker that came, once.
func TestSpread(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread)
		unrouted := func(core.Destination) []string { return []string{core.QueueUnrouted} }
		first, err := b.RunTask(b.ctx, k, "request", 1, unrouted)
		require.NoError(t, err)
		stranded, _, err := b.Stranded(b.ctx, nil, testdb.Now(), store.Place{}, 10)
		require.NoError(t, err)
		require.Len(t, stranded, 1)
		require.Equal(t, []any{core.QueueUnrouted, "", true}, []any{stranded[0].Queue, stranded[0].Destination.Last, stranded[0].Destination.Routing.Spreads()})
		require.True(t, first.FireAt.Equal(stranded[0].FireAt) || stranded[0].FireAt.Equal(first.FireAt.Truncate(time.Microsecond)))

		var masters sync.WaitGroup // each with a view of its own
		for _, queues := range [][]string{{"node:w1"}, {"node:w1", "node:w2"}} {
			masters.Go(func() { require.NoError(t, b.Spread(b.ctx, first.ID, queues)) })
		}
		masters.Wait()
		runs := b.list(store.RunFilter{TaskID: k.ID})
		require.Equal(t, runs[0].Shards, len(runs))
		for i, r := range runs {
			require.Equal(t, core.ShardID(first.ID, i), r.ID)
			require.Equal(t, core.QueueOfNode([]string{"w1", "w2"}[i]), r.Queue)
		}
		require.Len(t, b.give(master, "w1", b.reserve(master, "node:w1", "node:w2")...), len(runs))

		require.NoError(t, b.Spread(b.ctx, first.ID, []string{"node:w1", "node:w2", "node:w3"}))
		require.Len(t, b.list(store.RunFilter{TaskID: k.ID}), len(runs), "it has been spread")
		withdrawn, err := b.RunTask(b.ctx, k, "another", 1, unrouted)
		require.NoError(t, err)
		b.move(k.ID, core.TaskPaused)
		require.NoError(t, b.Spread(b.ctx, withdrawn.ID, []string{"node:w1", "node:w2"}))
		require.Equal(t, core.RunCancelled, b.run(withdrawn.ID).State)
		require.Len(t, b.list(store.RunFilter{TaskID: k.ID}), len(runs)+1)
	})
}

// Whoever was to be told of a failure hears of it when the run that was to make up for it cannot be done.
func TestAbandonedShards(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(spread, func(k *core.Task) { k.Executors = []string{"w1", "w2"} })
		first := b.fire(k)
		sent := b.give(master, "w1", b.reserve(master, "node:w1")...)
		b.started(sent...)
		require.NoError(t, b.Expire(b.ctx, "w1"))
		_, _, err := b.Recover(b.ctx, "w1", func(d core.Destination) []string {
			require.Equal(t, "w1", d.Last, "the router may keep it there")
			return []string{"node:w1"}
		})
		require.NoError(t, err)
		again := ""
		for _, r := range b.list(store.RunFilter{TaskID: k.ID, State: core.RunPlanned}) {
			if r.Attempt == 2 {
				again = r.ID
			}
		}
		held := b.reserve(master, "node:w2")
		require.Len(t, held, 1)

		over, err := b.Abandon(b.ctx, "node:w1", "the worker is gone", []string{again, first[1].ID, "unknown"}, testdb.AnyWorker)
		require.NoError(t, err)
		require.Len(t, over, 1, "the other is in another queue, and a master has it")
		require.Equal(t, []any{core.RunCancelled, "the worker is gone"}, []any{b.run(again).State, b.run(again).Result.Reason})
		require.Equal(t, []string{again}, b.notices())
		require.NoError(t, b.Release(b.ctx, master, []*core.Run{held[0].Run}))
		_, err = b.Abandon(b.ctx, "node:w2", "the worker is gone", []string{first[1].ID}, testdb.AnyWorker)
		require.NoError(t, err)
		require.Equal(t, []string{again}, b.notices(), "of a broadcast that never began nobody is told")
		b.none()
		require.Empty(t, b.guards())
	})
}
