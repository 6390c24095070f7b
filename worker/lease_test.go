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

func TestEverythingIsAbortedAtTheLeaseMargin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		began := time.Now()
		type end struct {
			after time.Duration
			cause error
		}
		ends := make(chan end, 1)
		s := setup(t, func(ctx context.Context, _ *rpc.Run, _ Sink) core.Outcome {
			<-ctx.Done()
			ends <- end{time.Since(began), context.Cause(ctx)}
			return core.Outcome{State: core.RunCancelled}
		}, func(o *Options) { o.Slots = 1 })
		m := s.fleet.last()
		m.setMute(true)
		m.dispatch(run("a", 3), run("waits", 1))
		s.fleet.setDown(errCut)

		require.Equal(t, end{core.Lease - core.LeaseMargin, ErrLeaseLost}, <-ends)
		require.Contains(t, s.journal.String(), "cancelled=1 forgotten=1")

		// A master answers again: it learns at once that the run was given up, and of the other one nothing.
		s.fleet.setDown(nil)
		time.Sleep(longestWait)
		m = s.fleet.last()
		require.Equal(t, []string{"a/3"}, names(m.hello().Held))
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, string(core.RunLost), outcomes[0].State)
		require.Equal(t, ErrLeaseLost.Error(), outcomes[0].Reason)

		m.dispatch(run("b", 1))
		require.Equal(t, 1, s.worker.Running())
	})
}

func TestHeartbeatsKeepTheLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Minute))
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		time.Sleep(time.Minute + outcomeLinger)
		require.Equal(t, string(core.RunSucceeded), m.outcomes()[0].State)
		require.Len(t, m.heartbeats(), 20)
		require.Equal(t, int64(20), m.heartbeats()[19].Sequence)
		require.Equal(t, 1, s.fleet.streams())
	})
}

// A worker that does not hear its master must not keep its lease, so it says that it lives only when the master has asked:
// once for all that it was asked meanwhile.
func TestHeartbeatsAreSentWhenTheMasterAsks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
		m := s.fleet.last()
		m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol, Asks: true}}})
		m.setMute(false)
		ask := func() {
			m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Ask{Ask: &rpc.Ask{}}})
			synctest.Wait()
		}
		for n := range 3 {
			time.Sleep(core.HeartbeatEvery + time.Second)
			require.Len(t, m.heartbeats(), n)
			ask()
			require.Len(t, m.heartbeats(), n+1)
			require.Equal(t, core.Lease, s.worker.LeaseLeft())
		}
		time.Sleep(silence(core.Lease) - 1)
		require.Len(t, m.heartbeats(), 3)
		require.Equal(t, 1, s.fleet.streams())
	})
}

func TestLeaseCountsFromWhenTheHeartbeatWasSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		m := s.fleet.last()
		m.setMute(true)
		time.Sleep(core.HeartbeatEvery + 2*time.Second)
		require.Equal(t, core.Lease-core.HeartbeatEvery-2*time.Second, s.worker.LeaseLeft())
		m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{HeartbeatAck: &rpc.HeartbeatAck{Sequence: 1}}})
		m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{HeartbeatAck: &rpc.HeartbeatAck{Sequence: 99}}})
		m.confirm()
		require.Equal(t, core.Lease-2*time.Second, s.worker.LeaseLeft())
	})
}

func TestNothingRunsBeforeTheFirstLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		time.Sleep(time.Second)
		require.Empty(t, m.outcomes())
		require.False(t, s.worker.Connected())
		require.Zero(t, s.worker.LeaseLeft())
		require.Contains(t, s.journal.String(), "runs given before Welcome were refused")
	})
}

func TestSilentMasterIsLeftBeforeRunsAreAborted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(30*time.Second))
		m := s.fleet.last()
		m.dispatch(run("a", 1))
		m.setMute(true)
		time.Sleep(silence(core.Lease) + shortestWait)
		next := s.fleet.last()
		require.NotSame(t, m, next)
		require.Equal(t, []string{"a/1"}, names(next.hello().Held))
		time.Sleep(30 * time.Second)
		require.Equal(t, string(core.RunSucceeded), next.outcomes()[0].State)
	})
}

func TestWelcomeSetsTheTimes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
		m := s.fleet.last()
		welcome := &rpc.Welcome{Protocol: rpc.Protocol, HeartbeatMs: 1000, LeaseMs: 5000}
		m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: welcome}})
		m.setMute(false)
		time.Sleep(10 * time.Second)
		require.Len(t, m.heartbeats(), 10)
		require.Equal(t, 5*time.Second, s.worker.LeaseLeft())
	})
}

func TestUnfitWelcomeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		welcome []*rpc.Welcome
		want    string
	}{
		"protocol":  {[]*rpc.Welcome{{Protocol: 99}}, "run the same version of carillon on both"},
		"lease":     {[]*rpc.Welcome{{Protocol: rpc.Protocol, LeaseMs: 1000}}, "the heartbeat must be shorter"},
		"heartbeat": {[]*rpc.Welcome{{Protocol: rpc.Protocol, HeartbeatMs: 7000}}, "the heartbeat must be shorter"},
		"negative":  {[]*rpc.Welcome{{Protocol: rpc.Protocol, HeartbeatMs: -1}}, "the heartbeat must be shorter"},
		"twice":     {[]*rpc.Welcome{{Protocol: rpc.Protocol}, {Protocol: rpc.Protocol}}, "Welcome twice"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
				m := s.fleet.last()
				for _, w := range c.welcome {
					m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: w}})
				}
				time.Sleep(time.Second)
				require.Contains(t, s.journal.String(), c.want)
				require.Greater(t, s.fleet.streams(), 1)
			})
		})
	}
}
