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

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	good := Options{Name: "w1", Performer: performer(succeed), Dialer: &fleet{}}
	for name, c := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"performer": {func(o *Options) { o.Performer = nil }, "performer"},
		"dialer":    {func(o *Options) { o.Dialer = nil }, "dialer"},
		"name":      {func(o *Options) { o.Name = "" }, "name"},
		"weight":    {func(o *Options) { o.Weight = -1 }, "priority"},
		"slots":     {func(o *Options) { o.Slots = core.MaxSlots + 1 }, "maxc"},
		"labels":    {func(o *Options) { o.Labels = []string{"a b"} }, "labels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := good
			c.change(&opts)
			_, err := New(opts)
			require.ErrorContains(t, err, c.want)
		})
	}
	w, err := New(good)
	require.NoError(t, err)
	require.Equal(t, core.DefaultSlots, w.opts.Slots)
	require.Equal(t, core.DefaultWeight, w.opts.Weight)
	require.Equal(t, DefaultDrainTimeout, w.opts.DrainTimeout)
}

func TestRunIsPerformedReportedAndForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Labels, o.Weight, o.Version = []string{"gpu"}, 3, "1.2.3" })
		m := s.fleet.last()
		hello := m.hello()
		require.Equal(t, int32(rpc.Protocol), hello.Protocol)
		require.Equal(t, "w1", hello.Name)
		require.NotEmpty(t, hello.Incarnation)
		require.Equal(t, int32(3), hello.Weight)
		require.Equal(t, int32(10), hello.Slots)
		require.Equal(t, []string{"gpu"}, hello.Labels)
		require.Equal(t, "1.2.3", hello.Version)
		require.Equal(t, time.Now().UnixMicro(), hello.StartedAt)
		require.Empty(t, hello.Held)
		require.True(t, s.worker.Connected())
		require.Equal(t, core.Lease, s.worker.LeaseLeft())

		m.dispatch(run("a", 7))
		time.Sleep(outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, "a", outcomes[0].RunId)
		require.Equal(t, int64(7), outcomes[0].Token)
		require.Equal(t, string(core.RunSucceeded), outcomes[0].State)
		require.Equal(t, 1, s.worker.Unconfirmed())

		time.Sleep(core.HeartbeatEvery)
		require.Equal(t, []string{"a/7"}, names(m.heartbeats()[0].Held))
		m.confirm(outcomes...)
		require.Zero(t, s.worker.Unconfirmed())
		time.Sleep(core.HeartbeatEvery)
		require.Empty(t, m.heartbeats()[1].Held)
		require.Empty(t, m.started())
	})
}

func TestOutcomesAreBatched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Slots = 2000 })
		m := s.fleet.last()
		m.dispatch(runsOf(1200)...)
		time.Sleep(outcomeLinger)
		require.Equal(t, 1200, len(m.outcomes()))
		require.Len(t, messages(m, (*rpc.WorkerMessage).GetOutcomes), 3)
	})
}

func TestOutcomesLingerNoLongerThanTheFirstMay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		m := s.fleet.last()
		time.Sleep(time.Second)
		m.dispatch(run("a", 1))
		time.Sleep(outcomeLinger / 2)
		m.dispatch(run("b", 1))
		require.Empty(t, m.outcomes())
		time.Sleep(outcomeLinger / 2)
		require.Len(t, m.outcomes(), 2)
	})
}

func TestOnlyLongRunsAreReportedAsStarted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			say.Log("info", "line of "+r.Id)
			if r.Id == "quick" {
				return lasting(startedEvery-time.Millisecond)(ctx, r, say)
			}
			return lasting(3*time.Second)(ctx, r, say)
		})
		m := s.fleet.last()
		began := time.Now()
		m.dispatch(run("quick", 1), run("long", 1))
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"long/1"}, m.started())
		require.Equal(t, began.UnixMicro(), messages(m, (*rpc.WorkerMessage).GetStarted)[0].At)

		logs := m.logs()
		require.Len(t, logs, 1)
		require.Equal(t, "long", logs[0].RunId)
		require.Zero(t, logs[0].First)
		require.Equal(t, "line of long", logs[0].Lines[0].Text)

		time.Sleep(2 * time.Second)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 2)
		require.Equal(t, "line of quick", outcomes[0].Log[0].Text)
		require.Empty(t, outcomes[1].Log)
	})
}

func TestRunsBeyondTheSlotsWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Second), func(o *Options) { o.Slots = 2 })
		m := s.fleet.last()
		m.dispatch(runsOf(5)...)
		require.Equal(t, 2, s.worker.Running())
		time.Sleep(time.Second + outcomeLinger)
		require.Len(t, m.outcomes(), 2)
		time.Sleep(2 * time.Second)
		require.Len(t, m.outcomes(), 5)
		require.Len(t, m.heartbeats()[0].Held, 5)
	})
}

func TestNothingBeginsWhileTooManyOutcomesAreUnconfirmed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Slots = 1 })
		m := s.fleet.last()
		runs := runsOf(leastUnconfirmed + 5)
		m.dispatch(runs[:500]...)
		m.dispatch(runs[500:]...)
		time.Sleep(time.Second)
		outcomes := m.outcomes()
		require.Equal(t, leastUnconfirmed, len(outcomes))
		m.confirm(outcomes[:3]...)
		time.Sleep(time.Second)
		require.Equal(t, leastUnconfirmed+3, len(m.outcomes()))
	})
}

func TestCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Minute), func(o *Options) { o.Slots = 1 })
		m := s.fleet.last()
		m.dispatch(run("a", 2), run("b", 1))
		m.cancel("a", 1, "an old token")
		m.cancel("c", 1, "not held")
		require.Equal(t, 1, s.worker.Running())

		m.cancel("b", 1, "while it waits")
		m.cancel("a", 2, "by admin")
		time.Sleep(outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 2)
		require.Equal(t, "b", outcomes[0].RunId)
		require.Equal(t, "cancelled: while it waits", outcomes[0].Reason)
		require.Equal(t, "a", outcomes[1].RunId)
		require.Equal(t, string(core.RunCancelled), outcomes[1].State)
		require.Equal(t, "cancelled: by admin", outcomes[1].Reason)
	})
}

func TestPanicFailsTheRunAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(_ context.Context, r *rpc.Run, _ Sink) core.Outcome {
			if r.Id == "bad" {
				panic("ouch")
			}
			return core.Outcome{State: core.RunSucceeded}
		})
		m := s.fleet.last()
		m.dispatch(run("bad", 4))
		m.dispatch(run("good", 1))
		time.Sleep(outcomeLinger)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 2)
		bad := outcomes[0]
		require.Equal(t, "bad", bad.RunId)
		require.Equal(t, int64(4), bad.Token)
		require.Equal(t, string(core.RunFailed), bad.State)
		require.Equal(t, "the performer panicked: ouch", bad.Reason)
		require.Contains(t, bad.Log[0].Text, "TestPanicFailsTheRunAlone")
		require.Equal(t, string(core.RunSucceeded), outcomes[1].State)
		require.Zero(t, s.worker.Running())
	})
}

func TestStartAndStopUnderStress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		first := s.fleet.last().hello().Incarnation
		for range 50 {
			require.NoError(t, s.worker.Start(t.Context()))
			errs := make(chan error, 2)
			for range 2 {
				go func() { errs <- s.worker.Stop(t.Context()) }()
			}
			require.NoError(t, <-errs)
			require.NoError(t, <-errs)
			require.NoError(t, s.worker.Stop(t.Context()))
			require.False(t, s.worker.Connected())
			require.Zero(t, s.worker.LeaseLeft()+time.Duration(s.worker.Running()+s.worker.Unconfirmed()))
		}
		require.NoError(t, s.worker.Start(t.Context()))
		synctest.Wait()
		require.NotEqual(t, first, s.fleet.last().hello().Incarnation)
	})
}
