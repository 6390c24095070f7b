package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestCountersAddUp(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		b.register(core.NodeWorker, "w3", "", 24*time.Hour)
		k := b.task(atMostOnce)
		elsewhere := b.task(func(k *core.Task) { k.Namespace = "elsewhere" })
		since := time.Now()
		fire := func(k *core.Task, state core.RunState) {
			time.Sleep(time.Second)
			b.plan(k, testdb.Now())
			b.end(b.one(), state)
		}
		fire(k, core.RunSucceeded)
		fire(k, core.RunSucceeded)
		fire(k, core.RunFailed)
		fire(k, core.RunTimedOut)
		fire(elsewhere, core.RunFailed)
		b.delayed()
		b.end(b.one(), core.RunSucceeded)

		time.Sleep(time.Second)
		b.plan(k, testdb.Now())
		lost := b.give(master, "w3", b.reserve(master)...)[0]
		b.plan(k, testdb.Now().Add(time.Millisecond))
		time.Sleep(time.Second)
		require.Empty(t, b.dispatch(), "a conflict")
		b.die("w3")
		b.plan(k, testdb.Now().Add(time.Hour))
		b.move(k.ID, core.TaskPaused)
		require.NoError(t, b.CloseRuns(b.ctx, testdb.Run(k, testdb.Now(), func(r *core.Run) {
			r.State, r.Count, r.RecordedAt = core.RunMissed, 42, testdb.Now()
		})))

		hour := func(at time.Time) time.Time { return at.UTC().Truncate(time.Hour) }
		counts, err := b.HourlyCounts(b.ctx, core.DefaultNamespace, since)
		require.NoError(t, err)
		require.Equal(t, []store.HourCount{
			{Hour: hour(since), Outcome: core.RunCancelled, Runs: 1}, {Hour: hour(since), Outcome: core.RunConflict, Runs: 1},
			{Hour: hour(since), Outcome: core.RunFailed, Lateness: 1, Runs: 1}, {Hour: hour(since), Outcome: core.RunLost, Runs: 1},
			{Hour: hour(since), Outcome: core.RunMissed, Runs: 42}, {Hour: hour(since), Outcome: core.RunSucceeded, Lateness: 1, Runs: 3},
			{Hour: hour(since), Outcome: core.RunTimedOut, Lateness: 1, Runs: 1},
		}, counts)
		counts, err = b.HourlyCounts(b.ctx, "elsewhere", since)
		require.NoError(t, err)
		require.Equal(t, []store.HourCount{{Hour: hour(since), Outcome: core.RunFailed, Lateness: 1, Runs: 1}}, counts)
		n, err := b.PruneCounts(b.ctx, since)
		require.NoError(t, err)
		require.Zero(t, n, "none is of an hour before")
		counts, err = b.HourlyCounts(b.ctx, "elsewhere", since.Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, counts)
		n, err = b.PruneCounts(b.ctx, since.Add(time.Hour))
		require.NoError(t, err)
		require.EqualValues(t, 8, n, "each row")
		counts, err = b.HourlyCounts(b.ctx, core.DefaultNamespace, since)
		require.NoError(t, err)
		require.Empty(t, counts)

		got, err := b.Task(b.ctx, k.ID)
		require.NoError(t, err)
		require.Equal(t, core.TaskStats{Runs: 5, LastRunAt: b.run(lost.ID).DispatchedAt, LastOutcome: core.RunLost}, got.Stats, "those that were sent")
	})
}

// Outcomes may be recorded in another order than that of their sending.
func TestTaskStats(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(overlapping)
		base := testdb.Now()
		for i := range 4 {
			b.plan(k, base.Add(-time.Duration(i)*time.Second))
		}
		runs := b.dispatch()
		sentAt := func(i int) func(*core.Outcome) {
			return func(o *core.Outcome) { o.SentAt = base.Add(time.Duration(i) * time.Second) }
		}
		stats := func() core.TaskStats {
			got, err := b.Task(b.ctx, k.ID)
			require.NoError(t, err)
			return got.Stats
		}
		require.Zero(t, stats())
		b.end(runs[0], core.RunFailed, sentAt(2))
		b.end(runs[1], core.RunSucceeded, sentAt(1))
		require.Equal(t, core.TaskStats{Runs: 2, LastRunAt: base.Add(2 * time.Second), LastOutcome: core.RunFailed}, stats())
		b.report(testdb.Outcome(runs[2].Run, core.RunTimedOut, sentAt(4)), testdb.Outcome(runs[3].Run, core.RunSucceeded, sentAt(3)))
		require.Equal(t, core.TaskStats{Runs: 4, LastRunAt: base.Add(4 * time.Second), LastOutcome: core.RunTimedOut}, stats())
	})
}

