package store_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestReportsThatComeTooLate(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		// late brings a run to where a report under r's token is stale, and gives where the run stands then.
		for name, late := range map[string]func(b *bundle, r store.Handout) core.RunState{
			"reported before": func(b *bundle, r store.Handout) core.RunState {
				b.end(r, core.RunSucceeded)
				return core.RunSucceeded
			},
			"returned": func(b *bundle, r store.Handout) core.RunState {
				require.NoError(b.t, b.Return(b.ctx, held(r), testdb.AnyWorker))
				return core.RunPlanned
			},
			"given to another": func(b *bundle, r store.Handout) core.RunState {
				require.NoError(b.t, b.Return(b.ctx, held(r), testdb.AnyWorker))
				again := b.give("m2", "w2", b.reserve("m2")...)
				require.Len(b.t, again, 1)
				require.Greater(b.t, again[0].Token, r.Token)
				b.started(again...)
				return core.RunRunning
			},
			"lost": func(b *bundle, r store.Handout) core.RunState {
				b.die(worker)
				return core.RunLost
			},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task()
				b.plan(k, testdb.Now())
				r := b.one()
				state := late(b, r)
				before := b.run(r.ID)
				guards := b.guards()

				rec := b.report(testdb.Outcome(r.Run, core.RunFailed, func(o *core.Outcome) { o.Result.Reason = "too slow" }))
				require.Empty(t, rec.Runs)
				require.Equal(t, held(r), rec.Stale)
				after := b.run(r.ID)
				require.Equal(t, state, after.State)
				require.Equal(t, before.Token, after.Token)
				require.Equal(t, guards, b.guards())
				require.Len(t, after.Result.Log, 1)
				line := after.Result.Log[0]
				require.Equal(t, "warn", line.Level)
				require.Contains(t, line.Text, "superseded")
				require.Contains(t, line.Text, `"failed"`)
				require.Contains(t, line.Text, "too slow")
				require.Contains(t, line.Text, fmt.Sprintf("token %d", r.Token))
				after.Result.Log = before.Result.Log
				require.Equal(t, before, after, "nothing else changes")
			})
		}
	})
}

func TestReportTwiceInOneBatch(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		o := testdb.Outcome(r.Run, core.RunSucceeded)
		rec := b.report(o, o)
		require.Len(t, rec.Runs, 1)
		require.Equal(t, held(r), rec.Stale)
		require.Equal(t, core.RunSucceeded, b.run(r.ID).State)
	})
}

func TestReportOfAnUnknownRun(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		rec := b.report(core.Outcome{RunID: "nothing", Token: 1, State: core.RunFailed}, testdb.Outcome(r.Run, core.RunSucceeded))
		require.Equal(t, []store.Held{{RunID: "nothing", Token: 1}}, rec.Stale)
		require.Len(t, rec.Runs, 1, "the others of its batch are recorded")
		require.Empty(t, b.report().Runs)
	})
}

// A report can name only an end that a run with a worker may have.
func TestReportOfNoOutcome(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, state := range append(core.RunStates(), "", "done") {
			b.sub(t, "state "+string(state), func(t *testing.T, b *bundle) {
				b.plan(b.task(), testdb.Now())
				r := b.one()
				o := testdb.Outcome(r.Run, state)
				b.report(o)
				if got := b.run(r.ID).State; core.RunDispatched.CanBecome(state) && state.Final() {
					require.Equal(t, state, got)
				} else {
					require.Equal(t, core.RunFailed, got, "a worker's nonsense is a failure")
					require.Contains(t, b.run(r.ID).Result.Reason, string(state))
				}
			})
		}
	})
}

// What a worker says of time must not stop the recording of others.
func TestReportWithAbsurdInstants(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		b.end(r, core.RunFailed, func(o *core.Outcome) {
			o.SentAt, o.AnsweredAt = time.UnixMicro(math.MinInt64), time.UnixMicro(math.MaxInt64)
			o.Result.Log = []core.LogLine{{At: time.UnixMicro(math.MaxInt64), Text: "far"}, {At: time.UnixMicro(math.MinInt64), Text: "long ago"}}
			o.RetryAfter = math.MinInt64
		})
		got := b.run(r.ID)
		require.Len(t, got.Result.Log, 2)
		require.NoError(t, b.AppendLog(b.ctx, held(r)[0], 0, []core.LogLine{{At: time.UnixMicro(math.MaxInt64), Text: "far"}}))
	})
}

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
					require.Equal(t, testdb.AnyWorker(k.Executors), next.Queue)
					require.Equal(t, r.ID, next.OccurrenceID)
					require.Empty(t, b.notices())
				})
			}
		}
	})
}

