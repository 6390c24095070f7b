package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestReturn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		at := testdb.Now().Add(-time.Minute)
		b.plan(k, at)
		r := b.one()
		require.NoError(t, b.Return(b.ctx, []store.Held{{RunID: r.ID, Token: r.Token - 1}}, testdb.AnyWorker))
		require.Equal(t, core.RunDispatched, b.open().State, "the token is stale")
		require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
		back := b.open()
		require.Equal(t, core.RunPlanned, back.State)
		require.Empty(t, back.Holder)
		require.Empty(t, back.Worker)
		require.True(t, back.DispatchedAt.IsZero())
		require.Equal(t, 1, back.Attempt, "nobody has seen it")
		require.Empty(t, b.guards())
		b.started(r)
		require.Equal(t, core.RunPlanned, b.open().State, "a word from the dead")

		r = b.one()
		b.started(r)
		require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
		require.Equal(t, core.RunLost, b.run(r.ID).State, "one that began may have been done")
		require.Equal(t, 2, b.open().Attempt)
		require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
		require.Len(t, b.list(store.RunFilter{}), 2)
	})
}

// One that was withdrawn while it was on its way is not sent again.
func TestReturnOfWhatWasWithdrawn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, c := range map[string]struct {
			withdraw func(b *bundle, id string)
			back     bool
		}{
			"paused":    {func(b *bundle, id string) { b.move(id, core.TaskPaused) }, false},
			"stopped":   {func(b *bundle, id string) { b.move(id, core.TaskStopped) }, false},
			"restarted": {func(b *bundle, id string) { b.move(id, core.TaskStopped); b.move(id, core.TaskRunning) }, false},
			"not":       {func(*bundle, string) {}, true},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task()
				b.plan(k, testdb.Now())
				r := b.one()
				c.withdraw(b, k.ID)
				require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
				require.Equal(t, map[bool]core.RunState{true: core.RunPlanned, false: core.RunCancelled}[c.back], b.run(r.ID).State)
				require.Empty(t, b.guards())
			})
		}
	})
}

func TestReconcile(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		plan := func(changes ...func(*core.Task)) string { return b.plan(b.task(changes...), base).ID }
		kept, keptRunning, given, begun, once := plan(), plan(), plan(), plan(), plan(atMostOnce)
		sent := map[string]store.Handout{}
		for _, r := range b.dispatch() {
			sent[r.ID] = r
		}
		require.Len(t, sent, 5)
		b.started(sent[keptRunning], sent[begun])
		elsewhere := b.plan(b.task(), base).ID
		other := b.give(master, "w2", b.reserve(master)...)[0]

		stale, err := b.Reconcile(b.ctx, worker, []store.Held{
			held(sent[kept])[0], held(sent[keptRunning])[0], held(other)[0],
			{RunID: given, Token: sent[given].Token - 1}, {RunID: "nothing", Token: 1},
		}, testdb.AnyWorker)
		require.NoError(t, err)
		require.ElementsMatch(t, []store.Held{
			held(other)[0], {RunID: given, Token: sent[given].Token - 1}, {RunID: "nothing", Token: 1},
		}, stale, "what it has and is not its own")

		require.Equal(t, core.RunDispatched, b.run(kept).State)
		require.Equal(t, core.RunRunning, b.run(keptRunning).State)
		require.Equal(t, core.RunPlanned, b.run(given).State, "it never got there")
		require.Equal(t, core.RunLost, b.run(begun).State, "it began and is gone")
		require.Equal(t, core.RunLost, b.run(once).State, "it may have been done")
		require.Equal(t, core.RunDispatched, b.run(elsewhere).State)
		require.Len(t, b.guards(), 3)

		again := b.reserve(master)
		require.Len(t, again, 2, "the one given back and the recovery of the one that began")
		stale, err = b.Reconcile(b.ctx, worker, []store.Held{held(sent[kept])[0], held(sent[keptRunning])[0]}, testdb.AnyWorker)
		require.NoError(t, err)
		require.Empty(t, stale)
	})
}
