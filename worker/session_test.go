package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

func TestRunsOutliveTheirStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			if r.Id == "quick" {
				return succeed(ctx, r, say)
			}
			say.Log("info", "first")
			time.Sleep(1400 * time.Millisecond)
			say.Log("info", "second")
			return lasting(time.Second)(ctx, r, say)
		})
		m := s.fleet.last()
		m.dispatch(run("quick", 5), run("long", 2))
		time.Sleep(1200 * time.Millisecond)
		require.Len(t, m.outcomes(), 1)
		require.Equal(t, []string{"long/2"}, m.started())
		require.Len(t, m.logs(), 1)

		// What the old stream still has in transit must never be handled: its new master knows nothing of it.
		m.cut(errCut)
		m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: &rpc.Dispatch{Runs: runsOf(1)}}})
		time.Sleep(shortestWait)
		next := s.fleet.last()
		require.NotSame(t, m, next)
		require.ElementsMatch(t, []string{"quick/5", "long/2"}, names(next.hello().Held))
		require.Equal(t, m.hello().Incarnation, next.hello().Incarnation)
		require.Equal(t, "quick", next.outcomes()[0].RunId)
		require.Contains(t, s.journal.String(), "the cable was pulled")

		// The lines that the old master may not have stored come again under their numbers, then the new ones.
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"long/2"}, next.started())
		logs := next.logs()
		require.Len(t, logs, 2)
		require.Equal(t, int64(0), logs[0].First)
		require.Equal(t, "first", logs[0].Lines[0].Text)
		require.Equal(t, int64(1), logs[1].First)
		require.Equal(t, "second", logs[1].Lines[0].Text)

		next.confirm(next.outcomes()[0])
		require.Len(t, next.outcomes(), 2)
		require.Equal(t, "long", next.outcomes()[1].RunId)
		require.Equal(t, 1, s.worker.Unconfirmed())
	})
}

func TestOutcomesAreSentAgainUntilConfirmed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		s.fleet.last().dispatch(runsOf(3)...)
		for range 5 {
			time.Sleep(time.Second)
			s.fleet.last().cut(errCut)
		}
		time.Sleep(longestWait)
		m := s.fleet.last()
		require.Len(t, m.outcomes(), 3)
		stale := &rpc.Outcome{RunId: "run0", Token: 99}
		m.confirm(append(m.outcomes(), stale)...)
		m.cut(errCut)
		time.Sleep(longestWait)
		require.Empty(t, s.fleet.last().outcomes())
		require.Empty(t, s.fleet.last().hello().Held)
	})
}

func TestStartedAfterANewStreamKeepsTheInstantsApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, lasting(time.Minute))
		first := time.Now()
		s.fleet.last().dispatch(run("a", 1))
		time.Sleep(5 * time.Second)
		second := time.Now()
		s.fleet.last().dispatch(run("b", 1), run("c", 1))
		s.fleet.last().cut(errCut)
		time.Sleep(time.Second)
		started := messages(s.fleet.last(), (*rpc.WorkerMessage).GetStarted)
		require.Len(t, started, 2)
		require.Equal(t, first.UnixMicro(), started[0].At)
		require.Equal(t, []string{"a/1"}, names(started[0].Runs))
		require.Equal(t, second.UnixMicro(), started[1].At)
		require.ElementsMatch(t, []string{"b/1", "c/1"}, names(started[1].Runs))
	})
}

func TestTwiceDeliveredAndOldDispatchesAreIgnored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var begun []string
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			begun = append(begun, fmt.Sprintf("%s/%d", r.Id, r.Token))
			return lasting(time.Second)(ctx, r, say)
		})
		m := s.fleet.last()
		m.dispatch(run("a", 5))
		m.dispatch(run("a", 5), run("a", 4))
		time.Sleep(time.Second + outcomeLinger)
		m.dispatch(run("a", 5)) // ended, not confirmed
		require.Equal(t, []string{"a/5"}, begun)
		require.Len(t, m.outcomes(), 1)
	})
}

func TestNewerTokenReplacesTheOlder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			if r.Token > 5 {
				return succeed(ctx, r, say)
			}
			<-ctx.Done()
			time.Sleep(time.Second) // slow to let go
			return core.Outcome{State: core.RunFailed}
		})
		m := s.fleet.last()
		m.dispatch(run("a", 5))
		m.dispatch(run("a", 6))
		m.dispatch(run("a", 7))
		time.Sleep(900 * time.Millisecond)
		require.Equal(t, 1, s.worker.Running(), "the newer one waits until the older has let go")
		require.Empty(t, m.outcomes())
		time.Sleep(200 * time.Millisecond)
		outcomes := m.outcomes()
		require.Len(t, outcomes, 1)
		require.Equal(t, int64(7), outcomes[0].Token)
		require.Contains(t, s.journal.String(), "an outcome was dropped")

		m.dispatch(run("a", 8)) // the older one ended but was not confirmed
		time.Sleep(outcomeLinger)
		require.Equal(t, int64(8), m.outcomes()[1].Token)
		require.Equal(t, 1, s.worker.Unconfirmed())
	})
}

func TestWaitBetweenTriesGrowsAndIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		s.fleet.setDown(status.Error(codes.Unauthenticated, "who are you"))
		s.fleet.last().cut(errCut)
		time.Sleep(time.Minute)
		require.Contains(t, s.journal.String(), "set CARILLON_JOIN_TOKEN")
		require.False(t, s.worker.Connected())
		s.fleet.setDown(nil)
		time.Sleep(longestWait)
		require.True(t, s.worker.Connected())

		time.Sleep(2 * longestWait) // a stream that lived is no reason to wait long
		s.fleet.last().cut(errCut)
		time.Sleep(shortestWait)
		require.True(t, s.worker.Connected())
	})
	for tries := range 100 {
		require.LessOrEqual(t, backoff(tries), longestWait)
		require.GreaterOrEqual(t, backoff(tries), min(shortestWait<<min(tries, 6), longestWait)/2)
	}
}

func TestAdviceForEachRefusal(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]string{
		codes.Unauthenticated: "CARILLON_JOIN_TOKEN", codes.InvalidArgument: "correct its name",
		codes.AlreadyExists: "--name", codes.FailedPrecondition: "same version",
	} {
		err := errors.Join(errCut, fmt.Errorf("dial: %w", status.Error(code, "refused")))
		require.Contains(t, advise(err), want)
	}
	require.Empty(t, advise(errCut))
	require.Empty(t, advise(status.Error(codes.Unavailable, "down")))
}

func TestUnknownMessageIsIgnored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed)
		m := s.fleet.last()
		m.say(&rpc.MasterMessage{})
		m.dispatch(run("a", 1))
		time.Sleep(outcomeLinger)
		require.Len(t, m.outcomes(), 1)
		synctest.Wait()
		require.Equal(t, 1, s.fleet.streams())
	})
}

// refused is a stream whose master said why it refuses the worker; as in gRPC, only Recv tells.
type refused struct{ rpc.WorkerStream }

func (refused) Send(*rpc.WorkerMessage) error { return io.EOF }

func (refused) Recv() (*rpc.MasterMessage, error) {
	time.Sleep(time.Millisecond)
	return nil, status.Error(codes.AlreadyExists, "w1 is alive")
}

type refusing struct{}

func (refusing) Dial(context.Context) (rpc.WorkerStream, error) { return refused{}, nil }

func TestReasonOfARefusalIsLogged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer = refusing{} })
		time.Sleep(time.Second)
		require.Contains(t, s.journal.String(), "w1 is alive")
		require.Contains(t, s.journal.String(), "give this one another --name")
	})
}
