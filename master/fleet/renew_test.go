package fleet

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestHeartbeatIsAcknowledgedWhenTheLeaseIsStored(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		w.hear()
		w.hear()
		b.kept.fail("renew", errors.New("the database is away"))
		w.say(&rpc.Heartbeat{Sequence: 1, Held: listed(held...)})
		sleep(time.Second)
		b.kept.fail("renew", nil)
		arrived := time.Now()
		w.say(&rpc.Heartbeat{Sequence: 2, Held: listed(held...)})
		require.EqualValues(t, 2, w.hear().GetHeartbeatAck().GetSequence(), "the first was not stored")
		require.Equal(t, []store.Beat{{
			Incarnation: "w1-1", Kind: core.NodeWorker, Name: "w1", State: core.NodeEnabled, Running: 2, Lease: lease, Arrived: arrived,
		}}, b.kept.seen().beats)
	})
}

// A worker that does not hear its master is not to keep its lease, so heartbeats are sent only when the master asks.
func TestHeartbeatsAreAskedFor(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.dial("")
		w.say(hello("w1"))
		require.True(t, w.hear().GetWelcome().GetAsks())
		joined := time.Now()
		for n := range 3 {
			m, err := w.stream.Recv()
			require.NoError(t, err)
			require.NotNil(t, m.GetAsk())
			require.Equal(t, time.Duration(n+1)*core.HeartbeatEvery, time.Since(joined))
		}
	})
}

func TestLeaseIsTheOneThatTheWorkerWasTold(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.kept.fail("settings", errors.New("the database is away"))
		w.say(&rpc.Heartbeat{Sequence: 1})
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence(), "no settings are read for it")
		require.Equal(t, lease, b.kept.seen().beats[0].Lease)
	})
}

func TestLeasesOfManyWorkersAreRenewedTogether(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		one, two := b.join(hello("w1")), b.join(hello("w2"))
		began := time.Now()
		one.say(&rpc.Heartbeat{Sequence: 1})
		sleep(renewEvery / 2)
		two.say(&rpc.Heartbeat{Sequence: 1})
		synctest.Wait()
		require.Empty(t, b.kept.seen().beats)
		one.hear()
		two.hear()
		require.Equal(t, renewEvery, time.Since(began))
		require.Len(t, b.kept.seen().beats, 2)
	})
}

func TestRunThatNeverReachedItsWorkerIsReturned(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		for beat := range 4 {
			w.say(&rpc.Heartbeat{Sequence: int64(beat), Held: listed(held[0])})
			sleep(core.HeartbeatEvery)
			require.Empty(t, b.kept.seen().returned, "after %s", core.HeartbeatEvery*time.Duration(beat))
		}
		w.say(&rpc.Heartbeat{Sequence: 9, Held: listed(held[0])})
		sleep(time.Second)
		require.Equal(t, held[1:], b.kept.seen().returned)
		require.Equal(t, 9, b.free())
		w.say(&rpc.Heartbeat{Sequence: 10, Held: listed(held[0])})
		sleep(time.Second)
		require.Equal(t, held[1:], b.kept.seen().returned, "once")
		// The worker had it after all: the slot is not freed twice.
		w.say([]*rpc.Outcome{outcome(held[1], core.RunSucceeded)})
		synctest.Wait()
		require.Equal(t, 9, b.free())
	})
}

func TestRunThatCannotBeReturnedIsReturnedLater(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		w.hear()
		w.hear()
		sleep(lease + 1)
		b.kept.fail("return", errors.New("the database is away"))
		w.say(&rpc.Heartbeat{Sequence: 1})
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence(), "the worker keeps its lease")
		require.Equal(t, 8, b.free())
		b.kept.fail("return", nil)
		w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded)}) // had it after all
		w.say(&rpc.Heartbeat{Sequence: 2})
		require.EqualValues(t, 2, w.hear().GetHeartbeatAck().GetSequence())
		require.Equal(t, held[1:], b.kept.seen().returned, "forgotten here, it would be the worker's until that one ends")
		require.Equal(t, 10, b.free())
	})
}

func TestRunListedWithAnotherTokenIsNotTheOneGiven(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(1)
		other := held[0]
		other.Token--
		sleep(lease + 1)
		w.say(&rpc.Heartbeat{Held: listed(other)})
		synctest.Wait()
		require.Equal(t, held, b.kept.seen().returned)
	})
}

func TestDrainingWorkerTakesNoMore(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		held := b.give(2)
		w.hear()
		w.hear()
		picked := b.Pick(core.QueueDefault)
		w.say(&rpc.Heartbeat{Sequence: 1, Held: listed(held[0]), Draining: true})
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().GetSequence())
		require.False(t, picked.Give([]store.Handout{b.handout()}), "not even what was on its way")
		require.Nil(t, b.Pick(core.QueueDefault))
		require.Empty(t, b.Free())
		seen := b.kept.seen()
		require.Equal(t, held[1:], seen.returned, "what it does not list it will never have")
		require.Equal(t, core.NodeDraining, seen.beats[0].State)
		require.Equal(t, 1, seen.beats[0].Running)
		w.say(&rpc.Heartbeat{Sequence: 2, Held: listed(held[0])})
		w.hear()
		require.Nil(t, b.Pick(core.QueueDefault), "it does not begin again")
	})
}

func TestWorkerWhoseLeaseWasGivenUpIsCutOff(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		dead, alive := b.join(hello("w1")), b.join(hello("w2"))
		held := b.give(2)
		alive.hear()
		b.kept.mu.Lock()
		b.kept.gone = []string{"w1-1"}
		b.kept.mu.Unlock()
		dead.say(&rpc.Heartbeat{Sequence: 1, Held: listed(held...)})
		alive.say(&rpc.Heartbeat{Sequence: 1, Held: listed(held...)})
		require.EqualValues(t, 1, alive.hear().GetHeartbeatAck().GetSequence())
		require.ErrorContains(t, <-dead.served, "lease ran out")
		require.Equal(t, 1, b.Workers())
		require.Empty(t, b.kept.seen().returned, "it was given on by whoever gave the lease up")
	})
}

func TestHeartbeatsDoNotHoldUpTheEndOfAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t) // nothing renews
		w := b.join(hello("w1"))
		for range cap(b.beats) + 10 {
			w.say(&rpc.Heartbeat{})
		}
		synctest.Wait()
		w.cut(errCut)
		require.Error(t, <-w.served)
		b.Stop()
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { b.Run(ctx); close(done) }()
		w := b.join(hello("w1"))
		w.say(&rpc.Heartbeat{})
		synctest.Wait()
		stop()
		<-done
		b.Stop()
	})
}
