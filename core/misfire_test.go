package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestMissed(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name    string
		trigger core.Trigger
		kind    core.ScheduleKind
		late    time.Duration
		after   time.Duration
		missed  bool
	}{
		{"cron in time", core.TriggerSchedule, core.ScheduleCron, 0, 0, false},
		{"cron early", core.TriggerSchedule, core.ScheduleCron, -time.Hour, 0, false},
		{"cron at the default bound", core.TriggerSchedule, core.ScheduleCron, core.DefaultMisfireAfter, 0, false},
		{"cron past the default bound", core.TriggerSchedule, core.ScheduleCron, core.DefaultMisfireAfter + 1, 0, true},
		{"a negative bound is the default", core.TriggerSchedule, core.ScheduleCron, core.DefaultMisfireAfter, -1, false},
		{"interval past the default bound", core.TriggerSchedule, core.ScheduleInterval, core.DefaultMisfireAfter + 1, 0, true},
		{"cron at its own bound", core.TriggerSchedule, core.ScheduleCron, time.Hour, time.Hour, false},
		{"cron past its own bound", core.TriggerSchedule, core.ScheduleCron, time.Hour + 1, time.Hour, true},
		{"once is never missed", core.TriggerSchedule, core.ScheduleOnce, 24 * time.Hour, time.Second, false},
		{"delayed is never missed", core.TriggerDelayed, "", 24 * time.Hour, time.Second, false},
		{"manual is never missed", core.TriggerManual, core.ScheduleCron, 24 * time.Hour, time.Second, false},
		{"a child is never missed", core.TriggerParent, core.ScheduleCron, 24 * time.Hour, time.Second, false},
		{"a retry or recovery is never missed", core.TriggerRetry, core.ScheduleCron, 24 * time.Hour, time.Second, false},
		{"a replay is never missed", core.TriggerReplay, core.ScheduleCron, 24 * time.Hour, time.Second, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.missed, core.Missed(c.trigger, c.kind, due, due.Add(c.late), c.after))
		})
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	require.True(t, core.Overlap("").Guarded(), "forbid is the default")
	require.True(t, core.OverlapForbid.Guarded())
	require.False(t, core.OverlapAllow.Guarded())
	for _, trigger := range []core.Trigger{core.TriggerSchedule, core.TriggerDelayed, core.TriggerManual, core.TriggerParent} {
		require.False(t, core.WaitsForGuard(trigger), "%s is a new firing", trigger)
	}
	require.True(t, core.WaitsForGuard(core.TriggerRetry))
}
