package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// Each way to narrow the ledger, in open runs and in ended ones.
func TestRunsNarrowed(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now().Truncate(time.Second)
		child := b.task()
		k := b.task(func(k *core.Task) { k.Children, k.Retry = []string{child.ID}, core.RetryPolicy{Count: 1} })
		b.plan(k, now.Add(-time.Minute))
		first := b.one()
		b.end(first, core.RunFailed)
		second := b.one() // its retry
		b.end(second, core.RunSucceeded)
		caused := b.open()

		ids := func(f store.RunFilter) (found []string) {
			f.Limit = 10
			runs, reached, err := b.Runs(b.ctx, f)
			require.NoError(t, err)
			require.Empty(t, reached, "all was looked through")
			for _, r := range runs {
				found = append(found, r.ID)
			}
			return found
		}
		require.ElementsMatch(t, []string{first.ID, second.ID, caused.ID}, ids(store.RunFilter{}))
		require.ElementsMatch(t, []string{first.ID, second.ID}, ids(store.RunFilter{OccurrenceID: first.ID}))
		require.Equal(t, []string{second.ID}, ids(store.RunFilter{OccurrenceID: first.ID, State: core.RunSucceeded}))
		require.Equal(t, []string{caused.ID}, ids(store.RunFilter{ParentRunID: second.ID}))
		require.Equal(t, []string{caused.ID}, ids(store.RunFilter{Trigger: core.TriggerParent}))
		require.Equal(t, []string{second.ID}, ids(store.RunFilter{Trigger: core.TriggerRetry, Worker: worker}))
		require.ElementsMatch(t, []string{first.ID, second.ID}, ids(store.RunFilter{Worker: worker}))
		require.Equal(t, []string{first.ID}, ids(store.RunFilter{Worker: worker, State: core.RunFailed, TaskID: k.ID}))
		require.Empty(t, ids(store.RunFilter{Worker: worker, State: core.RunLost}))
		require.Equal(t, []string{first.ID}, ids(store.RunFilter{From: now.Add(-time.Minute), To: now.Add(-time.Second)}))
		require.Empty(t, ids(store.RunFilter{To: now.Add(-time.Minute)}))

		titles, err := b.RunTitles(b.ctx, []*core.Run{first.Run, caused})
		require.NoError(t, err)
		require.Equal(t, map[string]string{k.ID: k.Title, child.ID: child.Title}, titles)
	})
}

// What several conditions leave few of is looked for in a bounded part of the history, and the next page goes on there.
func TestRunsLookedForInABoundedPart(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	k := b.task()
	base := testdb.Now().Add(-24 * time.Hour).Truncate(time.Second)
	ended := make([]*core.Run, 10_050)
	for i := range ended {
		ended[i] = testdb.Run(k, base.Add(time.Duration(i)*time.Second), func(r *core.Run) {
			r.State, r.Worker, r.RecordedAt = core.RunFailed, "w1", r.Due
		})
	}
	ended[3].Worker = "w2"
	require.NoError(t, b.CloseRuns(b.ctx, ended...))
	f := store.RunFilter{State: core.RunFailed, Worker: "w2", Limit: 5}
	found, reached, err := b.Runs(b.ctx, f)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, ended[50].ID, reached)
	f.Before = reached
	found, reached, err = b.Runs(b.ctx, f)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, ended[3].ID, found[0].ID)
	require.Empty(t, reached, "that was the end")
}
