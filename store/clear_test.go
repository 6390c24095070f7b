package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestClearRuns(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		kept, cleared := b.task(), b.task()
		b.history(kept, now.Add(-3*time.Hour), 2, core.RunFailed)
		b.history(cleared, now.Add(-3*time.Hour), 3, core.RunFailed)
		b.history(cleared, now.Add(-2*time.Hour), 2, core.RunSucceeded)
		b.history(cleared, now.Add(-time.Hour), 2, core.RunTimedOut)
		open := b.plan(cleared, now.Add(-3*time.Hour))
		f := store.ClearFilter{TaskID: cleared.ID, States: []core.RunState{core.RunFailed, core.RunTimedOut}, To: now}

		count := func(f store.ClearFilter, most int) int {
			n, err := b.CountEnded(b.ctx, f, most)
			require.NoError(t, err)
			return n
		}
		require.Equal(t, 5, count(f, 100))
		require.Equal(t, 4, count(f, 4), "no more are counted than asked for")
		require.Equal(t, 3, count(store.ClearFilter{TaskID: cleared.ID, To: now.Add(-150 * time.Minute)}, 100))
		require.Equal(t, 9, count(store.ClearFilter{To: now}, 100))
		require.Equal(t, 2, count(store.ClearFilter{From: now.Add(-90 * time.Minute), To: now}, 100))

		total := 0
		for n := 2; n == 2; total += n {
			var err error
			n, err = b.ClearRuns(b.ctx, f, 2, total == 0)
			require.NoError(t, err)
		}
		require.Equal(t, 5, total)
		require.Equal(t, []core.RunState{core.RunFailed, core.RunFailed}, b.states(store.RunFilter{TaskID: kept.ID}))
		require.ElementsMatch(t, []core.RunState{core.RunPlanned, core.RunSucceeded, core.RunSucceeded}, b.states(store.RunFilter{TaskID: cleared.ID}))
		require.Equal(t, core.RunPlanned, b.run(open.ID).State)
	})
}

// What ended just now stays, and so does what an open run will ask for.
func TestClearLeavesWhatIsStillAskedFor(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		child := b.task()
		parent := b.task(func(k *core.Task) { k.Children = []string{child.ID} })
		b.plan(parent, now.Add(-time.Hour))
		ran := b.one()
		b.end(ran, core.RunSucceeded)
		waits := b.open()
		require.Equal(t, ran.ID, waits.ParentRunID)
		sweep := func() int {
			n, err := b.ClearRuns(b.ctx, store.ClearFilter{To: now}, 10, false)
			require.NoError(t, err)
			return n
		}
		require.Zero(t, sweep(), "it ended just now")
		require.NoError(t, b.Exec(b.ctx, "UPDATE run_history SET recorded_at = 1"))
		require.Zero(t, sweep(), "its child asks for its result")
		b.end(b.one(), core.RunSucceeded)
		require.Equal(t, 1, sweep())
		require.Equal(t, []core.RunState{core.RunSucceeded}, b.states(store.RunFilter{}), "the child")
	})
}
