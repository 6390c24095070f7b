package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestDelayedTaskIsRetried(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		d := b.delayed()
		occurrence := core.RunID(d.Due, core.DelayedKey(d.ID, 0))
		first := b.one()
		require.Equal(t, occurrence, first.ID)
		previous := first
		for retry, wait := range []time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second} {
			failed := time.Now()
			rec := b.end(previous, core.RunTimedOut)
			require.True(t, rec.Next.Equal(failed.Add(wait)), "retry %d comes %s after", retry+1, rec.Next.Sub(failed))
			require.Equal(t, core.DelayedReady, b.delayedTask(d.ID).State)
			require.EqualValues(t, retry+1, b.delayedTask(d.ID).Runs)
			time.Sleep(wait - time.Millisecond)
			require.Empty(t, b.reserve(master), "not before its instant")
			time.Sleep(time.Millisecond)
			r := b.one()
			require.Equal(t, occurrence, r.OccurrenceID, "the target sees the same key")
			require.Equal(t, core.RunID(r.Due, core.RetryKey(occurrence, retry+2)), r.ID)
			require.Equal(t, core.TriggerRetry, r.Trigger)
			require.Equal(t, retry+2, r.Attempt)
			require.Equal(t, retry+1, r.Retry)
			require.Equal(t, d.ID, r.DelayedID)
			require.Empty(t, b.notices(), "nobody is told before the last")
			previous = r
		}
		rec := b.end(previous, core.RunFailed)
		require.Zero(t, rec.Next)
		b.none()
		got := b.delayedTask(d.ID)
		require.Equal(t, core.DelayedFailed, got.State)
		require.EqualValues(t, 4, got.Runs)
		require.True(t, got.FinishedAt.Equal(time.Now().Truncate(time.Microsecond)))
		require.Equal(t, []string{previous.ID}, b.notices())
	})
}

func TestRetryThatSucceedsEndsTheMatter(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		d := b.delayed()
		b.end(b.one(), core.RunFailed)
		time.Sleep(10 * time.Second)
		b.end(b.one(), core.RunSucceeded)
		b.none()
		require.Equal(t, core.DelayedSucceeded, b.delayedTask(d.ID).State)
		require.EqualValues(t, 2, b.delayedTask(d.ID).Runs)
		require.Empty(t, b.notices())
	})
}

func TestRetryAfter(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		b.delayed()
		rec := b.end(b.one(), core.RunFailed, func(o *core.Outcome) { o.RetryAfter = time.Minute })
		require.True(t, rec.Next.Equal(time.Now().Add(time.Minute)), "the target asked for longer than the policy")
		time.Sleep(time.Minute)
		rec = b.end(b.one(), core.RunFailed, func(o *core.Outcome) { o.RetryAfter = time.Second })
		require.True(t, rec.Next.Equal(time.Now().Add(20*time.Second)), "the policy is longer than the target asked for")
	})
}

func TestWhatIsNotRetried(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, c := range map[string]struct {
			state  core.RunState
			change func(*core.Outcome)
			notice bool
		}{
			"cancelled":                   {core.RunCancelled, nil, false},
			"a failure that stays so":     {core.RunFailed, func(o *core.Outcome) { o.Retryable = false }, true},
			"a success, whatever is said": {core.RunSucceeded, func(o *core.Outcome) { o.Retryable = true }, false},
		} {
			for kind, make := range map[string]func(b *bundle) string{
				"task":         func(b *bundle) string { b.plan(b.task(retrying), testdb.Now()); return "" },
				"delayed task": func(b *bundle) string { return b.delayed().ID },
			} {
				b.sub(t, name+" of a "+kind, func(t *testing.T, b *bundle) {
					id := make(b)
					r := b.one()
					rec := b.end(r, c.state, func(o *core.Outcome) {
						if c.change != nil {
							c.change(o)
						}
					})
					require.Zero(t, rec.Next)
					b.none()
					require.Len(t, b.notices(), map[bool]int{true: 1}[c.notice])
					if id != "" {
						want := map[core.RunState]core.DelayedState{
							core.RunCancelled: core.DelayedVoided, core.RunFailed: core.DelayedFailed, core.RunSucceeded: core.DelayedSucceeded,
						}[c.state]
						require.Equal(t, want, b.delayedTask(id).State)
					}
				})
			}
		}
	})
}

