package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestLifeOfARun(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		at := testdb.Now()
		k := b.task()
		planned := b.plan(k, at)
		require.Equal(t, core.RunPlanned, b.run(planned.ID).State)

		r := b.one()
		require.Equal(t, core.RunDispatched, r.State)
		got := b.run(r.ID)
		require.Equal(t, core.RunDispatched, got.State)
		require.Equal(t, worker, got.Holder)
		require.Equal(t, worker, got.Worker)
		require.False(t, got.DispatchedAt.IsZero())
		require.Equal(t, map[string]string{k.ID: r.ID}, b.guards())

		began := testdb.Now()
		b.began(began, held(r)...)
		got = b.run(r.ID)
		require.Equal(t, core.RunRunning, got.State)
		require.True(t, got.SentAt.Equal(began))

		outcome := testdb.Outcome(r.Run, core.RunSucceeded, func(o *core.Outcome) {
			o.Result = core.Result{
				Reason: "fine", Request: "POST http://x/", Status: 201, ContentType: "text/html", Response: []byte{0, 255, 1}, Truncated: true,
				Log: []core.LogLine{{At: testdb.Now(), Level: "info", Text: "done"}},
			}
		})
		rec := b.report(outcome)
		require.Len(t, rec.Runs, 1)
		require.Empty(t, rec.Stale)
		require.Zero(t, rec.Next)
		b.none()
		require.Empty(t, b.guards())
		got = b.run(r.ID)
		require.Equal(t, core.RunSucceeded, got.State)
		require.Equal(t, outcome.Result, got.Result)
		require.True(t, got.SentAt.Equal(outcome.SentAt))
		require.True(t, got.AnsweredAt.Equal(outcome.AnsweredAt))
		require.True(t, got.Due.Equal(at))
		require.True(t, got.PlannedAt.Equal(planned.PlannedAt))
		require.False(t, got.RecordedAt.Before(got.DispatchedAt))
		require.Equal(t, worker, got.Worker)
		require.EqualValues(t, 1, got.Token)
	})
}

func TestStartedOnlyFromDispatchedByItsToken(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		reserved := b.reserve(master)
		before := store.Held{RunID: reserved[0].ID, Token: reserved[0].Token}
		b.began(testdb.Now(), before)
		require.Equal(t, core.RunPlanned, b.open().State, "it was not given yet")
		r := b.give(master, worker, reserved...)[0]
		b.began(testdb.Now(), store.Held{RunID: r.ID, Token: r.Token - 1})
		require.Equal(t, core.RunDispatched, b.open().State, "the token is stale")
		b.started(r)
		began := b.open().SentAt
		b.began(testdb.Now().Add(time.Hour), held(r)...)
		require.Equal(t, began, b.open().SentAt, "it begins once")
	})
}

func TestProgressOfARun(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		say := func(token int64, percents ...int) {
			var notes []store.Note
			for _, p := range percents {
				notes = append(notes, store.Note{Held: store.Held{RunID: r.ID, Token: token}, Progress: p})
			}
			require.NoError(t, b.TakeNotes(b.ctx, notes))
		}
		say(r.Token, 10)
		require.Zero(t, b.open().Progress, "it has not begun")
		b.started(r)
		say(r.Token, 20, 40, 30)
		require.Equal(t, 30, b.open().Progress, "the last one said counts")
		say(r.Token-1, 90)
		require.Equal(t, 30, b.open().Progress, "the token is stale")
		require.Equal(t, 30, b.list(store.RunFilter{})[0].Progress)
		b.end(r, core.RunFailed, func(o *core.Outcome) { o.Retryable = false })
		require.Equal(t, 30, b.run(r.ID).Progress, "how far it came before it failed")
		say(r.Token, 50)
		require.Equal(t, 30, b.run(r.ID).Progress, "it has ended")

		for _, percent := range []int{0, 60} {
			b.plan(b.task(), testdb.Now())
			r = b.one()
			b.started(r)
			say(r.Token, percent)
			b.end(r, core.RunSucceeded)
			require.Equal(t, map[int]int{0: 0, 60: 100}[percent], b.run(r.ID).Progress)
		}
	})
}

