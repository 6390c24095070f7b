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
		b.say(held(r)[0], 0, core.LogLine{At: time.UnixMicro(math.MaxInt64), Text: "far"})
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
		b.say(held(old)[0], 0, line("of the first holder"))
		require.NoError(t, b.Return(b.ctx, held(old), testdb.AnyWorker))
		r := b.one()
		h := held(r)[0]
		b.say(h, 2, line("three"))
		b.say(h, 0, line("one"), line("two"))
		b.say(h, 0, line("one again")) // a chunk sent twice is kept once
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
