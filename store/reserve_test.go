package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestReserve(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		k := b.task()
		late := b.plan(k, base.Add(-time.Minute))
		now := b.plan(k, base)
		soon := b.plan(k, base.Add(time.Second))
		b.plan(k, base, func(r *core.Run) { r.ID, r.Queue = "elsewhere", "node:w2" })

		reserve := func(until time.Time, limit int) []*store.Reserved {
			runs, _, err := b.Reserve(b.ctx, master, core.QueueDefault, until, limit, room)
			require.NoError(t, err)
			return runs
		}
		require.Empty(t, reserve(base.Add(-time.Hour), 10))
		first := reserve(base, 1)
		require.Len(t, first, 1)
		require.Equal(t, late.ID, first[0].ID, "the longest due comes first")
		require.EqualValues(t, 1, first[0].Token)
		require.Equal(t, master, first[0].Holder)
		require.Equal(t, core.RunPlanned, first[0].State)
		require.Equal(t, k.Callback.URL, first[0].Task.Callback.URL)
		require.JSONEq(t, `{"method":"POST","url":"http://127.0.0.1/invoices"}`, string(first[0].Callback))

		second := reserve(base, 10)
		require.Len(t, second, 1)
		require.Equal(t, now.ID, second[0].ID)
		third := reserve(base.Add(time.Second), 10)
		require.Len(t, third, 1)
		require.Equal(t, soon.ID, third[0].ID)
		require.Empty(t, reserve(base.Add(time.Hour), 10), "all are held")
		require.Len(t, b.reserve(master, "node:w2"), 1)
	})
}

// What is reserved fits into the room that its master has, whatever it is made of; the rest stays in the queue.
func TestReservedRunsFit(t *testing.T) {
	const size = 100 << 10
	large := strings.Repeat("x", size)
	for name, plan := range map[string]func(b *bundle, at time.Time){
		"callbacks of delayed tasks": func(b *bundle, at time.Time) {
			b.delayed(func(d *core.DelayedTask) { d.Due, d.Callback.Body = at, large })
		},
		"callbacks of tasks": func(b *bundle, at time.Time) {
			b.plan(b.task(func(k *core.Task) { k.Callback.Body = large }), at)
		},
		"results of parents": func(b *bundle, at time.Time) {
			parent := testdb.Run(b.task(), at, func(r *core.Run) { r.State, r.Result.Response = core.RunSucceeded, []byte(large) })
			require.NoError(b.t, b.CloseRuns(b.ctx, parent))
			b.plan(b.task(), at, func(r *core.Run) { r.ParentRunID = parent.ID })
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bundle) {
				const runs = 25
				base := testdb.Now().Add(-time.Minute)
				for i := range runs {
					plan(b, base.Add(time.Duration(i)*time.Second))
				}
				var at time.Time
				total := 0
				for _, c := range []struct {
					limit, room, want int
					more              bool
				}{
					{100, size, 0, true},
					{100, 5*size + size/2, 5, true},
					{3, 10 * size, 3, true},
					{100, 10*size + size/2, 10, true},
					{100, 64 << 20, 7, false},
				} {
					got, more, err := b.Reserve(b.ctx, master, core.QueueDefault, testdb.Now(), c.limit, c.room)
					require.NoError(t, err)
					require.Len(t, got, c.want)
					require.Equal(t, c.more, more)
					took := 0
					for _, r := range got {
						took += r.Size()
						require.Greater(t, r.Size(), size)
						require.True(t, r.FireAt.After(at), "in their order, whatever was given back")
						at = r.FireAt
					}
					require.LessOrEqual(t, took, c.room)
					total += len(got)
					require.Len(t, b.free(), runs-total, "the rest is free")
				}
			})
		})
	}
}

// free gives the runs that any master may reserve.
func (b *bundle) free() (ids []string) {
	b.t.Helper()
	open, err := b.OpenRuns(b.ctx)
	require.NoError(b.t, err)
	for id, r := range open {
		if r.Holder == "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestReservedRunBringsWhatItsWorkerNeeds(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed(func(d *core.DelayedTask) { d.Callback.Body = "hello" })
		runs := b.reserve(master)
		require.Len(t, runs, 1)
		require.Equal(t, d.ID, runs[0].DelayedID)
		require.Nil(t, runs[0].Task)
		require.Contains(t, string(runs[0].Callback), `"body":"hello"`)
		require.Positive(t, runs[0].Size())

		b.upload("p", "1.0.0")
		plugin := b.task(plugged("p", ""))
		b.plan(plugin, testdb.Now())
		runs = b.reserve(master)
		require.Len(t, runs, 1)
		require.Equal(t, plugin.Plugin, runs[0].Task.Plugin)
		require.Nil(t, runs[0].Callback)
	})
}

