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
		require.NoError(t, b.Started(b.ctx, held(r), began))
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
		require.NoError(t, b.Started(b.ctx, []store.Held{before}, testdb.Now()))
		require.Equal(t, core.RunPlanned, b.open().State, "it was not given yet")
		r := b.give(master, worker, reserved...)[0]
		require.NoError(t, b.Started(b.ctx, []store.Held{{RunID: r.ID, Token: r.Token - 1}}, testdb.Now()))
		require.Equal(t, core.RunDispatched, b.open().State, "the token is stale")
		b.started(r)
		began := b.open().SentAt
		require.NoError(t, b.Started(b.ctx, held(r), testdb.Now().Add(time.Hour)))
		require.Equal(t, began, b.open().SentAt, "it begins once")
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
