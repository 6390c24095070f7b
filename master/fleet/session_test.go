package fleet

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestRunIsGivenWithAllThatAWorkerNeeds(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		due := time.Now().UTC().Truncate(time.Microsecond)
		ofTask := b.handout(func(r *store.Reserved) {
			r.OccurrenceID, r.Trigger, r.Attempt, r.Due, r.TaskID, r.ParentRunID = "occurrence", core.TriggerRetry, 3, due, "task", "parent"
			r.Callback, r.ParentResult = []byte("callback"), []byte("result")
			r.Task = &store.TaskDefinition{Definition: core.Definition{AtMostOnce: true}}
			r.Shard, r.Shards = 2, 5
		})
		delayed := b.handout(func(r *store.Reserved) { r.DelayedID = "delayed" })
		require.True(t, b.Pick(core.QueueDefault).Give([]store.Handout{ofTask, delayed}))
		runs := w.hear().GetDispatch().GetRuns()
		require.Len(t, runs, 2)
		r := runs[0]
		require.Equal(t, []any{"run-1", int64(1), "occurrence", "retry", int32(3), rpc.Micros(due), "task", ""},
			[]any{r.Id, r.Token, r.OccurrenceId, r.Trigger, r.Attempt, r.Due, r.TaskId, r.DelayedId})
		require.Equal(t, []any{"callback", "result", true, true}, []any{string(r.Callback), string(r.ParentResult), r.HasParent, r.AtMostOnce})
		require.Equal(t, []int32{2, 5}, []int32{r.Shard, r.Shards})
		require.EqualValues(t, 10_000, r.DefaultTimeoutMs, "the setting")
		r = runs[1]
		require.Equal(t, []any{"run-2", "", "delayed", false, false}, []any{r.Id, r.TaskId, r.DelayedId, r.HasParent, r.AtMostOnce})
	})
}

func TestSettingsThatCannotBeReadHoldNoRunUp(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.kept.fail("settings", errors.New("the database is away"))
		b.give(1)
		require.Equal(t, core.DefaultRequestTTL.Milliseconds(), w.hear().GetDispatch().Runs[0].DefaultTimeoutMs)
	})
}

func TestOutcomeFreesItsSlotOnce(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1", slots(3)))
		held := b.give(3)
		require.Nil(t, b.Pick(core.QueueDefault))
		require.Equal(t, 3, b.InFlight())
		changes := b.kept.seen().changes
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded), outcome(held[1], core.RunFailed)})
		synctest.Wait()
		require.Equal(t, 2, b.free())
		require.Greater(t, b.kept.seen().changes, changes, "the dispatcher is told")
		stale := held[2]
		stale.Token--
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded), outcome(stale, core.RunSucceeded), outcome(store.Held{RunID: "another"}, core.RunFailed)})
		synctest.Wait()
		require.Equal(t, 2, b.free())
		require.Equal(t, 1, b.InFlight())
		w.say([]*rpc.Outcome{outcome(held[2], core.RunCancelled)})
		synctest.Wait()
		require.Equal(t, 3, b.free())
		require.Len(t, b.kept.seen().reports, 3, "the store says what is stale, not the fleet")
	})
}

func TestOutcomesAreConfirmedWhenTheRecorderSaysSo(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		w.hear()
		w.hear()
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded), outcome(held[1], core.RunSucceeded)})
		synctest.Wait()
		b.kept.seen().reports[0].Confirm(held)
		confirmed := w.hear().GetConfirm().GetRuns()
		require.Len(t, confirmed, 2)
		for i, h := range held {
			require.Equal(t, h, store.Held{RunID: confirmed[i].RunId, Token: confirmed[i].Token})
		}
	})
}

func TestOutcomesAreHeldAgainstTheRules(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		h := store.Held{RunID: "run", Token: 1}
		all := append(core.RunStates(), "", "nonsense")
		var reported []*rpc.Outcome
		for _, state := range all {
			o := outcome(h, state)
			o.Reason = "why"
			reported = append(reported, o)
		}
		large, whole := outcome(h, core.RunSucceeded), outcome(h, core.RunSucceeded)
		large.Response, whole.Response = make([]byte, core.MaxPluginResult+1), make([]byte, core.MaxPluginResult)
		w.say(append(reported, large, whole))
		synctest.Wait()
		got := b.kept.seen().reports[0].Outcomes
		for i, state := range all {
			switch state {
			case core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunCancelled, core.RunLost:
				require.Equal(t, state, got[i].State)
				require.Equal(t, "why", got[i].Result.Reason)
			default:
				require.Equal(t, core.RunFailed, got[i].State, "reported as %q", state)
				require.Contains(t, got[i].Result.Reason, "not an outcome: why")
			}
		}
		cut, kept := got[len(all)].Result, got[len(all)+1].Result
		require.Len(t, cut.Response, core.MaxPluginResult)
		require.True(t, cut.Truncated)
		require.Len(t, kept.Response, core.MaxPluginResult)
		require.False(t, kept.Truncated)
	})
}

func TestRecorderThatTakesNothingEndsTheStream(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(1)
		stopping := errors.New("the recorder is stopping")
		b.kept.fail("submit", stopping)
		w.hear()
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded)})
		require.ErrorIs(t, w.refused(), stopping)
		require.Empty(t, b.kept.seen().returned, "the worker keeps the outcome and tells it to another master")
	})
}

func TestWorkerThatDoesNotReadIsCutOff(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		s := b.Pick(core.QueueDefault)
		for range 2 * outDepth {
			s.confirm(nil)
		}
		synctest.Wait()
		require.ErrorContains(t, <-w.served, "does not read")
		require.Zero(t, b.Workers())
		require.Empty(t, b.kept.seen().expired, "it may come back")
	})
}

func TestStreamThatEndedTakesNothing(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.give(1)
		s := b.Pick(core.QueueDefault)
		w.cut(errCut)
		require.Error(t, <-w.served)
		require.False(t, s.Give([]store.Handout{b.handout()}))
		require.Empty(t, b.Free())
		b.Unpick(s)
		seen := b.kept.seen()
		require.Empty(t, seen.returned, "what it has stays its own until its lease runs out")
		require.Empty(t, seen.expired)
	})
}

func TestWorkerThatEndsItsStreamHasStopped(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(3)
		w.say([]*rpc.Outcome{outcome(held[1], core.RunSucceeded)})
		require.NoError(t, w.stream.CloseSend())
		require.NoError(t, <-w.served)
		seen := b.kept.seen()
		require.ElementsMatch(t, []store.Held{held[0], held[2]}, seen.returned)
		require.Equal(t, []string{"w1-1"}, seen.expired)
		require.Zero(t, b.Workers())
	})
}

func TestLeaseEndsEvenWhenNothingCanBeReturned(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.give(1)
		away := errors.New("the database is away")
		b.kept.fail("return", away)
		require.NoError(t, w.stream.CloseSend())
		require.ErrorIs(t, <-w.served, away)
		require.Equal(t, []string{"w1-1"}, b.kept.seen().expired)
	})
}
