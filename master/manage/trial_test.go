package manage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func trial(change func(*Trial)) Trial {
	t := Trial{Callback: core.Callback{Method: "GET", URL: "http://127.0.0.1/x"}}
	if change != nil {
		change(&t)
	}
	return t
}

func TestTrySendsOnceByAWorker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d, err := b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.TaskID = "t1" }))
	require.NoError(t, err)
	got, run, err := b.Delayed.Tried(b.ctx, d.ID)
	require.NoError(t, err)
	require.Equal(t, core.TrialApp, got.SourceApp)
	require.Equal(t, "ada", got.Topic)
	require.Equal(t, "t1", got.ContentKey)
	require.Equal(t, core.RetryPolicy{Backoff: core.BackoffFixed}, got.Retry, "no retries, whatever the settings say")
	require.Equal(t, core.SuccessRule{Statuses: "200-299"}, got.Callback.Success, "what the settings say of delayed tasks is not for tasks")
	require.Equal(t, core.RunPlanned, run.State)
	require.NotEmpty(t, b.wakes(), "the dispatcher is told at once")

	sent := b.dispatch(time.Now().Add(time.Second))
	require.Len(t, sent, 1)
	b.end(sent[0], core.RunFailed)
	got, run, err = b.Delayed.Tried(b.ctx, d.ID)
	require.NoError(t, err)
	require.Equal(t, core.RunFailed, run.State)
	require.Equal(t, core.DelayedFailed, got.State, "it is not tried again")
}

func TestTryGoesWhereTheTaskWould(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	d, err := b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.Executors = []string{"w1"} }))
	require.NoError(t, err)
	_, run, err := b.Delayed.Tried(b.ctx, d.ID)
	require.NoError(t, err)
	require.Equal(t, core.QueueOfNode("w1"), run.Queue)

	_, err = b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.Label = "gpu" }))
	requireError(t, err, core.CodeRule, "routing.label", "gpu")
	require.NoError(t, b.store.Register(b.ctx, &core.Node{
		Kind: core.NodeWorker, Name: "w2", Incarnation: "i-w2", State: core.NodeEnabled, Weight: 1, Slots: 10, Labels: []string{"gpu"}, StartedAt: time.Now(),
	}, "", time.Minute))
	d, err = b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.Label = "gpu" }))
	require.NoError(t, err)
	require.Equal(t, []string{"w2"}, d.Executors)
	_, err = b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.Label, t.Executors = "gpu", []string{"w1"} }))
	requireError(t, err, core.CodeRule, "routing.label", "names no executors")
	_, err = b.Delayed.Try(b.ctx, b.admin, trial(func(t *Trial) { t.Callback.URL = "x" }))
	requireError(t, err, core.CodeMalformed, "callback.url", "")
}

func TestTriedKnowsOnlyTrials(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, _, err := b.Delayed.Tried(b.ctx, b.delay(time.Now().Add(time.Hour)))
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
}

func TestChoicesOfATask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(false, nil)
	titles, err := b.Tasks.Titles(b.ctx, []string{id, "nothing"})
	require.NoError(t, err)
	require.Len(t, titles, 1)
	require.NotEmpty(t, titles[id])
}

func TestPreviewRefusesWhatCannotBeSaved(t *testing.T) {
	t.Parallel()
	b := setup(t)
	list, err := b.Tasks.Preview(&core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 3 * * ?"}, time.Time{}, 3)
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.True(t, list[0].At.After(time.Now()))
	for field, s := range map[string]core.Schedule{
		"schedule.cron":     {Kind: core.ScheduleCron, Cron: "0 0 3 30 2 ?"},
		"schedule.start":    {Kind: core.ScheduleInterval, Interval: time.Hour},
		"schedule.interval": {Kind: core.ScheduleInterval, Start: time.Now()},
	} {
		_, err := b.Tasks.Preview(&s, time.Time{}, 3)
		requireError(t, err, core.CodeRule, field, "")
	}
	_, err = b.Tasks.Preview(&core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 3 * * ?"}, time.Time{}, MaxPreview+1)
	requireError(t, err, core.CodeRule, "count", "")
}