func TestTaskIsRetriedByItsPolicy(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(retrying, func(k *core.Task) { k.Executors = []string{worker} })
		b.plan(k, testdb.Now())
		first := b.one()
		b.end(first, core.RunFailed)
		require.Empty(t, b.guards())
		retry := b.open()
		require.Equal(t, first.ID, retry.OccurrenceID)
		require.Equal(t, "node:w1", retry.Queue, "a retry is routed anew")
		require.EqualValues(t, 1, retry.TaskVersion)
		time.Sleep(10 * time.Second)
		second := b.give(master, worker, b.reserve(master, "node:w1")...)
		require.Len(t, second, 1)
		b.end(second[0], core.RunFailed)
		time.Sleep(20 * time.Second)
		third := b.give(master, worker, b.reserve(master, "node:w1")...)
		require.Len(t, third, 1)
		require.Equal(t, 3, third[0].Attempt)
		b.end(third[0], core.RunFailed)
		b.none()
		require.Equal(t, []string{third[0].ID}, b.notices())
		require.Equal(t, []core.RunState{core.RunFailed, core.RunFailed, core.RunFailed}, b.states(store.RunFilter{TaskID: k.ID}))
	})
}

func TestJitterIsDrawn(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		b.delayed(func(d *core.DelayedTask) { d.Retry = core.RetryPolicy{Count: 1, Delay: 10 * time.Second, Jitter: 1} })
		rec, err := b.Record(b.ctx, []core.Outcome{testdb.Outcome(b.one().Run, core.RunFailed)}, testdb.AnyWorker, func() float64 { return 0.75 })
		require.NoError(t, err)
		require.True(t, rec.Next.Equal(time.Now().Add(2500*time.Millisecond)))
	})
}

// What happened to a task while its run was under way decides whether the run is followed by another.
func TestTaskThatMovedOn(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		restart := func(b *bundle, id string) {
			b.move(id, core.TaskStopped)
			b.move(id, core.TaskRunning)
		}
		for name, c := range map[string]struct {
			meanwhile func(b *bundle, id string)
			followed  bool
		}{
			"nothing":   {func(*bundle, string) {}, true},
			"paused":    {func(b *bundle, id string) { b.move(id, core.TaskPaused) }, false},
			"stopped":   {func(b *bundle, id string) { b.move(id, core.TaskStopped) }, false},
			"deleted":   {func(b *bundle, id string) { b.move(id, core.TaskDeleted) }, false},
			"restarted": {restart, true},
			"edited and restarted": {func(b *bundle, id string) {
				k := b.move(id, core.TaskStopped)
				k.Executors = []string{"w2"}
				require.NoError(b.t, b.EditTask(b.ctx, k))
				b.move(id, core.TaskRunning)
			}, true},
		} {
			for cause, end := range map[string]func(b *bundle, r store.Handout){
				"failed": func(b *bundle, r store.Handout) { b.end(r, core.RunFailed) },
				"lost":   func(b *bundle, r store.Handout) { b.die(worker) },
			} {
				b.sub(t, cause+" after "+name, func(t *testing.T, b *bundle) {
					k := b.task(retrying)
					b.plan(k, testdb.Now())
					r := b.one()
					c.meanwhile(b, k.ID)
					b.ForgetDefinitions()
					end(b, r)
					require.Empty(t, b.guards())
					if !c.followed {
						b.none()
						require.Equal(t, []string{r.ID}, b.notices())
						return
					}
					next := b.open()
					k, err := b.Task(b.ctx, k.ID)
					require.NoError(t, err)
					require.Equal(t, k.Version, next.TaskVersion, "it follows the definition in force")
					require.Equal(t, testdb.AnyWorker(core.Destination{Executors: k.Executors})[0], next.Queue)
					require.Equal(t, r.ID, next.OccurrenceID)
					require.Empty(t, b.notices())
				})
			}
		}
	})
}
