package fleet

import (
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestWorkerIsWelcomedWhenItsLeaseIsStored(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.kept.hold = make(chan struct{})
		w := b.dial("m1-1")
		begun := time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)
		w.say(hello("w1", incarnation("w1-1", begun), weight(3), slots(7), func(h *rpc.Hello) { h.Labels, h.Version = []string{"gpu"}, "1.0" }))
		sleep(time.Minute)
		require.Empty(t, b.Free(), "it takes nothing before")
		close(b.kept.hold)
		m := w.hear()
		require.Equal(t, []any{int32(rpc.Protocol), "m1", "1.2.3", core.HeartbeatEvery.Milliseconds(), lease.Milliseconds()}, []any{
			m.GetWelcome().GetProtocol(), m.GetWelcome().GetMaster(), m.GetWelcome().GetVersion(), m.GetWelcome().GetHeartbeatMs(), m.GetWelcome().GetLeaseMs(),
		})
		synctest.Wait()
		require.Equal(t, []core.Node{{
			Kind: core.NodeWorker, Name: "w1", Incarnation: "w1-1", State: core.NodeEnabled, Weight: 3, Slots: 7, Labels: []string{"gpu"},
			Version: "1.0", Protocol: rpc.Protocol, StartedAt: begun, Own: core.Traits{State: core.NodeEnabled, Weight: 3, Labels: []string{"gpu"}},
		}}, b.kept.seen().registered)
		require.Equal(t, []string{"m1-1"}, b.kept.seen().hosts)
		require.Equal(t, map[string]int{core.QueueDefault: 7, "node:w1": 7, "label:gpu": 7}, b.Free())
		require.Equal(t, 1, b.kept.seen().changes)
	})
}

func TestWorkerIsRefused(t *testing.T) {
	away := errors.New("the database is away")
	for _, tc := range []struct {
		name   string
		change func(*rpc.Hello)
		broken string
		code   core.Code
		want   string
	}{
		{name: "older protocol", change: func(h *rpc.Hello) { h.Protocol = rpc.Protocol - 1 }, code: core.CodeRule, want: "run the same version on both"},
		{name: "newer protocol", change: func(h *rpc.Hello) { h.Protocol = rpc.Protocol + 1 }, code: core.CodeRule, want: "run the same version on both"},
		{name: "bad name", change: func(h *rpc.Hello) { h.Name = "a b" }, code: core.CodeMalformed, want: "name"},
		{name: "no name", change: func(h *rpc.Hello) { h.Name = "" }, code: core.CodeRule, want: "name"},
		{name: "no slots", change: slots(0), code: core.CodeRule, want: "maxc"},
		{name: "no weight", change: weight(0), code: core.CodeRule, want: "priority"},
		{name: "no incarnation", change: func(h *rpc.Hello) { h.Incarnation = "" }, code: core.CodeMalformed, want: "incarnation"},
		{name: "settings", broken: "settings", want: away.Error()},
		{name: "registration", broken: "register", want: away.Error()},
		{name: "reconciliation", broken: "reconcile", want: away.Error()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				b.kept.fail(tc.broken, away)
				w := b.dial("")
				h := hello("w1")
				if tc.change != nil {
					tc.change(h)
				}
				w.say(h)
				err := w.refused()
				require.Equal(t, tc.code, core.CodeOf(err), err)
				require.ErrorContains(t, err, tc.want)
				require.Zero(t, b.Workers())
				require.Empty(t, b.Free())
			})
		})
	}
}

func TestFirstMessageMustBeHello(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.dial("")
		w.say(&rpc.Heartbeat{Sequence: 1})
		require.Equal(t, core.CodeMalformed, core.CodeOf(w.refused()))

		w = b.dial("")
		require.NoError(t, w.stream.CloseSend())
		require.ErrorIs(t, w.refused(), io.EOF)

		w = b.dial("")
		began := time.Now()
		require.ErrorContains(t, w.refused(), "wait for a worker's hello")
		require.Equal(t, helloTimeout, time.Since(began))
	})
}

func TestWorkerThatComesBackKeepsWhatItHolds(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		kept, stale := store.Held{RunID: "kept", Token: 1}, store.Held{RunID: "stale", Token: 2}
		b.kept.stale = []store.Held{stale}
		w := b.join(hello("w1", slots(2), func(h *rpc.Hello) { h.Held = listed(kept, stale) }))
		require.Equal(t, []store.Held{kept, stale}, b.kept.seen().reconciled)
		c := w.hear().GetCancel()
		require.Equal(t, []any{"stale", int64(2)}, []any{c.GetRunId(), c.GetToken()}, "it was given on: the worker ends it")
		require.Equal(t, 1, b.free(), "what it keeps has its slot")
		w.say([]*rpc.Outcome{outcome(stale, core.RunCancelled)})
		synctest.Wait()
		require.Equal(t, 1, b.free())
		w.say([]*rpc.Outcome{outcome(kept, core.RunSucceeded)})
		synctest.Wait()
		require.Equal(t, 2, b.free())
	})
}

