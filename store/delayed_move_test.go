package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// What each move does to a delayed task in each state, and to the run it has there.
func TestDelayedMoves(t *testing.T) {
	// bring takes a new delayed task into a state and gives its id.
	bring := func(b *bundle, state string) string {
		d := b.delayed(later)
		if state == "created" {
			return d.ID
		}
		require.NoError(b.t, b.ExecuteDelayed(b.ctx, d.ID, testdb.AnyWorker))
		switch state {
		case "planned":
		case "reserved":
			require.Len(b.t, b.reserve("m2"), 1)
		case "dispatched":
			b.one()
		case "running":
			b.started(b.one())
		case "to be retried":
			b.end(b.one(), core.RunFailed)
		case "succeeded":
			b.end(b.one(), core.RunSucceeded)
		case "failed":
			b.end(b.one(), core.RunFailed, func(o *core.Outcome) { o.Retryable = false })
		case "voided":
			_, err := b.VoidDelayed(b.ctx, d.ID, "voided")
			require.NoError(b.t, err)
		case "voided under way":
			r := b.one()
			underWay, err := b.VoidDelayed(b.ctx, d.ID, "voided")
			require.NoError(b.t, err)
			require.Equal(b.t, r.ID, underWay.ID)
		default:
			b.t.Fatalf("no state %q", state)
		}
		return d.ID
	}
	type end struct {
		state core.DelayedState // "" for a refusal
		open  core.RunState     // of the open run; "" for none
		fires bool              // the open run is due now and free
	}
	refused := end{}
	table := map[string]struct{ reset, execute, void end }{
		"created": {refused, end{core.DelayedReady, core.RunPlanned, true}, end{core.DelayedVoided, "", false}},
		"planned": {refused, end{core.DelayedReady, core.RunPlanned, true}, end{core.DelayedVoided, "", false}},
		// It is due already, so executing it leaves it with the master that has it.
		"reserved":         {refused, end{core.DelayedReady, core.RunPlanned, false}, end{core.DelayedVoided, "", false}},
		"dispatched":       {refused, end{core.DelayedReady, core.RunDispatched, false}, end{core.DelayedVoided, core.RunDispatched, false}},
		"running":          {refused, end{core.DelayedReady, core.RunRunning, false}, end{core.DelayedVoided, core.RunRunning, false}},
		"to be retried":    {refused, end{core.DelayedReady, core.RunPlanned, true}, end{core.DelayedVoided, "", false}},
		"succeeded":        {end{core.DelayedReady, core.RunPlanned, true}, refused, refused},
		"failed":           {end{core.DelayedReady, core.RunPlanned, true}, refused, refused},
		"voided":           {end{core.DelayedReady, core.RunPlanned, true}, refused, refused},
		"voided under way": {refused, refused, refused},
	}
	each(t, func(t *testing.T, b *bundle) {
		for state, c := range table {
			for name, m := range map[string]struct {
				end
				move func(b *bundle, id string) error
			}{
				"reset":   {c.reset, func(b *bundle, id string) error { return b.ResetDelayed(b.ctx, id, testdb.Now(), testdb.AnyWorker) }},
				"execute": {c.execute, func(b *bundle, id string) error { return b.ExecuteDelayed(b.ctx, id, testdb.AnyWorker) }},
				"void": {c.void, func(b *bundle, id string) error {
					_, err := b.VoidDelayed(b.ctx, id, "voided by hand")
					return err
				}},
			} {
				b.sub(t, name+" when "+state, func(t *testing.T, b *bundle) {
					id := bring(b, state)
					before, err := b.Dump(b.ctx)
					require.NoError(t, err)
					err = m.move(b, id)
					if m.state == "" {
						requireCode(t, err, core.CodeConflict)
						after, err := b.Dump(b.ctx)
						require.NoError(t, err)
						require.Equal(t, before, after, "a refusal changes nothing")
						return
					}
					require.NoError(t, err)
					require.Equal(t, m.state, b.delayedTask(id).State)
					if m.open == "" {
						b.none()
						return
					}
					require.Equal(t, m.open, b.open().State)
					require.Len(t, b.reserve(master), map[bool]int{true: 1}[m.fires])
				})
			}
		}
	})
}

func TestDelayedMovesOfNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		requireCode(t, b.ResetDelayed(b.ctx, "x", testdb.Now(), testdb.AnyWorker), core.CodeNotFound)
		requireCode(t, b.ExecuteDelayed(b.ctx, "x", testdb.AnyWorker), core.CodeNotFound)
		_, err := b.VoidDelayed(b.ctx, "x", "")
		requireCode(t, err, core.CodeNotFound)
	})
}

func TestResetBeginsAnew(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed()
		first := b.one()
		b.end(first, core.RunSucceeded)
		require.EqualValues(t, 1, b.delayedTask(d.ID).Runs)
		require.False(t, b.delayedTask(d.ID).FinishedAt.IsZero())

		require.NoError(t, b.ResetDelayed(b.ctx, d.ID, d.Due, testdb.AnyWorker))
		got := b.delayedTask(d.ID)
		require.Equal(t, 1, got.Resets)
		require.Zero(t, got.Runs)
		require.True(t, got.FinishedAt.IsZero())
		second := b.one()
		require.NotEqual(t, first.ID, second.ID, "even at the same instant")
		require.NotEqual(t, first.OccurrenceID, second.OccurrenceID)
		require.Equal(t, 1, second.Attempt)
		b.end(second, core.RunSucceeded)
		require.Equal(t, []core.RunState{core.RunSucceeded, core.RunSucceeded}, b.states(store.RunFilter{DelayedID: d.ID}))
	})
}

// Execute-now moves the run that is open and takes it from the master that has it in its memory.
func TestExecuteTakesTheRunFromItsTimer(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed(func(d *core.DelayedTask) { d.Due = testdb.Now().Add(time.Hour) })
		_, _, err := b.PlanDelayed(b.ctx, d.Due, 1, testdb.AnyWorker)
		require.NoError(t, err)
		early, _, err := b.Reserve(b.ctx, "m2", core.QueueDefault, d.Due, 10, room)
		require.NoError(t, err)
		require.Len(t, early, 1)

		require.NoError(t, b.ExecuteDelayed(b.ctx, d.ID, testdb.AnyWorker))
		require.Empty(t, b.give("m2", worker, early...), "the timer of the master that had it sends nothing")
		now := b.reserve(master)
		require.Len(t, now, 1)
		require.Equal(t, early[0].ID, now[0].ID, "there is one run, moved")
		require.Greater(t, now[0].Token, early[0].Token)
		require.True(t, now[0].Due.Equal(d.Due), "the due instant is never rewritten")
		require.True(t, now[0].FireAt.Before(d.Due))
		require.Empty(t, b.give("m2", worker, early...))
		require.Len(t, b.give(master, worker, now...), 1)
		require.Empty(t, b.give("m2", worker, early...))
	})
}

func TestVoidedDelayedTaskStaysVoided(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		// void voids a delayed task whose run is with a worker.
		void := func(b *bundle) (string, store.Handout) {
			d := b.delayed()
			r := b.one()
			underWay, err := b.VoidDelayed(b.ctx, d.ID, "")
			require.NoError(b.t, err)
			require.Equal(b.t, r.ID, underWay.ID)
			return d.ID, r
		}
		for _, outcome := range []core.RunState{core.RunSucceeded, core.RunFailed, core.RunCancelled} {
			b.sub(t, "when its run "+string(outcome), func(t *testing.T, b *bundle) {
				id, r := void(b)
				require.Zero(t, b.end(r, outcome).Next)
				b.none()
				require.Equal(t, core.DelayedVoided, b.delayedTask(id).State)
				require.Empty(t, b.notices())
				require.Equal(t, outcome, b.run(r.ID).State)
			})
		}
		b.sub(t, "when its worker dies", func(t *testing.T, b *bundle) {
			id, r := void(b)
			b.die(worker)
			b.none()
			require.Equal(t, core.DelayedVoided, b.delayedTask(id).State)
			require.Equal(t, core.RunCancelled, b.run(r.ID).State)
		})
		b.sub(t, "when its worker never had the run", func(t *testing.T, b *bundle) {
			id, r := void(b)
			require.NoError(t, b.Return(b.ctx, held(r), testdb.AnyWorker))
			b.none()
			require.Equal(t, core.DelayedVoided, b.delayedTask(id).State)
			require.Equal(t, core.RunCancelled, b.run(r.ID).State)
		})
	})
}
