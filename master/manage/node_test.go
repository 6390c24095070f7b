package manage

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestWorkerIsMoved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	state := func() core.NodeState {
		n, err := b.Nodes.Get(b.ctx, core.NodeWorker, "w1")
		require.NoError(t, err)
		return n.State
	}
	type move func(context.Context, *core.User, core.NodeKind, string) (*core.Node, error)
	for _, step := range []struct {
		move move
		want core.NodeState
	}{
		{b.Nodes.Enable, core.NodeEnabled}, {b.Nodes.Drain, core.NodeDraining}, {b.Nodes.Enable, core.NodeEnabled},
		{b.Nodes.Disable, core.NodeDisabled}, {b.Nodes.Disable, core.NodeDisabled}, {b.Nodes.Enable, core.NodeEnabled},
	} {
		n, err := step.move(b.ctx, b.admin, core.NodeWorker, "w1")
		require.NoError(t, err)
		require.Equal(t, step.want, n.State)
		require.Equal(t, step.want, state())
	}
	_, err := b.Nodes.Disable(b.ctx, b.admin, core.NodeWorker, "w1")
	require.NoError(t, err)
	_, err = b.Nodes.Drain(b.ctx, b.admin, core.NodeWorker, "w1")
	requireError(t, err, core.CodeConflict, "", "worker w1 is disabled; from there it cannot become draining")
	_, err = b.Nodes.Drain(b.ctx, b.admin, core.NodeWorker, "w2")
	requireError(t, err, core.CodeNotFound, "", `"w2"`)
	require.NoError(t, b.store.Register(b.ctx, &core.Node{Kind: core.NodeMaster, Name: "m1", Incarnation: "i-m1"}, "", time.Minute))
	_, err = b.Nodes.Drain(b.ctx, b.admin, core.NodeMaster, "m1")
	requireError(t, err, core.CodeConflict, "", "only workers")
}

func TestDeleteNode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	require.NoError(t, b.store.Register(b.ctx, &core.Node{Kind: core.NodeMaster, Name: "m1", Incarnation: "i-m1"}, "", time.Minute))
	id := b.create(true, nil)
	_, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	sent := b.dispatch(time.Now())
	remove := func(kind core.NodeKind, name string) error { return b.Nodes.Delete(b.ctx, b.admin, kind, name) }

	requireError(t, remove(core.NodeMaster, "m1"), core.CodeConflict, "", "stop it before it is deleted")
	requireError(t, remove(core.NodeWorker, "w1"), core.CodeConflict, "", "alive and enabled: stop or disable it")
	_, err = b.Nodes.Drain(b.ctx, b.admin, core.NodeWorker, "w1")
	require.NoError(t, err)
	requireError(t, remove(core.NodeWorker, "w1"), core.CodeConflict, "", "alive and draining")
	_, err = b.Nodes.Disable(b.ctx, b.admin, core.NodeWorker, "w1")
	require.NoError(t, err)
	requireError(t, remove(core.NodeWorker, "w1"), core.CodeConflict, "", "has 1 runs in hand")
	b.end(sent[0], core.RunSucceeded)
	require.NoError(t, remove(core.NodeWorker, "w1"))
	requireError(t, remove(core.NodeWorker, "w1"), core.CodeNotFound, "", `"w1"`)

	require.NoError(t, b.store.Expire(b.ctx, "i-m1"))
	require.NoError(t, remove(core.NodeMaster, "m1"))
	nodes, err := b.Nodes.List(b.ctx)
	require.NoError(t, err)
	require.Empty(t, nodes)
	require.WithinDuration(t, b.store.Now(), b.Nodes.Now(), time.Minute)
}
