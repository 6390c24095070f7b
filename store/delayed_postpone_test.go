package store_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestPostponeDelayed(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		far := testdb.Now().Add(48 * time.Hour)
		near := testdb.Now().Add(-time.Second) // the store lets it be: when it is to be is the service's rule
		postpone := func(b *bundle, id string, due time.Time) bool {
			b.t.Helper()
			soon, err := b.PostponeDelayed(b.ctx, id, due, "put off", b.ahead())
			require.NoError(b.t, err)
			return soon
		}
		b.sub(t, "one that waits", func(t *testing.T, b *bundle) {
			d := b.delayed(later)
			require.False(t, postpone(b, d.ID, far))
			got := b.delayedTask(d.ID)
			require.Equal(t, core.DelayedCreated, got.State)
			require.True(t, got.Due.Equal(far))
			require.Zero(t, got.Resets)
			n, _, err := b.PlanDelayed(b.ctx, far.Add(-time.Second), 10, testdb.AnyWorker)
			require.NoError(t, err)
			require.Zero(t, n)
			n, _, err = b.PlanDelayed(b.ctx, far, 10, testdb.AnyWorker)
			require.NoError(t, err)
			require.Equal(t, 1, n)
		})
		b.sub(t, "one that is planned, and back to the same instant", func(t *testing.T, b *bundle) {
			d := b.delayed()
			first := b.open()
			require.False(t, postpone(b, d.ID, far))
			b.none()
			require.Equal(t, core.RunCancelled, b.run(first.ID).State)
			require.Equal(t, "put off", b.run(first.ID).Result.Reason)
			require.True(t, postpone(b, d.ID, d.Due))
			second := b.open()
			require.NotEqual(t, first.ID, second.ID)
			require.Equal(t, 1, b.delayedTask(d.ID).Resets)
			b.end(b.one(), core.RunSucceeded)
			require.Equal(t, core.DelayedSucceeded, b.delayedTask(d.ID).State)
		})
		b.sub(t, "one that a master has reserved", func(t *testing.T, b *bundle) {
			d := b.delayed()
			held := b.reserve("m2")
			require.Len(t, held, 1)
			postpone(b, d.ID, near)
			require.Empty(t, b.give("m2", worker, held...), "the timer of the master that had it sends nothing")
			b.end(b.one(), core.RunSucceeded)
		})
		b.sub(t, "one that waits for its retry", func(t *testing.T, b *bundle) {
			d := b.delayed()
			b.end(b.one(), core.RunFailed)
			postpone(b, d.ID, near)
			again := b.one()
			require.Equal(t, 1, again.Attempt)
			require.Zero(t, again.Retry)
			b.end(again, core.RunSucceeded)
			require.EqualValues(t, 1, b.delayedTask(d.ID).Runs, "those since it began anew")
		})
		for state, bring := range map[string]func(b *bundle){
			"dispatched": func(b *bundle) { b.one() },
			"running":    func(b *bundle) { b.started(b.one()) },
			"succeeded":  func(b *bundle) { b.end(b.one(), core.RunSucceeded) },
		} {
			b.sub(t, "not one that is "+state, func(t *testing.T, b *bundle) {
				d := b.delayed()
				bring(b)
				before, err := b.Dump(b.ctx)
				require.NoError(t, err)
				_, err = b.PostponeDelayed(b.ctx, d.ID, far, "", b.ahead())
				requireCode(t, err, core.CodeConflict)
				after, err := b.Dump(b.ctx)
				require.NoError(t, err)
				require.Equal(t, before, after, "a refusal changes nothing")
			})
		}
		_, err := b.PostponeDelayed(b.ctx, "x", far, "", b.ahead())
		requireCode(t, err, core.CodeNotFound)
	})
}

// Delayed tasks are postponed while another master plans, reserves and sends them: each is called once in the end, at the
// instant it has then, and no run of an earlier one is left.
func TestPostponeRacesPlanning(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const n = 60
		first, second := testdb.Now().Add(-2*time.Second), testdb.Now().Add(-time.Second)
		tasks := make([]*core.DelayedTask, n)
		for i := range tasks {
			tasks[i] = testdb.DelayedTask()
			tasks[i].Due = first
		}
		// They are stored as if the planner had not come to them yet.
		require.NoError(t, a.CreateDelayedBatch(a.ctx, tasks, store.PlanAhead{Until: first.Add(-time.Hour), Route: testdb.AnyWorker}))
		var postponed, next, rounds atomic.Int64
		race(a, b, func(x *bundle, name string) bool {
			if name == "m1" {
				i := next.Add(1) - 1
				if i >= n {
					return false
				}
				_, err := x.PostponeDelayed(x.ctx, tasks[i].ID, second, "put off", store.PlanAhead{Until: first, Route: testdb.AnyWorker})
				if err == nil {
					postponed.Add(1)
				} else {
					requireCode(t, err, core.CodeConflict)
				}
				return true
			}
			_, _, err := x.PlanDelayed(x.ctx, second, 7, testdb.AnyWorker)
			require.NoError(t, err)
			held, _, err := x.Reserve(x.ctx, name, core.QueueDefault, x.soon(), 5, room)
			require.NoError(t, err)
			x.give(name, worker, held...)
			rounds.Add(1)
			return next.Load() < n || rounds.Load() < n
		})
		_, _, err := a.PlanDelayed(a.ctx, second, n, testdb.AnyWorker)
		require.NoError(t, err)
		for _, d := range tasks {
			got := a.delayedTask(d.ID)
			require.Equal(t, core.DelayedReady, got.State)
			var open []*core.Run
			for _, r := range a.list(store.RunFilter{DelayedID: d.ID}) {
				if !r.State.Final() {
					open = append(open, r)
				} else {
					require.Equal(t, core.RunCancelled, r.State)
				}
			}
			require.Len(t, open, 1, "one call is to come, or under way")
			require.True(t, open[0].Due.Equal(got.Due), "at the instant that it has")
		}
		t.Logf("%d of %d were postponed", postponed.Load(), n)
	})
}
