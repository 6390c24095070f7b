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

func TestMakesUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		def  core.Definition
		want int
	}{
		{core.Definition{}, 0},
		{core.Definition{Misfire: core.MisfireSkip}, 0},
		{core.Definition{Misfire: core.MisfireFireOnce}, 1},
		{core.Definition{Misfire: core.MisfireCatchUp}, core.DefaultMisfireCatchUp},
		{core.Definition{Misfire: core.MisfireCatchUp, MisfireCatchUp: 3}, 3},
	} {
		require.Equal(t, c.want, c.def.MakesUp(), c.def.Misfire)
	}
	require.Equal(t, core.DefaultMisfireAfter, core.MisfireLimit(0))
	require.Equal(t, time.Hour, core.MisfireLimit(time.Hour))
}

func TestMisfireValidate(t *testing.T) {
	t.Parallel()
	type task = core.Task
	checkRefusals(t, validTask, (*task).Validate, []refusal[task]{
		{"unknown policy", "misfire", core.CodeRule, func(k *task) { k.Misfire = "ignore" }},
		{"negative count", "misfireCatchUp", core.CodeRule, func(k *task) { k.Misfire, k.MisfireCatchUp = core.MisfireCatchUp, -1 }},
		{"too many", "misfireCatchUp", core.CodeRule, func(k *task) { k.Misfire, k.MisfireCatchUp = core.MisfireCatchUp, core.MaxMisfireCatchUp+1 }},
		{"count without catching up", "misfireCatchUp", core.CodeRule, func(k *task) { k.Misfire, k.MisfireCatchUp = core.MisfireFireOnce, 2 }},
	})
	for _, policy := range []core.Misfire{"", core.MisfireSkip, core.MisfireFireOnce, core.MisfireCatchUp} {
		k := validTask()
		k.Misfire = policy
		require.NoError(t, k.Validate(), policy)
	}
	k := validTask()
	k.Misfire, k.MisfireCatchUp = core.MisfireCatchUp, core.MaxMisfireCatchUp
	require.NoError(t, k.Validate())
}
