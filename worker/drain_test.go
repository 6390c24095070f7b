package worker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// stop stops the worker in the background and gives its error.
func stop(ctx context.Context, s *scene) <-chan error {
	err := make(chan error, 1)
	go func() { err <- s.worker.Stop(ctx) }()
	synctest.Wait()
	return err
}

func TestDrainFinishesWhatRunsAndTakesNoMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(10*time.Second), func(o *Options) { o.Slots = 1 })
		m := s.fleet.last()
		m.dispatch(run("a", 1), run("waits", 1))
		began := time.Now()
		stopped := stop(t.Context(), s)

		beats := m.heartbeats()
		require.Len(t, beats, 1)
		require.True(t, beats[0].Draining)
		require.Equal(t, []string{"a/1"}, names(beats[0].Held))
		m.dispatch(run("late", 1))
		require.Error(t, s.worker.Start(t.Context()))

		time.Sleep(10*time.Second + outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, string(core.RunSucceeded), outcomes[0].State)
		require.True(t, m.heartbeats()[2].Draining)
		require.Empty(t, stopped)
		m.confirm(outcomes...)
		require.NoError(t, <-stopped)
		require.Equal(t, 10*time.Second+outcomeLinger, time.Since(began))
		require.True(t, m.heardAll)
	})
}

func TestDrainReportsWhatItCancelsAsLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Hour))
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		stopped := stop(t.Context(), s)
		time.Sleep(DefaultDrainTimeout + outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, string(core.RunLost), outcomes[0].State)
		require.Equal(t, ErrStopping.Error(), outcomes[0].Reason)
		m.confirm(outcomes...)
		require.NoError(t, <-stopped)
	})
}

func TestHurriedDrainCancelsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Hour))
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		stopped := stop(t.Context(), s)
		time.Sleep(time.Second)
		require.Empty(t, m.outcomes(), "it may go on for as long as a drain lasts")
		s.worker.Hurry()
		time.Sleep(outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, string(core.RunLost), outcomes[0].State, "it is owed still")
		m.confirm(outcomes...)
		require.NoError(t, <-stopped)
		s.worker.Hurry()
	})
}

// Neither a performer that does not heed its context nor a master that is away holds a hurried stop up for long.
func TestHurriedStopIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		let := make(chan struct{})
		s := setup(t, func(context.Context, *rpc.Run, Sink) core.Outcome {
			<-let
			return core.Outcome{State: core.RunSucceeded}
		})
		defer close(let)
		s.fleet.last().dispatch(run("a", 1))
		began := time.Now()
		s.worker.Hurry() // before it stops, as when two signals come at once
		require.ErrorContains(t, s.worker.Stop(t.Context()), "1 runs under way")
		require.LessOrEqual(t, time.Since(began), 2*hurriedWait+closeWait)
	})
}

func TestDrainGoesOnWithAnotherMaster(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Second))
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		stopped := stop(t.Context(), s)
		m.cut(errCut)
		time.Sleep(2 * time.Second)
		next := s.fleet.last()
		require.True(t, next.heartbeats()[0].Draining)
		next.dispatch(run("b", 1))
		require.Len(t, next.outcomes(), 1)
		next.confirm(next.outcomes()...)
		require.NoError(t, <-stopped)
	})
}

func TestStopSaysWhatItLeavesBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		s.fleet.last().dispatch(run("a", 1))
		began := time.Now()
		require.ErrorContains(t, s.worker.Stop(t.Context()), "1 outcomes unconfirmed")
		require.Equal(t, confirmWait, time.Since(began))
	})
}

func TestStopEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		let := make(chan struct{})
		s := setup(t, func(context.Context, *rpc.Run, Sink) core.Outcome {
			<-let // a performer that does not heed its context
			return core.Outcome{State: core.RunSucceeded}
		})
		defer close(let)
		s.fleet.last().dispatch(run("a", 1))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		first := stop(ctx, s)
		second := stop(ctx, s)
		require.ErrorContains(t, <-first, "1 runs under way")
		<-second
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Zero(t, s.worker.Running())
	})
}

func TestStopDoesNotWaitForAMasterThatNeverHangsUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hold := make(chan struct{})
		w, err := New(Options{Name: "w1", Performer: performer(succeed), Dialer: pipeDialer(func(stream rpc.MasterStream) {
			_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol}}})
			<-hold
		})})
		require.NoError(t, err)
		defer close(hold)
		require.NoError(t, w.Start(t.Context()))
		synctest.Wait()
		require.True(t, w.Connected())
		began := time.Now()
		require.NoError(t, w.Stop(t.Context()))
		require.Equal(t, closeWait, time.Since(began))
	})
}

func TestStopWithoutMasterIsPrompt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).down = errCut })
		time.Sleep(time.Minute)
		began := time.Now()
		require.NoError(t, s.worker.Stop(t.Context()))
		require.Zero(t, time.Since(began))
	})
	t.Run("whose welcome never comes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
			began := time.Now()
			require.NoError(t, s.worker.Stop(t.Context()))
			require.Zero(t, time.Since(began))
		})
	})
}
