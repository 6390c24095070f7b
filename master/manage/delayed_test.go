package manage

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func delayedTask(due time.Time) *core.DelayedTask {
	return &core.DelayedTask{
		SourceApp: "shop", Topic: "order.unpaid", ContentKey: "4711", Due: due,
		DelayedDefinition: core.DelayedDefinition{Callback: core.Callback{URL: "http://127.0.0.1/unpaid"}},
	}
}

func (b *bundle) delayed(id string) *core.DelayedTask {
	b.t.Helper()
	d, err := b.Delayed.Get(b.ctx, id)
	require.NoError(b.t, err)
	return d
}

func (b *bundle) delay(due time.Time) string {
	b.t.Helper()
	d := delayedTask(due)
	require.NoError(b.t, b.Delayed.Create(b.ctx, b.admin, d))
	return d.ID
}

func (b *bundle) runsOf(delayedID string, state core.RunState) []*core.Run {
	b.t.Helper()
	runs, _, err := b.Runs.List(b.ctx, store.RunFilter{DelayedID: delayedID, State: state, Limit: 100})
	require.NoError(b.t, err)
	return runs
}

func TestCreateDelayedFillsWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	due := time.Now().Add(time.Hour)
	got := b.delayed(b.delay(due))
	require.Equal(t, core.DelayedCreated, got.State)
	require.Equal(t, core.DefaultNamespace, got.Namespace)
	require.Equal(t, wholeMicros(due), got.Due)
	require.Equal(t, "POST", got.Callback.Method)
	require.Equal(t, core.SuccessRule{Contains: "success"}, got.Callback.Success)
	require.Equal(t, core.RetryPolicy{Count: 3, Backoff: core.BackoffLinear, Delay: 10 * time.Second}, got.Retry)
	require.Equal(t, int64(7), got.CreatedBy)
	require.Equal(t, "ada", got.CreatedByName)
	require.WithinDuration(t, time.Now(), got.CreatedAt, time.Minute)
	require.Empty(t, b.runsOf(got.ID, ""))
	require.Empty(t, b.wakes())
}

func TestCreateDelayedKeepsWhatIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	d := delayedTask(time.Now().Add(time.Hour))
	d.Callback.Method = "PUT"
	d.Callback.Success.Statuses = "200-299"
	d.Retry.Backoff = core.BackoffFixed // none at all
	d.ID, d.State, d.Resets, d.Runs, d.CreatedBy = "mine", core.DelayedFailed, 3, 4, 99
	require.NoError(t, b.Delayed.Create(b.ctx, b.admin, d))
	got := b.delayed(d.ID)
	require.Equal(t, "PUT", got.Callback.Method)
	require.Equal(t, core.SuccessRule{Statuses: "200-299"}, got.Callback.Success)
	require.Equal(t, core.RetryPolicy{Backoff: core.BackoffFixed}, got.Retry)
	require.NotEqual(t, "mine", got.ID)
	require.Equal(t, core.DelayedCreated, got.State)
	require.Zero(t, got.Resets)
	require.Zero(t, got.Runs)
	require.Equal(t, int64(7), got.CreatedBy)
}

func TestCreateDelayedFollowsTheSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.Settings.Save(b.ctx, b.admin, map[string]string{
		"DelayTask_RetryTimes": "5", "DelayTask_RetrySpans": "7", "DelayTask_SuccessContains": "",
	}))
	got := b.delayed(b.delay(time.Now().Add(time.Hour)))
	require.Equal(t, core.RetryPolicy{Count: 5, Backoff: core.BackoffLinear, Delay: 7 * time.Second}, got.Retry)
	require.Zero(t, got.Callback.Success)
}

func TestCreateDelayedPlansWithinTheHorizon(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		in      time.Duration
		planned bool
		woken   bool
	}{
		"long past":             {-24 * time.Hour, true, true},
		"now":                   {0, true, true},
		"within the look-ahead": {core.LookAhead, true, true},
		"beyond the look-ahead": {core.PlanHorizon - 3*time.Second, true, false},
		"beyond the horizon":    {core.PlanHorizon + time.Minute, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			due := wholeMicros(time.Now().Add(c.in))
			got := b.delayed(b.delay(due))
			runs := b.runsOf(got.ID, core.RunPlanned)
			if c.planned {
				require.Equal(t, core.DelayedReady, got.State)
				require.Len(t, runs, 1)
				require.Equal(t, due, runs[0].Due)
			} else {
				require.Equal(t, core.DelayedCreated, got.State)
				require.Empty(t, runs)
			}
			if c.woken {
				require.Equal(t, []time.Time{due}, b.wakes())
			} else {
				require.Empty(t, b.wakes())
			}
		})
	}
}

func TestCreateDelayedRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	for name, c := range map[string]struct {
		change func(*core.DelayedTask)
		field  string
		says   string
	}{
		"no topic": {func(d *core.DelayedTask) { d.Topic = "" }, "topic", "is required"},
		"no due":   {func(d *core.DelayedTask) { d.Due = time.Time{} }, "due", "must lie in the years"},
		"long app": {func(d *core.DelayedTask) { d.SourceApp = strings.Repeat("x", 51) }, "sourceApp", "at most 50"},
		"worker":   {func(d *core.DelayedTask) { d.Executors = []string{"w1", "w9"} }, "executors", `there is no worker named "w9"`},
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := delayedTask(time.Now().Add(time.Hour)), delayedTask(time.Now().Add(time.Hour))
			c.change(bad)
			requireError(t, b.Delayed.Create(b.ctx, b.admin, bad), core.CodeRule, c.field, c.says)
			requireError(t, b.Delayed.CreateBatch(b.ctx, b.admin, []*core.DelayedTask{good, bad}), core.CodeRule, "items[1]."+c.field, c.says)
		})
	}
	list, _, err := b.Delayed.List(b.ctx, store.DelayedFilter{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestCreateDelayedForAWorker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	d := delayedTask(time.Now())
	d.Executors = []string{"w1"}
	require.NoError(t, b.Delayed.Create(b.ctx, b.admin, d))
	require.Equal(t, "node:w1", b.runsOf(d.ID, core.RunPlanned)[0].Queue)
}

func TestCreateDelayedWithAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := delayedTask(time.Now().Add(time.Second))
	first.IdempotencyKey = "k1"
	require.NoError(t, b.Delayed.Create(b.ctx, b.admin, first))
	require.Len(t, b.wakes(), 1)
	second := delayedTask(time.Now())
	second.IdempotencyKey = "k1"
	require.NoError(t, b.Delayed.Create(b.ctx, b.admin, second))
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, first.Due, second.Due)
	require.Empty(t, b.wakes(), "nothing was created")
	third, fourth := delayedTask(time.Now()), delayedTask(time.Now())
	third.IdempotencyKey, fourth.IdempotencyKey = "k1", "k2"
	require.NoError(t, b.Delayed.CreateBatch(b.ctx, b.admin, []*core.DelayedTask{third, fourth}))
	require.Equal(t, first.ID, third.ID)
	require.NotEqual(t, first.ID, fourth.ID)
	list, _, err := b.Delayed.List(b.ctx, store.DelayedFilter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 2)
}

func TestCreateBatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Now()
	items := make([]*core.DelayedTask, MaxBatch)
	for i := range items {
		items[i] = delayedTask(now.Add(time.Duration(MaxBatch-i) * time.Second))
		items[i].ContentKey = fmt.Sprint(i)
	}
	require.NoError(t, b.Delayed.CreateBatch(b.ctx, b.admin, items))
	require.Equal(t, []time.Time{wholeMicros(now.Add(time.Second))}, b.wakes(), "one wake, for the earliest")
	list, _, err := b.Delayed.List(b.ctx, store.DelayedFilter{Limit: 2 * MaxBatch})
	require.NoError(t, err)
	require.Len(t, list, MaxBatch)
	require.Equal(t, items[MaxBatch-1].ID, list[0].ID, "ids are in the order of the items")

	requireError(t, b.Delayed.CreateBatch(b.ctx, b.admin, append(items, delayedTask(now))), core.CodeRule, "items", "has 1001 entries; at most 1000")
	requireError(t, b.Delayed.CreateBatch(b.ctx, b.admin, nil), core.CodeRule, "items", "is required")
}

func TestManyCreateAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	ids := make([]string, 200)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			d := delayedTask(time.Now().Add(time.Hour))
			if i%2 == 0 {
				d.Executors = []string{"w1"}
			}
			if err := b.Delayed.Create(b.ctx, b.admin, d); err == nil {
				ids[i] = d.ID
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, id, b.delayed(id).ID)
	}
}

func TestResetExecuteVoid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	id := b.delay(time.Now().Add(time.Hour))
	requireError(t, b.Delayed.Reset(b.ctx, b.admin, id), core.CodeConflict, "", "the delayed task is created")

	require.NoError(t, b.Delayed.Execute(b.ctx, b.admin, id))
	require.Len(t, b.wakes(), 1)
	require.Equal(t, core.DelayedReady, b.delayed(id).State)
	sent := b.dispatch(time.Now())
	require.Len(t, sent, 1)
	require.NoError(t, b.Delayed.Execute(b.ctx, b.admin, id))
	require.Len(t, b.runsOf(id, ""), 1, "execute adds no run to the one under way")
	b.wakes()

	// A void asks the worker to end what it has.
	require.NoError(t, b.Delayed.Void(b.ctx, b.admin, id))
	require.Equal(t, map[string]string{sent[0].ID: "the delayed task was voided by ada"}, b.cancels())
	require.Equal(t, 1, b.cancelled)
	b.end(sent[0], core.RunCancelled)
	require.Equal(t, core.DelayedVoided, b.delayed(id).State)
	require.Equal(t, core.CodeConflict, core.CodeOf(b.Delayed.Void(b.ctx, b.admin, id)))
	require.Equal(t, core.CodeConflict, core.CodeOf(b.Delayed.Execute(b.ctx, b.admin, id)))

	require.NoError(t, b.Delayed.Reset(b.ctx, b.admin, id))
	require.Len(t, b.wakes(), 1)
	got := b.delayed(id)
	require.Equal(t, core.DelayedReady, got.State)
	require.Equal(t, 1, got.Resets)
	require.WithinDuration(t, time.Now(), got.Due, time.Minute)

	// A planned run is withdrawn with its delayed task, and no worker is asked.
	require.NoError(t, b.Delayed.Void(b.ctx, b.admin, id))
	require.Equal(t, 1, b.cancelled)
	require.Empty(t, b.runsOf(id, core.RunPlanned))
	for _, err := range []error{b.Delayed.Reset(b.ctx, b.admin, "none"), b.Delayed.Execute(b.ctx, b.admin, "none"), b.Delayed.Void(b.ctx, b.admin, "none")} {
		require.Equal(t, core.CodeNotFound, core.CodeOf(err))
	}
}
