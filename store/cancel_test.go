package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// A request to end a run that was answered with success is obeyed whatever becomes of the run: it ends, and nothing of its
// occurrence is done again.
func TestRunThatSomebodyAskedToEndIsNotDoneAgain(t *testing.T) {
	const why = "cancelled by ada"
	ends := map[string]struct {
		end    func(b *bundle, r store.Handout)
		state  core.RunState
		reason string
	}{
		"cancelled by its worker": {
			func(b *bundle, r store.Handout) { b.end(r, core.RunCancelled) }, core.RunCancelled, "answered",
		},
		"its worker dies": {
			func(b *bundle, _ store.Handout) { require.Len(b.t, b.die(worker), 1) },
			core.RunCancelled, why + "; the worker went away without an outcome",
		},
		"its worker dies while it runs": {
			func(b *bundle, r store.Handout) { b.started(r); require.Len(b.t, b.die(worker), 1) },
			core.RunCancelled, why + "; the worker went away without an outcome",
		},
		"its worker never had it": {
			func(b *bundle, r store.Handout) { require.NoError(b.t, b.Return(b.ctx, held(r), testdb.AnyWorker)) },
			core.RunCancelled, why,
		},
		"its worker comes back without it": {
			func(b *bundle, _ store.Handout) {
				_, err := b.Reconcile(b.ctx, worker, nil, testdb.AnyWorker)
				require.NoError(b.t, err)
			},
			core.RunCancelled, why,
		},
		"its worker comes back and gave it up": {
			func(b *bundle, r store.Handout) {
				b.started(r)
				_, err := b.Reconcile(b.ctx, worker, nil, testdb.AnyWorker)
				require.NoError(b.t, err)
			},
			core.RunCancelled, why + "; the worker gave the run up when it lost touch",
		},
		"its worker reports it lost": {
			func(b *bundle, r store.Handout) { b.end(r, core.RunLost) }, core.RunCancelled, why + "; answered",
		},
		"it fails": {
			func(b *bundle, r store.Handout) { b.end(r, core.RunFailed) }, core.RunFailed, "answered; not tried again: " + why,
		},
		"it times out": {
			func(b *bundle, r store.Handout) { b.end(r, core.RunTimedOut) }, core.RunTimedOut, "answered; not tried again: " + why,
		},
		"it succeeds": {
			func(b *bundle, r store.Handout) { b.end(r, core.RunSucceeded) }, core.RunSucceeded, "answered",
		},
	}
	each(t, func(t *testing.T, b *bundle) {
		for name, c := range ends {
			b.sub(t, "of a task, "+name, func(t *testing.T, b *bundle) {
				b.plan(b.task(retrying), testdb.Now())
				r := b.one()
				underWay, err := b.CancelRun(b.ctx, r.ID, why)
				require.NoError(t, err)
				require.Equal(t, r.ID, underWay.ID)
				_, err = b.CancelRun(b.ctx, r.ID, "cancelled by bob")
				require.NoError(t, err, "it is still under way")
				require.Equal(t, []store.Cancel{{Held: held(r)[0], Holder: worker, Reason: why}}, b.cancels())

				c.end(b, r)
				b.none()
				got := b.run(r.ID)
				require.Equal(t, c.state, got.State)
				require.Equal(t, c.reason, got.Result.Reason)
				require.Empty(t, b.guards())
				require.Empty(t, b.cancels())
			})
			b.sub(t, "of a delayed task, "+name, func(t *testing.T, b *bundle) {
				d := b.delayed()
				r := b.one()
				_, err := b.CancelRun(b.ctx, r.ID, why)
				require.NoError(t, err)
				c.end(b, r)
				b.none()
				require.Equal(t, c.state, b.run(r.ID).State)
				require.Equal(t, map[core.RunState]core.DelayedState{
					core.RunCancelled: core.DelayedVoided, core.RunFailed: core.DelayedFailed, core.RunTimedOut: core.DelayedFailed,
					core.RunSucceeded: core.DelayedSucceeded,
				}[c.state], b.delayedTask(d.ID).State)
			})
		}
	})
}

func TestRequestToEndARunIsForgottenWithTheRun(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		first, second := b.delayed(), b.delayed()
		runs := b.dispatch()
		require.Len(t, runs, 2)
		_, err := b.VoidDelayed(b.ctx, first.ID, "voided by ada")
		require.NoError(t, err)
		_, err = b.VoidDelayed(b.ctx, second.ID, "voided by bob")
		require.NoError(t, err)
		require.Len(t, b.cancels(), 2)

		over := runs[0]
		b.end(over, core.RunCancelled)
		left := b.cancels()
		require.Len(t, left, 1)
		require.Equal(t, runs[1].ID, left[0].RunID)
		rows, err := b.Dump(b.ctx)
		require.NoError(t, err)
		require.Len(t, rows["cancels"], 1, "the row of the other is gone")
	})
}

// A request that was refused leaves nothing behind.
func TestNothingIsAskedOfARunThatNoWorkerHas(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed()
		_, err := b.VoidDelayed(b.ctx, d.ID, "voided")
		require.NoError(t, err)
		b.plan(b.task(), testdb.Now())
		_, err = b.CancelRun(b.ctx, b.open().ID, "cancelled")
		require.NoError(t, err)
		rows, err := b.Dump(b.ctx)
		require.NoError(t, err)
		require.Empty(t, rows["cancels"])
	})
}