func TestRunsPaging(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k, other := b.task(overlapping), b.task(overlapping, func(k *core.Task) { k.Namespace = "elsewhere" })
		base := testdb.Now().Add(-time.Hour)
		var all, ofK, open []string
		for i := range 20 {
			of := k
			if i%4 == 0 {
				of = other
			}
			r := testdb.Run(of, base.Add(time.Duration(i)*time.Millisecond))
			if i%3 == 0 {
				r.State, r.RecordedAt = core.RunSucceeded, testdb.Now()
				require.NoError(t, b.CloseRuns(b.ctx, r))
			} else {
				require.NoError(t, b.InsertRuns(b.ctx, r))
				open = append(open, r.ID)
			}
			all = append(all, r.ID)
			if of == k {
				ofK = append(ofK, r.ID)
			}
		}
		d := b.delayed()
		all = append(all, core.RunID(d.Due, core.DelayedKey(d.ID, 0)))
		open = append(open, all[20])
		for _, ids := range [][]string{all, ofK, open} {
			slices.Reverse(ids)
		}
		page := func(f store.RunFilter) []string {
			var ids []string
			for {
				runs, _, err := b.Runs(b.ctx, f)
				require.NoError(t, err)
				for _, r := range runs {
					ids = append(ids, r.ID)
				}
				if len(runs) < f.Limit {
					return ids
				}
				f.Before = ids[len(ids)-1]
			}
		}
		for _, limit := range []int{1, 3, 7, 21, 100} {
			require.Equal(t, all, page(store.RunFilter{Limit: limit}), "open and ended in one order, %d a page", limit)
			require.Equal(t, ofK, page(store.RunFilter{TaskID: k.ID, Limit: limit}))
			require.Equal(t, open, page(store.RunFilter{State: core.RunPlanned, Limit: limit}))
			require.Equal(t, all[:1], page(store.RunFilter{DelayedID: d.ID, Limit: limit}))
			require.Len(t, page(store.RunFilter{Namespace: "elsewhere", Limit: limit}), 5)
			require.Empty(t, page(store.RunFilter{State: core.RunFailed, Limit: limit}))
		}
		_, err := b.Run(b.ctx, "nothing")
		requireCode(t, err, core.CodeNotFound)
		depth, err := b.QueueDepth(b.ctx)
		require.NoError(t, err)
		require.Equal(t, map[core.RunState]int64{core.RunPlanned: int64(len(open))}, depth)
	})
}

// history writes n ended runs of a task, a second apart, with a log each, and gives their ids.
func (b *bundle) history(k *core.Task, from time.Time, n int, state core.RunState) []string {
	b.t.Helper()
	var ids []string
	for i := range n {
		r := testdb.Run(k, from.Add(time.Duration(i)*time.Second), func(r *core.Run) { r.State, r.RecordedAt = state, r.Due })
		require.NoError(b.t, b.CloseRuns(b.ctx, r))
		b.say(store.Held{RunID: r.ID}, 0, core.LogLine{Text: "line"})
		ids = append(ids, r.ID)
	}
	return ids
}

func (b *bundle) ended() []string {
	b.t.Helper()
	runs, err := b.EndedRuns(b.ctx)
	require.NoError(b.t, err)
	dump, err := b.Dump(b.ctx)
	require.NoError(b.t, err)
	require.Len(b.t, dump["run_logs"], len(runs), "logs go with their runs")
	var ids []string
	for id := range runs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func TestPruneByAge(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(-48 * time.Hour).Truncate(time.Second)
		k := b.task()
		ids := b.history(k, base, 10, core.RunSucceeded)
		open := b.plan(k, base)
		var counts []int
		for range 4 {
			n, err := b.Prune(b.ctx, base.Add(7*time.Second), 3)
			require.NoError(t, err)
			counts = append(counts, n)
		}
		require.Equal(t, []int{3, 3, 1, 0}, counts)
		require.Equal(t, ids[7:], b.ended(), "the one due at the bound is kept")
		require.Equal(t, core.RunPlanned, b.run(open.ID).State, "open runs are no history")
		late := testdb.Run(k, base, func(r *core.Run) { r.State, r.RecordedAt = core.RunSucceeded, testdb.Now() })
		require.NoError(t, b.CloseRuns(b.ctx, late))
		n, err := b.Prune(b.ctx, base.Add(7*time.Second), 3)
		require.NoError(t, err)
		require.Zero(t, n, "what was due long ago and has just been done is kept")
	})
}

func TestPruneByCount(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(-time.Hour).Truncate(time.Second)
		crowded, small, unsent := b.task(), b.task(), b.task()
		many := b.history(crowded, base, 10, core.RunSucceeded)
		few := b.history(small, base, 4, core.RunSucceeded)
		never := b.history(unsent, base, 6, core.RunConflict)
		tasks, err := b.CrowdedTasks(b.ctx, 4)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{crowded.ID, unsent.ID}, tasks, "also one whose runs were never sent")

		var counts []int
		for range 4 {
			n, err := b.PruneTask(b.ctx, crowded.ID, 4, 4)
			require.NoError(t, err)
			counts = append(counts, n)
		}
		require.Equal(t, []int{4, 2, 0, 0}, counts)
		n, err := b.PruneTask(b.ctx, small.ID, 4, 10)
		require.NoError(t, err)
		require.Zero(t, n)
		want := slices.Concat(many[6:], few, never)
		slices.Sort(want)
		require.Equal(t, want, b.ended())
		tasks, err = b.CrowdedTasks(b.ctx, 4)
		require.NoError(t, err)
		require.Equal(t, []string{unsent.ID}, tasks)
	})
}

func TestQueueDepth(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(overlapping)
		for i := range 3 {
			b.plan(k, testdb.Now().Add(-time.Duration(i)*time.Second))
		}
		runs := b.dispatch()
		b.started(runs[0], runs[1])
		b.plan(k, testdb.Now())
		depth, err := b.QueueDepth(b.ctx)
		require.NoError(t, err)
		require.Equal(t, "map[dispatched:1 planned:1 running:2]", fmt.Sprint(depth))
	})
}
