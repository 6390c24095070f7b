package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// miss ends planned runs that nobody holds as missed.
func (b *bundle) miss(reason string, runs ...*core.Run) {
	b.t.Helper()
	for _, r := range runs {
		r.State, r.Result.Reason = core.RunMissed, reason
	}
	require.NoError(b.t, b.EndPlanned(b.ctx, "", runs))
}

// record is a row of a task's history: the seconds of its first and last firing, and how many it stands for.
type record struct {
	state              core.RunState
	first, last, count int
}

// records gives the history of a task, in seconds from base.
func (b *bundle) records(k *core.Task, base time.Time) []record {
	b.t.Helper()
	second := func(at time.Time) int { return int(at.Sub(base) / time.Second) }
	var out []record
	for _, r := range b.list(store.RunFilter{TaskID: k.ID}) {
		if r.State.Final() {
			out = append(out, record{r.State, second(r.FirstDue), second(r.LastDue), r.Count})
		}
	}
	return out
}

// A stretch of missed firings is one record, however it came about.
func TestMissedFiringsOfAStretchAreOneRecord(t *testing.T) {
	const missed = core.RunMissed
	base := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	at := func(second int) time.Time { return base.Add(time.Duration(second) * time.Second) }
	// plan makes planned runs at some seconds.
	plan := func(b *bundle, k *core.Task, seconds ...int) []*core.Run {
		runs := make([]*core.Run, len(seconds))
		for i, s := range seconds {
			runs[i] = b.plan(k, at(s))
		}
		return runs
	}
	// sent makes a run at a second that was sent and ended.
	sent := func(b *bundle, k *core.Task, second int) {
		r := testdb.Run(k, at(second), func(r *core.Run) { r.State, r.RecordedAt = core.RunSucceeded, testdb.Now() })
		require.NoError(b.t, b.CloseRuns(b.ctx, r))
	}
	each(t, func(t *testing.T, b *bundle) {
		for _, c := range []struct {
			name string
			do   func(b *bundle, k *core.Task)
			want []record
		}{
			{"in one batch, in any order", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 3, 1, 2)
				b.miss("late", runs...)
			}, []record{{missed, 1, 3, 3}}},
			{"batch after batch", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 2, 3, 4, 5)
				b.miss("late", runs[:2]...)
				b.miss("late", runs[2:3]...)
				b.miss("late", runs[3:]...)
			}, []record{{missed, 1, 5, 5}}},
			{"cut by a run under way", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 2, 3, 4)
				b.miss("late", runs[0], runs[1], runs[3])
			}, []record{{missed, 1, 2, 2}, {missed, 4, 4, 1}}},
			{"cut by a run that ended", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 2, 4, 5)
				sent(b, k, 3)
				b.miss("late", runs...)
			}, []record{{missed, 1, 2, 2}, {core.RunSucceeded, 3, 3, 1}, {missed, 4, 5, 2}}},
			{"not lengthened over a run under way", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 2, 3)
				b.miss("late", runs[0])
				b.miss("late", runs[2])
			}, []record{{missed, 1, 1, 1}, {missed, 3, 3, 1}}},
			{"not lengthened over a run that ended", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 3)
				b.miss("late", runs[0])
				sent(b, k, 2)
				b.miss("late", runs[1])
			}, []record{{missed, 1, 1, 1}, {core.RunSucceeded, 2, 2, 1}, {missed, 3, 3, 1}}},
			{"the run between is missed last", func(b *bundle, k *core.Task) {
				runs := plan(b, k, 1, 2, 3, 4)
				b.miss("late", runs[0], runs[2])
				b.miss("late", runs[1])
				b.miss("late", runs[3])
			}, []record{{missed, 1, 2, 2}, {missed, 3, 4, 2}}},
			{"another version is another stretch", func(b *bundle, k *core.Task) {
				next := *k
				next.Version++
				b.miss("late", plan(b, k, 1)...)
				b.miss("late", plan(b, &next, 2)...)
			}, []record{{missed, 1, 1, 1}, {missed, 2, 2, 1}}},
			{"those never planned go on with those that were", func(b *bundle, k *core.Task) {
				b.miss("late", plan(b, k, 1, 2)...)
				d := store.DueTask{TaskID: k.ID, Namespace: k.Namespace, Version: k.Version}
				require.NoError(b.t, b.CloseRuns(b.ctx, store.MissedRun(d, at(3), at(9), 7, testdb.Now(), "nothing was running")))
				b.miss("late", plan(b, k, 10)...)
			}, []record{{missed, 1, 10, 10}}},
		} {
			b.sub(t, c.name, func(t *testing.T, b *bundle) {
				k, other := b.task(overlapping), b.task(overlapping)
				theirs := plan(b, other, 0, 1, 2, 3, 4, 5)
				c.do(b, k)
				require.Equal(t, c.want, b.records(k, base))
				b.miss("late", theirs...)
				require.Equal(t, []record{{missed, 0, 5, 6}}, b.records(other, base), "a task is no neighbour of another")

				var firings int64
				for _, r := range c.want {
					if r.state == missed {
						firings += int64(r.count)
					}
				}
				counts, err := b.HourlyCounts(b.ctx, core.DefaultNamespace, testdb.Now())
				require.NoError(t, err)
				i := slices.IndexFunc(counts, func(c store.HourCount) bool { return c.Outcome == missed })
				require.Equal(t, firings+6, counts[i].Runs, "each firing counts once")
			})
		}
	})
}