func TestOneStreamHasAName(t *testing.T) {
	start := time.Now()
	older, same, younger := incarnation("w1-1", start), incarnation("w1-2", start.Add(time.Minute)), incarnation("w1-3", start.Add(time.Hour))
	for _, tc := range []struct {
		name   string
		host   string
		second func(*rpc.Hello)
		taken  bool
	}{
		{"its own second stream", "", same, true},
		{"a worker that started later", "", younger, true},
		{"a worker that started earlier", "", older, false},
		{"beside the worker in the master's process", "m1-1", younger, false},
		{"its own second stream, in the master's process", "m1-1", same, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				first := b.dial(tc.host)
				first.say(hello("w1", same))
				first.hear()
				synctest.Wait()
				picked := b.Pick(core.QueueDefault)
				second := b.dial("")
				second.say(hello("w1", tc.second))
				if !tc.taken {
					require.Equal(t, core.CodeConflict, core.CodeOf(second.refused()))
					require.Equal(t, 1, b.Workers())
					require.True(t, picked.Give([]store.Handout{b.handout()}), "the first goes on")
					return
				}
				require.NotNil(t, second.hear().GetWelcome())
				require.ErrorContains(t, <-first.served, "took this")
				synctest.Wait()
				require.Equal(t, 1, b.Workers())
				require.Equal(t, 10, b.free())
				require.False(t, picked.Give([]store.Handout{b.handout()}))
				require.Empty(t, b.kept.seen().expired)
			})
		})
	}
}

func TestInProcessWorkerReconnects(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		first := b.dial("m1-1")
		first.say(hello("w1"))
		first.hear()
		second := b.dial("m1-1")
		second.say(hello("w1"))
		require.NotNil(t, second.hear().GetWelcome())
		require.Error(t, <-first.served)
	})
}

func TestNothingIsGivenWhileAWorkerIsSettled(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		first := b.join(hello("w1"))
		s := b.Pick(core.QueueDefault)
		b.kept.mu.Lock()
		b.kept.hold = make(chan struct{})
		b.kept.mu.Unlock()
		second := b.dial("")
		second.say(hello("w1"))
		synctest.Wait()
		require.Error(t, <-first.served)
		require.False(t, s.Give([]store.Handout{b.handout()}), "what the store says of the worker holds still")
		require.Empty(t, b.Free())
		close(b.kept.hold)
		require.NotNil(t, second.hear().GetWelcome())
	})
}

func TestStopEndsAllStreams(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		workers := []*worker{b.join(hello("w1")), b.join(hello("w2")), b.dial("")} // the last says nothing
		b.give(2)
		synctest.Wait()
		began := time.Now()
		b.Stop()
		require.Zero(t, time.Since(began), "it waits for nobody")
		for _, w := range workers {
			require.Equal(t, core.CodeUnavailable, core.CodeOf(<-w.served))
		}
		require.Zero(t, b.Workers())
		require.Empty(t, b.kept.seen().expired, "they go to another master")
		require.Empty(t, b.kept.seen().returned)
		late := b.dial("")
		require.Equal(t, core.CodeUnavailable, core.CodeOf(late.refused()))
	})
}

func TestWorkerThatComesDuringTheStopIsRefused(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.kept.hold = make(chan struct{})
		w := b.dial("")
		w.say(hello("w1"))
		synctest.Wait()
		stopped := make(chan struct{})
		go func() { b.Stop(); close(stopped) }()
		synctest.Wait()
		close(b.kept.hold)
		<-stopped
		require.Equal(t, core.CodeUnavailable, core.CodeOf(<-w.served))
		require.Zero(t, b.Workers())
	})
}

func TestStreamsComeAndGoDuringTheStop(t *testing.T) {
	t.Parallel()
	for range 50 {
		b := setup(t)
		var workers []*worker
		for range 20 {
			workers = append(workers, b.dial(""))
		}
		var coming sync.WaitGroup
		for _, w := range workers {
			coming.Go(func() { w.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: hello("w1")}}) }) // may have ended
		}
		b.Stop()
		coming.Wait()
		for _, w := range slices.Backward(workers) {
			require.Error(t, <-w.served)
		}
		require.Zero(t, b.Workers())
	}
}