func TestALostRunBeginsAnew(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		b.started(r)
		require.NoError(t, b.TakeNotes(b.ctx, []store.Note{{Held: held(r)[0], Progress: 70}}))
		require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
		require.Equal(t, 70, b.run(r.ID).Progress)
		require.Zero(t, b.open().Progress)
	})
}

// Notes of many runs are stored together, whatever worker they came from and whenever it began them.
func TestNotesOfManyRuns(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for range 300 { // more than one list of ids holds
			b.delayed()
		}
		var notes []store.Note
		var runs []store.Handout
		for range 3 {
			runs = append(runs, b.dispatch()...)
		}
		require.Len(t, runs, 300)
		at := testdb.Now()
		for i, r := range runs {
			notes = append(notes,
				store.Note{Held: held(r)[0], BeganAt: at.Add(time.Duration(i%2) * time.Second)},
				store.Note{Held: held(r)[0], First: 1, Lines: []core.LogLine{{At: at, Level: "info", Text: "second of " + r.ID}}},
				store.Note{Held: held(r)[0], Lines: []core.LogLine{{At: at, Level: "info", Text: "first of " + r.ID}}})
		}
		require.NoError(t, b.TakeNotes(b.ctx, notes))
		require.NoError(t, b.TakeNotes(b.ctx, notes), "a worker says them again on a new stream")
		for i, r := range runs {
			got := b.run(r.ID)
			require.Equal(t, core.RunRunning, got.State)
			require.Equal(t, at.Add(time.Duration(i%2)*time.Second), got.SentAt)
			require.Len(t, got.Result.Log, 2)
			require.Equal(t, "first of "+r.ID, got.Result.Log[0].Text)
			require.Equal(t, "second of "+r.ID, got.Result.Log[1].Text)
		}
	})
}

func TestDispatchOnlyByTheHolder(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		mine := b.reserve(master)
		require.Empty(t, b.give("m2", worker, mine...))
		stale := *mine[0]
		run := *mine[0].Run
		stale.Run = &run
		run.Token--
		require.Empty(t, b.give(master, worker, &stale))
		require.Equal(t, core.RunPlanned, b.open().State)
		require.Empty(t, b.guards(), "whoever may not send takes no guard")
		require.Len(t, b.give(master, worker, mine...), 1)
		require.Empty(t, b.give(master, "w2", mine...), "it is sent once")
		require.Equal(t, worker, b.open().Holder)
	})
}

func TestDispatchLosesAgainstWithdrawal(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, withdraw := range map[string]func(b *bundle, r *core.Run){
			"paused":    func(b *bundle, r *core.Run) { b.move(r.TaskID, core.TaskPaused) },
			"stopped":   func(b *bundle, r *core.Run) { b.move(r.TaskID, core.TaskStopped) },
			"deleted":   func(b *bundle, r *core.Run) { b.move(r.TaskID, core.TaskDeleted) },
			"cancelled": func(b *bundle, r *core.Run) { _, err := b.CancelRun(b.ctx, r.ID, "by hand"); require.NoError(b.t, err) },
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				b.plan(b.task(), testdb.Now())
				reserved := b.reserve(master)
				withdraw(b, reserved[0].Run)
				require.Empty(t, b.give(master, worker, reserved...))
				b.none()
				require.Empty(t, b.guards())
				got := b.run(reserved[0].ID)
				require.Equal(t, core.RunCancelled, got.State)
				require.NotEmpty(t, got.Result.Reason)
			})
		}
	})
}

