package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func later(d *core.DelayedTask) { d.Due = testdb.Now().Add(time.Hour) }

func keyed(key string) func(*core.DelayedTask) {
	return func(d *core.DelayedTask) { d.IdempotencyKey = key }
}

func TestDelayedTaskIsPlannedAtOnceWithinTheHorizon(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		until := testdb.Now().Add(core.PlanHorizon)
		ahead := store.PlanAhead{Until: until, Route: testdb.AnyWorker}
		near := testdb.DelayedTask(func(d *core.DelayedTask) { d.Due, d.Executors = until, []string{"w2", "w1"} })
		require.NoError(t, b.CreateDelayed(b.ctx, near, ahead))
		require.Equal(t, core.DelayedReady, near.State)
		run := b.open()
		require.Equal(t, core.RunID(until, core.DelayedKey(near.ID, 0)), run.ID)
		require.Equal(t, run.ID, run.OccurrenceID)
		require.Equal(t, core.TriggerDelayed, run.Trigger)
		require.Equal(t, "node:w2", run.Queue)
		require.Equal(t, 1, run.Attempt)
		require.True(t, run.FireAt.Equal(until))

		far := testdb.DelayedTask(func(d *core.DelayedTask) { d.Due = until.Add(time.Microsecond) })
		require.NoError(t, b.CreateDelayed(b.ctx, far, ahead))
		require.Equal(t, core.DelayedCreated, far.State)
		require.Equal(t, run.ID, b.open().ID, "it waits in its table, not in the queue")

		n, first, err := b.PlanDelayed(b.ctx, until, 10, testdb.AnyWorker)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Zero(t, first)
		n, first, err = b.PlanDelayed(b.ctx, far.Due, 10, testdb.AnyWorker)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.True(t, first.Equal(far.Due))
		require.Equal(t, core.DelayedReady, b.delayedTask(far.ID).State)
		n, _, err = b.PlanDelayed(b.ctx, far.Due, 10, testdb.AnyWorker)
		require.NoError(t, err)
		require.Zero(t, n, "what is planned is not planned again")
		require.Len(t, b.list(store.RunFilter{}), 2)
	})
}

func TestPlanDelayedKeepsToItsLimit(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(time.Hour)
		for i := range 7 {
			b.delayed(func(d *core.DelayedTask) { d.Due = base.Add(time.Duration(-i) * time.Second) })
		}
		var counts []int
		for range 4 {
			n, _, err := b.PlanDelayed(b.ctx, base, 3, testdb.AnyWorker)
			require.NoError(t, err)
			counts = append(counts, n)
		}
		require.Equal(t, []int{3, 3, 1, 0}, counts)
		open := b.list(store.RunFilter{})
		require.Len(t, open, 7)
	})
}

func TestManyCreationsShareCommits(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const n = 1000
		tap := store.NewTap(b.Store)
		tasks := make([]*core.DelayedTask, n)
		errs := make([]error, n)
		for i := range tasks {
			tasks[i] = testdb.DelayedTask(func(d *core.DelayedTask) { d.ContentKey = fmt.Sprint(i) })
			if i%2 == 0 {
				later(tasks[i])
			}
		}
		tasks[500].ID = tasks[499].ID // one of the two must fail, and nobody else
		var wg sync.WaitGroup
		for i, d := range tasks {
			wg.Go(func() { errs[i] = b.CreateDelayed(b.ctx, d, b.ahead()) })
		}
		wg.Wait()

		failed := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
		require.Len(t, failed, 1)
		require.True(t, (errs[499] == nil) != (errs[500] == nil))
		open, err := b.OpenRuns(b.ctx)
		require.NoError(t, err)
		ready := 0
		for i, d := range tasks {
			if errs[i] != nil {
				continue
			}
			stored := b.delayedTask(d.ID)
			require.Equal(t, fmt.Sprint(i), stored.ContentKey)
			require.Equal(t, d.State, stored.State)
			if stored.State == core.DelayedReady {
				ready++
			}
		}
		require.Len(t, open, ready)
		inserts := 0
		for _, st := range tap.Take() {
			if strings.HasPrefix(st.Query, "INSERT INTO delayed_tasks") {
				inserts++
			}
		}
		require.Less(t, inserts, n/2, "creations share statements, and so commits")
	})
}