func TestMastersReserveApart(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const runs = 300
		k := b.task(overlapping)
		base := testdb.Now()
		for i := range runs {
			b.plan(k, base.Add(-time.Duration(i)*time.Millisecond))
		}
		var mu sync.Mutex
		owner := map[string]string{}
		var masters sync.WaitGroup
		for _, m := range []string{"m1", "m2"} {
			masters.Go(func() {
				for {
					got, _, err := b.Reserve(b.ctx, m, core.QueueDefault, base, 20, room)
					require.NoError(t, err)
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, r := range got {
						require.Empty(t, owner[r.ID], "reserved twice")
						owner[r.ID] = m
					}
					mu.Unlock()
				}
			})
		}
		masters.Wait()
		require.Len(t, owner, runs)
	})
}

func TestRelease(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		mine := b.reserve(master)
		require.Len(t, mine, 1)

		require.NoError(t, b.Release(b.ctx, "m2", []*core.Run{mine[0].Run}))
		require.Empty(t, b.reserve("m2"), "only its holder can give it back")
		stale := *mine[0].Run
		stale.Token--
		require.NoError(t, b.Release(b.ctx, master, []*core.Run{&stale}))
		require.Empty(t, b.reserve("m2"), "and only by its token")

		require.NoError(t, b.Release(b.ctx, master, []*core.Run{mine[0].Run}))
		theirs := b.reserve("m2")
		require.Len(t, theirs, 1)
		require.Greater(t, theirs[0].Token, mine[0].Token)
		require.Empty(t, b.give(master, worker, mine...), "what was given back is not sent")
		sent := b.give("m2", worker, theirs...)
		require.Len(t, sent, 1)
		require.NoError(t, b.Release(b.ctx, "m2", []*core.Run{theirs[0].Run}))
		require.Equal(t, core.RunDispatched, b.open().State, "nor is what was sent given back")
	})
}

func TestEndPlanned(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		b.plan(k, testdb.Now())
		b.plan(k, testdb.Now().Add(-time.Second))
		runs := b.reserve(master)
		require.Len(t, runs, 2)
		for _, r := range runs {
			r.State, r.Result.Reason = core.RunMissed, "too late"
		}
		require.NoError(t, b.EndPlanned(b.ctx, "m2", []*core.Run{runs[0].Run}))
		require.Len(t, b.states(store.RunFilter{State: core.RunPlanned}), 2, "another master's")
		require.NoError(t, b.Release(b.ctx, master, []*core.Run{runs[1].Run}))

		require.NoError(t, b.EndPlanned(b.ctx, master, []*core.Run{runs[0].Run, runs[1].Run}))
		missed := b.run(runs[0].ID)
		require.Equal(t, core.RunMissed, missed.State)
		require.Equal(t, "too late", missed.Result.Reason)
		require.False(t, missed.RecordedAt.IsZero())
		require.Equal(t, core.RunPlanned, b.run(runs[1].ID).State, "one given back is not ended")
		require.Empty(t, b.guards())
	})
}

// A run whose task has moved on can be done by nobody.
func TestRunWithoutDefinitionIsCancelled(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(func(k *core.Task) { k.Version = 7 })
		b.plan(k, testdb.Now(), func(r *core.Run) { r.ID, r.TaskVersion = "old", 6 })
		b.plan(k, testdb.Now(), func(r *core.Run) { r.ID, r.TaskID = "orphan", "gone" })
		b.plan(k, testdb.Now(), func(r *core.Run) { r.ID, r.TaskID, r.DelayedID = "delayed", "", "gone" })
		good := b.plan(k, testdb.Now())
		b.ForgetDefinitions()
		runs := b.reserve(master)
		require.Len(t, runs, 1)
		require.Equal(t, good.ID, runs[0].ID)
		for _, id := range []string{"old", "orphan", "delayed"} {
			r := b.run(id)
			require.Equal(t, core.RunCancelled, r.State, id)
			require.Contains(t, r.Result.Reason, "definition is gone", id)
		}
	})
}

// A master that does not learn what it reserved must not hold it.
func TestFailedReservationHoldsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.delayed()
		k := b.task()
		b.plan(k, testdb.Now())
		b.plan(k, testdb.Now(), func(r *core.Run) { r.ID, r.TaskID = "orphan", "gone" })
		b.plan(k, testdb.Now(), func(r *core.Run) { r.ID, r.ParentRunID = "child", "parent" })
		tap := store.NewTap(b.Store)
		for n := 1; ; n++ {
			b.ForgetDefinitions()
			tap.FailAt(n)
			runs, _, err := b.Reserve(b.ctx, master, core.QueueDefault, testdb.Now(), 10, 1500) // room for two
			tap.FailAt(0)
			if err == nil {
				require.Len(t, runs, 2)
				require.Len(t, b.free(), 1, "there was no room for one")
				require.Greater(t, n, 4, "every statement was made to fail")
				return
			}
			require.ErrorIs(t, err, store.ErrTapped)
			require.Empty(t, runs)
			open, err := b.OpenRuns(b.ctx)
			require.NoError(t, err)
			for _, r := range open {
				require.Empty(t, r.Holder, "statement %d: %s", n, r.ID)
			}
		}
	})
}