func TestRecordOfAStretchTellsAll(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task()
		base := testdb.Now()
		first, second, third := b.plan(k, base), b.plan(k, base.Add(time.Second)), b.plan(k, base.Add(2*time.Second))
		b.miss("no slot", first)
		time.Sleep(time.Hour)
		b.miss("no worker", second)
		b.miss("no slot", third)
		r := b.run(first.ID)
		require.Equal(t, "no slot; no worker", r.Result.Reason, "each reason once")
		require.True(t, r.RecordedAt.Equal(testdb.Now()), "it is as old as its last firing, so that it is kept as long")
		require.Equal(t, 3, r.Count)
		last, err := b.LastDue(b.ctx, k.ID)
		require.NoError(t, err)
		require.True(t, last.Equal(third.Due), "a schedule goes on after what it missed")
		require.Equal(t, 1, first.Count, "who ended them counts each")
		_, err = b.Run(b.ctx, second.ID)
		requireCode(t, err, core.CodeNotFound)
	})
}

func TestLateTasks(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Truncate(time.Second)
		late, lateToo, now := b.task(), b.task(), b.task()
		b.plan(late, base.Add(-2*time.Minute))
		b.plan(late, base)
		b.plan(lateToo, base.Add(-time.Minute))
		b.plan(now, base)
		b.delayed(func(d *core.DelayedTask) { d.Due = base.Add(-time.Hour) })
		tasks, err := b.LateTasks(b.ctx, base)
		require.NoError(t, err)
		require.Equal(t, []string{late.ID, lateToo.ID}, tasks)
		tasks, err = b.LateTasks(b.ctx, base.Add(-time.Minute))
		require.NoError(t, err)
		require.Equal(t, []string{late.ID}, tasks)
	})
}

func TestLateRunsAreThoseThatNobodyTook(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(-time.Minute).Truncate(time.Second)
		k := b.task(overlapping)
		at := func(second int, changes ...func(*core.Run)) *core.Run {
			return b.plan(k, base.Add(time.Duration(second)*time.Second), changes...)
		}
		queued := func(q string) func(*core.Run) { return func(r *core.Run) { r.Queue = q } }
		at(1, queued("held"))
		at(2, queued("given"))
		b.reserve(master, "held")
		b.give(master, worker, b.reserve(master, "given")...)
		at(3, func(r *core.Run) { r.Trigger = core.TriggerManual })
		var want []string
		for s := 4; s < 10; s++ {
			want = append(want, at(s, queued("node:gone")).ID)
		}
		at(10)
		b.plan(b.task(), base)
		late := func(from, before, limit int) (ids []string) {
			runs, err := b.LateRuns(b.ctx, k.ID, base.Add(time.Duration(from)*time.Second), base.Add(time.Duration(before)*time.Second), limit)
			require.NoError(t, err)
			for _, r := range runs {
				ids = append(ids, r.ID)
			}
			return ids
		}
		require.Equal(t, want, late(0, 10, 100))
		require.Equal(t, want[:2], late(0, 10, 2), "the longest due first")
		require.Equal(t, want[2:4], late(6, 10, 2))
	})
}
