package fleet

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

const byAda = "cancelled by ada"

func asked(h store.Held, holder string) store.Cancel {
	return store.Cancel{Held: h, Holder: holder, Reason: byAda}
}

// requireCancel takes the next message, which must ask to end a run.
func (w *worker) requireCancel(h store.Held) {
	w.t.Helper()
	c := w.hear().GetCancel()
	require.Equal(w.t, []any{h.RunID, h.Token, byAda}, []any{c.GetRunId(), c.GetToken(), c.GetReason()})
}

// nothing checks that the master says no more.
func (w *worker) nothing(b *bundle) {
	w.t.Helper()
	w.say(&rpc.Heartbeat{Sequence: 99})
	require.EqualValues(w.t, 99, w.hear().GetHeartbeatAck().GetSequence())
}

func TestCancelGoesOnceToTheWorkerThatHasTheRun(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		run := b.give(1)[0]
		w.hear()
		other := b.join(hello("w2"))
		for range 3 {
			b.Cancel([]store.Cancel{asked(run, "w1-1"), asked(store.Held{RunID: "elsewhere", Token: 1}, "w3-1")})
		}
		w.requireCancel(run)
		w.nothing(b)
		other.nothing(b)
	})
}

// The dispatch of a run is committed before the run is sent, and somebody may ask to end it in between.
func TestCancelOfARunThatIsNotOnTheStreamYetFollowsIt(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		s := b.Pick(core.QueueDefault)
		h, spared := b.handout(), b.handout()
		run := store.Held{RunID: h.ID, Token: h.Token}
		for range 3 {
			b.Cancel([]store.Cancel{asked(run, "w1-1")})
		}
		synctest.Wait()
		require.True(t, s.Give([]store.Handout{h, spared}))
		require.Len(t, w.hear().GetDispatch().GetRuns(), 2)
		w.requireCancel(run)
		b.Cancel([]store.Cancel{asked(run, "w1-1")})
		w.nothing(b)
	})
}

func TestCancelThatStandsNoMoreIsForgotten(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		s := b.Pick(core.QueueDefault)
		h := b.handout()
		b.Cancel([]store.Cancel{asked(store.Held{RunID: h.ID, Token: h.Token}, "w1-1")})
		b.Cancel(nil)
		require.Empty(t, s.early, "or it would be kept for as long as the stream lasts")
		require.True(t, s.Give([]store.Handout{h}))
		require.Len(t, w.hear().GetDispatch().GetRuns(), 1)
		w.nothing(b)
	})
}

func TestCancelOfAnOlderClaimIsNotForTheNewOne(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		run := b.give(1)[0]
		w.hear()
		older := run
		older.Token--
		b.Cancel([]store.Cancel{asked(older, "w1-1")})
		w.nothing(b)
	})
}

func TestWorkerThatComesBackIsToldAgain(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		run := b.give(1)[0]
		w.hear()
		b.Cancel([]store.Cancel{asked(run, "w1-1")})
		w.requireCancel(run)
		w.cut(errCut)
		require.Error(t, <-w.served)
		moves := b.kept.seen().moves
		w = b.join(hello("w1", func(h *rpc.Hello) { h.Held = listed(run) }))
		require.Greater(t, b.kept.seen().moves, moves, "whoever passes requests on is told at once")
		b.Cancel([]store.Cancel{asked(run, "w1-1")})
		w.requireCancel(run)
	})
}

func TestMembersAreToldWhenTheStoreKnows(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		require.Equal(t, 1, b.kept.seen().moves, "joined")
		held := b.give(1)
		w.hear()
		w.say(&rpc.Heartbeat{Sequence: 1, Held: listed(held...)})
		w.hear()
		require.Equal(t, 1, b.kept.seen().moves)

		b.kept.fail("renew", errors.New("the database is away"))
		w.say(&rpc.Heartbeat{Sequence: 2, Held: listed(held...), Draining: true})
		sleep(2 * renewEvery)
		require.Equal(t, 1, b.kept.seen().moves, "the store does not know yet")
		b.kept.fail("renew", nil)
		for sequence := range 3 {
			w.say(&rpc.Heartbeat{Sequence: int64(3 + sequence), Held: listed(held...), Draining: true})
			w.hear()
		}
		synctest.Wait()
		require.Equal(t, 2, b.kept.seen().moves, "drains, told once")

		require.NoError(t, w.stream.CloseSend())
		require.NoError(t, <-w.served)
		require.Equal(t, 3, b.kept.seen().moves, "left")
	})
}
