package core_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// The state machine, written out: each state with those it may become. Every other pair is refused.
func TestRunStateMachine(t *testing.T) {
	t.Parallel()
	may := map[core.RunState][]core.RunState{
		core.RunPlanned:    {core.RunDispatched, core.RunConflict, core.RunSkipped, core.RunMissed, core.RunCancelled},
		core.RunDispatched: {core.RunPlanned, core.RunRunning, core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunCancelled, core.RunLost},
		core.RunRunning:    {core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunCancelled, core.RunLost},
	}
	for _, from := range core.RunStates() {
		for _, to := range core.RunStates() {
			require.Equal(t, slices.Contains(may[from], to), from.CanBecome(to), "%s → %s", from, to)
		}
		require.Equal(t, may[from] == nil, from.Final(), from)
		require.False(t, from.CanBecome(""), from)
	}
	require.False(t, core.RunState("").Final(), "no state is not an end")
	require.False(t, core.RunState("").CanBecome(core.RunPlanned))
}

func TestRunStatesAreAllOfThem(t *testing.T) {
	t.Parallel()
	require.Len(t, core.RunStates(), 11)
	seen := map[core.RunState]bool{}
	for _, s := range core.RunStates() {
		require.False(t, seen[s], s)
		seen[s] = true
	}
}

func TestRunSent(t *testing.T) {
	t.Parallel()
	sent := []core.RunState{core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunLost}
	for _, s := range core.RunStates() {
		require.Equal(t, slices.Contains(sent, s), s.Sent(), s)
	}
}