func TestChildren(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		pinned := b.task(func(k *core.Task) { k.Executors = []string{"w2"} })
		idle := b.task(stopped)
		paused, deleted, later := b.task(), b.task(), b.task(stopped)
		b.move(paused.ID, core.TaskPaused)
		b.move(deleted.ID, core.TaskDeleted)
		parent := b.task(func(k *core.Task) {
			k.Children = []string{pinned.ID, idle.ID, paused.ID, deleted.ID, later.ID, "nothing"}
		})
		b.plan(parent, testdb.Now())
		r := b.one()
		b.move(later.ID, core.TaskRunning)
		rec := b.end(r, core.RunSucceeded, func(o *core.Outcome) { o.Result.Response = []byte("result") })
		require.False(t, rec.Next.IsZero())
		require.False(t, rec.Next.After(b.Now()), "children are due at once")

		runs := map[string]*core.Run{}
		open, err := b.OpenRuns(b.ctx)
		require.NoError(t, err)
		for _, c := range open {
			runs[c.TaskID] = c
		}
		require.Len(t, runs, 2, "those running when the outcome is recorded")
		for _, child := range []*core.Task{pinned, later} {
			c := runs[child.ID]
			require.NotNil(t, c)
			require.Equal(t, r.ID, c.ParentRunID)
			require.Equal(t, core.TriggerParent, c.Trigger)
			require.Equal(t, c.ID, c.OccurrenceID, "a child is an occurrence of its own")
			require.Equal(t, core.RunID(c.Due, core.ChildKey(r.ID, child.ID)), c.ID)
			require.Equal(t, 1, c.Attempt)
		}
		require.Equal(t, "node:w2", runs[pinned.ID].Queue)
		require.EqualValues(t, 2, runs[later.ID].TaskVersion)

		got := b.reserve(master, "node:w2")
		require.Len(t, got, 1)
		require.Equal(t, "result", string(got[0].ParentResult))
	})
}

func TestChildrenAreBornOnceAndOfSuccessOnly(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		child := b.task()
		parent := b.task(retrying, func(k *core.Task) { k.Children = []string{child.ID} })
		b.plan(parent, testdb.Now())
		first := b.one()
		b.end(first, core.RunFailed)
		require.Equal(t, parent.ID, b.open().TaskID, "a failure has a retry and no child")
		time.Sleep(10 * time.Second)
		second := b.one()
		o := testdb.Outcome(second.Run, core.RunSucceeded)
		b.report(o)
		b.report(o)
		c := b.open()
		require.Equal(t, child.ID, c.TaskID)
		require.Equal(t, second.ID, c.ParentRunID, "the attempt that succeeded is the parent")
	})
}

// A child of a child, and two parents of one child, in one batch.
func TestChildrenInOneBatch(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		grandchild := b.task(overlapping)
		child := b.task(overlapping, func(k *core.Task) { k.Children = []string{grandchild.ID} })
		a := b.task(func(k *core.Task) { k.Children = []string{child.ID, grandchild.ID} })
		z := b.task(func(k *core.Task) { k.Children = []string{child.ID} })
		b.plan(a, testdb.Now())
		b.plan(z, testdb.Now())
		b.plan(child, testdb.Now())
		var outcomes []core.Outcome
		for _, r := range b.dispatch() {
			outcomes = append(outcomes, testdb.Outcome(r.Run, core.RunSucceeded))
		}
		b.report(outcomes...)
		require.Len(t, b.list(store.RunFilter{TaskID: child.ID, State: core.RunPlanned}), 2)
		require.Len(t, b.list(store.RunFilter{TaskID: grandchild.ID, State: core.RunPlanned}), 2)
	})
}

func TestChildrenOfTheRunThatSucceeded(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		child := b.task(overlapping)
		parent := b.task(overlapping, func(k *core.Task) { k.Children = []string{child.ID} })
		b.plan(parent, testdb.Now())
		b.plan(parent, testdb.Now().Add(-time.Second))
		runs := b.dispatch()
		b.report(testdb.Outcome(runs[0].Run, core.RunFailed), testdb.Outcome(runs[1].Run, core.RunSucceeded))
		require.Equal(t, runs[1].ID, b.open().ParentRunID, "and not of the other in its batch")
	})
}

func TestLogIsInOrder(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		line := func(s string) core.LogLine { return core.LogLine{At: testdb.Now(), Level: "info", Text: s} }
		b.plan(b.task(), testdb.Now())
		old := b.one()
		require.NoError(t, b.AppendLog(b.ctx, held(old)[0], 0, []core.LogLine{line("of the first holder")}))
		require.NoError(t, b.Return(b.ctx, held(old), testdb.AnyWorker))
		r := b.one()
		h := held(r)[0]
		require.NoError(t, b.AppendLog(b.ctx, h, 2, []core.LogLine{line("three")}))
		require.NoError(t, b.AppendLog(b.ctx, h, 0, []core.LogLine{line("one"), line("two")}))
		require.NoError(t, b.AppendLog(b.ctx, h, 0, []core.LogLine{line("one again")}), "a chunk sent twice is kept once")
		b.end(r, core.RunSucceeded, func(o *core.Outcome) { o.Result.Log = []core.LogLine{line("four")} })
		b.report(testdb.Outcome(old.Run, core.RunFailed))
		var texts []string
		for _, l := range b.run(r.ID).Result.Log {
			texts = append(texts, l.Text)
		}
		require.Len(t, texts, 5)
		require.Equal(t, []string{"one", "two", "three", "four"}, texts[:4])
		require.Contains(t, texts[4], "superseded")
	})
}
