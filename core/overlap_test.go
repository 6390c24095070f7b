package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for policy, fresh := range map[core.Overlap]core.Turn{
		"": core.TurnConflict, core.OverlapForbid: core.TurnConflict, core.OverlapQueue: core.TurnWait, core.OverlapReplace: core.TurnReplace,
	} {
		require.True(t, policy.Guarded())
		for _, trigger := range []core.Trigger{core.TriggerSchedule, core.TriggerManual, core.TriggerParent} {
			require.Equal(t, fresh, policy.Turn(&core.Run{Trigger: trigger, Due: due, FireAt: due}), "%s is a new firing", trigger)
			require.Equal(t, fresh, policy.Turn(&core.Run{Trigger: trigger, Due: due, FireAt: due.Add(-1)}), "brought forward")
			require.Equal(t, core.TurnWait, policy.Turn(&core.Run{Trigger: trigger, Due: due, FireAt: due.Add(1)}), "put off: its firing was promised")
		}
		require.Equal(t, core.TurnWait, policy.Turn(&core.Run{Trigger: core.TriggerRetry, Due: due, FireAt: due}))
	}
	require.False(t, core.OverlapAllow.Guarded())
}

func TestOverlapValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"unknown policy", "overlap", core.CodeRule, func(k *task) { k.Overlap = "never" }},
		{"negative bound", "overlapWaiting", core.CodeRule, func(k *task) { k.Overlap, k.OverlapWaiting = core.OverlapQueue, -1 }},
		{"bound too high", "overlapWaiting", core.CodeRule, func(k *task) { k.Overlap, k.OverlapWaiting = core.OverlapQueue, core.MaxOverlapWaiting+1 }},
		{"bound without a queue", "overlapWaiting", core.CodeRule, func(k *task) { k.OverlapWaiting = 1 }},
	})
	for _, policy := range []core.Overlap{"", core.OverlapForbid, core.OverlapQueue, core.OverlapReplace, core.OverlapAllow} {
		k := validTask()
		k.Overlap = policy
		require.NoError(t, k.Validate(), policy)
	}
	k := validTask()
	k.Overlap, k.OverlapWaiting = core.OverlapQueue, core.MaxOverlapWaiting
	require.NoError(t, k.Validate())
}
