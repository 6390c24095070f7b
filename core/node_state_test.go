package core_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestWhatIsInForceOfANode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ own, admin, want core.NodeState }{
		{core.NodeEnabled, "", core.NodeEnabled},
		{core.NodeIdle, "", core.NodeIdle},
		{core.NodeDraining, "", core.NodeDraining},
		{core.NodeEnabled, core.NodeDisabled, core.NodeDisabled},
		{core.NodeEnabled, core.NodeDraining, core.NodeDraining},
		{core.NodeIdle, core.NodeEnabled, core.NodeEnabled},
		{core.NodeIdle, core.NodeDisabled, core.NodeDisabled},
		{core.NodeDraining, core.NodeEnabled, core.NodeDraining}, // it is stopping, whatever is said
		{core.NodeDraining, core.NodeDisabled, core.NodeDisabled},
	} {
		n := core.Node{Own: core.Traits{State: tc.own, Weight: 3, Labels: []string{"a"}}, Admin: core.Traits{State: tc.admin}}
		n.Settle()
		require.Equal(t, core.Traits{State: tc.want, Weight: 3, Labels: []string{"a"}}, core.Traits{State: n.State, Weight: n.Weight, Labels: n.Labels}, tc)
	}
	n := core.Node{Own: core.Traits{Weight: 3, Labels: []string{"a"}}, Admin: core.Traits{Weight: 5, Labels: []string{}}}
	n.Settle()
	require.Equal(t, 5, n.Weight)
	require.Empty(t, n.Labels)
}

// An administrator may bring a worker to a state when the table of moves has it, or when it is in force already.
func TestEveryMoveOfANode(t *testing.T) {
	t.Parallel()
	allowed := map[core.NodeState][]core.NodeState{
		core.NodeEnabled:  {core.NodeEnabled, core.NodeDraining, core.NodeDisabled},
		core.NodeIdle:     {core.NodeEnabled, core.NodeDisabled},
		core.NodeDraining: {core.NodeEnabled, core.NodeDraining, core.NodeDisabled},
		core.NodeDisabled: {core.NodeEnabled, core.NodeDisabled},
	}
	require.Len(t, allowed, len(core.NodeStates()))
	for _, from := range core.NodeStates() {
		for _, to := range append(core.NodeStates(), "", "running") {
			err := core.NodeEdit{State: &to}.Check(&core.Node{Kind: core.NodeWorker, Name: "w", State: from})
			switch {
			case to == "" || to != core.NodeIdle && slices.Contains(allowed[from], to):
				require.NoError(t, err, "%s to %s", from, to)
			case to == core.NodeIdle || to == "running":
				requireRefusal(t, err, core.CodeMalformed, "state")
			default:
				requireRefusal(t, err, core.CodeConflict, "")
			}
			require.Equal(t, from != to && slices.Contains(allowed[from], to), from.CanBecome(to))
		}
	}
}

func TestNodeEditCheck(t *testing.T) {
	t.Parallel()
	worker, master := core.Node{Kind: core.NodeWorker, State: core.NodeEnabled}, core.Node{Kind: core.NodeMaster, State: core.NodeEnabled}
	for _, ok := range []core.NodeEdit{
		{}, {Weight: new(0)}, {Weight: new(1)}, {Weight: new(core.MaxWeight)}, {Labels: new([]string)}, {Labels: &[]string{}}, {Labels: &[]string{"gpu", "eu:west"}},
	} {
		require.NoError(t, ok.Check(&worker))
		requireRefusal(t, ok.Check(&master), core.CodeConflict, "")
	}
	requireRefusal(t, core.NodeEdit{Weight: new(-1)}.Check(&worker), core.CodeRule, "weight")
	requireRefusal(t, core.NodeEdit{Weight: new(core.MaxWeight + 1)}.Check(&worker), core.CodeRule, "weight")
	requireRefusal(t, core.NodeEdit{Labels: &[]string{"a b"}}.Check(&worker), core.CodeMalformed, "labels")
}

func TestTheYoungerOfTwo(t *testing.T) {
	t.Parallel()
	early, late := core.Node{Incarnation: "b"}, core.Node{Incarnation: "a"}
	require.True(t, early.StartedAfter(&late), "of the same instant, the greater id: one of two must be")
	require.False(t, late.StartedAfter(&early))
	late.StartedAt = early.StartedAt.Add(1)
	require.True(t, late.StartedAfter(&early))
	require.False(t, early.StartedAfter(&late))
}

func requireRefusal(t *testing.T, err error, code core.Code, field string) {
	t.Helper()
	requireField(t, err, field, "")
	require.Equal(t, code, core.CodeOf(err), err)
}