func TestOverlapInOneBatch(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		forbid, allow := b.task(), b.task(overlapping)
		base := testdb.Now()
		for i := range 3 {
			b.plan(forbid, base.Add(-time.Duration(i)*time.Second))
			b.plan(allow, base.Add(-time.Duration(i)*time.Second))
		}
		sent := b.dispatch()
		require.Len(t, sent, 4)
		n := 0
		var winner store.Handout
		for _, r := range sent {
			if r.TaskID == forbid.ID {
				winner = r
				n++
			}
		}
		require.Equal(t, 1, n)
		require.Equal(t, map[string]string{forbid.ID: winner.ID}, b.guards())
		for _, r := range b.list(store.RunFilter{TaskID: forbid.ID, State: core.RunConflict}) {
			require.Contains(t, b.run(r.ID).Result.Reason, winner.ID, "the holder is named")
			require.False(t, r.RecordedAt.IsZero())
		}
		require.Len(t, b.list(store.RunFilter{TaskID: forbid.ID, State: core.RunConflict}), 2)
		require.Len(t, b.list(store.RunFilter{TaskID: allow.ID, State: core.RunDispatched}), 3)
	})
}

func TestOverlapInTwoBatches(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		// free ends the first run in some way, after which the guard must be free.
		for name, free := range map[string]func(b *bundle, r store.Handout){
			"succeeded": func(b *bundle, r store.Handout) { b.end(r, core.RunSucceeded) },
			"failed":    func(b *bundle, r store.Handout) { b.started(r); b.end(r, core.RunFailed) },
			"cancelled": func(b *bundle, r store.Handout) { b.end(r, core.RunCancelled) },
			"lost":      func(b *bundle, r store.Handout) { b.die(worker) },
			"returned":  func(b *bundle, r store.Handout) { require.NoError(b.t, b.Return(b.ctx, held(r), testdb.AnyWorker)) },
			"given up": func(b *bundle, r store.Handout) {
				_, err := b.Reconcile(b.ctx, worker, nil, testdb.AnyWorker)
				require.NoError(b.t, err)
			},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(atMostOnce)
				b.plan(k, testdb.Now())
				first := b.one()
				second := b.plan(k, testdb.Now())
				require.Empty(t, b.give("m2", "w2", b.reserve("m2")...), "another master, another worker: the same guard")
				require.Equal(t, core.RunConflict, b.run(second.ID).State)
				require.Contains(t, b.run(second.ID).Result.Reason, first.ID)
				require.Equal(t, first.ID, b.guards()[k.ID])

				free(b, first)
				require.Empty(t, b.guards())
				b.plan(k, testdb.Now())
				require.NotEmpty(t, b.dispatch())
			})
		}
	})
}

// A retry has been promised, so it waits for the guard where a new firing ends.
func TestRetryWaitsForTheGuard(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(retrying)
		b.plan(k, testdb.Now())
		b.end(b.one(), core.RunFailed)
		time.Sleep(10 * time.Second)
		b.plan(k, testdb.Now())
		batch := b.reserve(master)
		slices.SortFunc(batch, func(x, y *store.Reserved) int { return x.Attempt - y.Attempt })
		require.Len(t, batch, 2)
		sent := b.give(master, worker, batch...)
		require.Len(t, sent, 1)
		require.Equal(t, 1, sent[0].Attempt)
		waiting := b.run(batch[1].ID)
		require.Equal(t, core.RunPlanned, waiting.State)
		require.Empty(t, waiting.Holder)
		require.Empty(t, waiting.Worker)
		require.True(t, waiting.DispatchedAt.IsZero())

		require.Empty(t, b.reserve(master), "not at once")
		time.Sleep(core.LookAhead + time.Second)
		again := b.reserve("m2")
		require.Len(t, again, 1)
		require.Greater(t, again[0].Token, batch[1].Token)
		require.Empty(t, b.give("m2", "w2", again...), "the guard is still taken")
		b.end(sent[0], core.RunSucceeded)
		time.Sleep(core.LookAhead + time.Second)
		require.Equal(t, waiting.ID, b.one().ID)
		require.Equal(t, map[string]string{k.ID: waiting.ID}, b.guards())
		require.Empty(t, b.list(store.RunFilter{State: core.RunConflict}))
	})
}