func TestIdempotencyKey(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		first := b.delayed(later, keyed("k"))
		again := b.delayed(keyed("k"))
		require.Equal(t, first.ID, again.ID)
		require.True(t, first.Due.Equal(again.Due), "the first one's instant counts")
		elsewhere := b.delayed(keyed("k"), func(d *core.DelayedTask) { d.Namespace = "other" })
		require.NotEqual(t, first.ID, elsewhere.ID, "keys are each namespace's own")
		other := b.delayed(keyed("K"))
		require.NotEqual(t, first.ID, other.ID, "keys are compared to the letter")
		require.NotEqual(t, b.delayed().ID, b.delayed().ID, "no key is no key")

		batch := []*core.DelayedTask{
			testdb.DelayedTask(later, keyed("b")), testdb.DelayedTask(keyed("k")), testdb.DelayedTask(keyed("b")), testdb.DelayedTask(),
		}
		require.NoError(t, b.CreateDelayedBatch(b.ctx, batch, b.ahead()))
		require.Equal(t, first.ID, batch[1].ID, "known before the batch")
		require.Equal(t, batch[0].ID, batch[2].ID, "known within the batch")
		require.True(t, batch[0].Due.Equal(batch[2].Due))

		all, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{Limit: 100})
		require.NoError(t, err)
		require.Len(t, all, 7)
		require.Equal(t, core.DelayedCreated, b.delayedTask(first.ID).State, "a repeated creation plans nothing")
	})
}

func TestIdempotencyKeyUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		tasks := make([]*core.DelayedTask, 100)
		var wg sync.WaitGroup
		for i := range tasks {
			tasks[i] = testdb.DelayedTask(keyed("k"))
			wg.Go(func() { require.NoError(t, b.CreateDelayed(b.ctx, tasks[i], b.ahead())) })
		}
		wg.Wait()
		for _, d := range tasks {
			require.Equal(t, tasks[0].ID, d.ID)
		}
		require.Equal(t, 1, len(b.list(store.RunFilter{})))
	})
}

// A creation that fails must not take along one that repeats its key in the same batch.
func TestBadCreationDoesNotStandForAnother(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		taken := b.delayed()
		bad := testdb.DelayedTask(keyed("k"), func(d *core.DelayedTask) { d.ID = taken.ID })
		good := testdb.DelayedTask(keyed("k"), later)
		id, due := good.ID, good.Due
		require.Error(t, b.CreateDelayedBatch(b.ctx, []*core.DelayedTask{bad, good}, b.ahead()))
		require.Equal(t, id, good.ID, "nothing was stored, so nothing stands for it")
		require.True(t, due.Equal(good.Due))
		all, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{Limit: 100})
		require.NoError(t, err)
		require.Len(t, all, 1, "all or none")

		badErr, goodErr := b.CreateTogether(b.ctx, b.ahead(), bad, good)
		require.Error(t, badErr)
		require.NoError(t, goodErr)
		require.Equal(t, id, b.delayedTask(id).ID)
	})
}

func TestCallerThatGivesUpKeepsItsTask(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.delayed(keyed("k"))
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		d := testdb.DelayedTask(keyed("k"))
		id := d.ID
		for range 50 {
			if err := b.CreateDelayed(ctx, d, b.ahead()); err != nil {
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, id, d.ID, "it is the caller's alone")
				d.Due = testdb.Now() // would be a race otherwise
				continue
			}
			d.ID = id
		}
	})
}

func TestDelayedTasksPaging(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want []string
		for i := range 10 {
			d := b.delayed(later, func(d *core.DelayedTask) {
				d.ContentKey = fmt.Sprint(i % 2)
				if i == 4 {
					d.SourceApp, d.Topic, d.Namespace = "other", "else", "elsewhere"
				}
			})
			want = append([]string{d.ID}, want...)
		}
		page := func(f store.DelayedFilter) []string {
			var ids []string
			for {
				tasks, _, err := b.DelayedTasks(b.ctx, f)
				require.NoError(t, err)
				for _, d := range tasks {
					ids = append(ids, d.ID)
				}
				if len(tasks) < f.Limit {
					return ids
				}
				f.After = ids[len(ids)-1]
			}
		}
		require.Equal(t, want, page(store.DelayedFilter{Limit: 3}))
		require.Equal(t, want, page(store.DelayedFilter{Limit: 10}))
		require.Equal(t, []string{want[0], want[2], want[4], want[6], want[8]}, page(store.DelayedFilter{ContentKey: "1", Limit: 2}))
		require.Equal(t, []string{want[5]}, page(store.DelayedFilter{SourceApp: "other", Topic: "else", Namespace: "elsewhere", Limit: 2}))
		require.Equal(t, want, page(store.DelayedFilter{State: core.DelayedCreated, Limit: 4}))
		require.Empty(t, page(store.DelayedFilter{State: core.DelayedReady, Limit: 4}))
	})
}
