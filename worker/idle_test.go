package worker

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

func TestIdleWorkerSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Idle = true })
		require.True(t, s.fleet.last().hello().Idle)
		require.NotContains(t, s.journal.String(), "until an administrator enables", "the master decides")
		s.fleet.last().cut(errCut)
		time.Sleep(shortestWait)
		require.True(t, s.fleet.last().hello().Idle)
	})
}

// A worker that was deleted while it ran must not come back by itself as one that takes runs, over gRPC or a pipe.
func TestDeletedWorkerComesBackIdle(t *testing.T) {
	for what, reason := range map[string]error{
		"gRPC": status.Error(codes.NotFound, "an administrator deleted it"),
		"pipe": fmt.Errorf("%w", core.NotFound("an administrator deleted it")),
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := setup(t, succeed)
				require.False(t, s.fleet.last().hello().Idle)
				s.fleet.last().cut(errCut)
				time.Sleep(shortestWait)
				require.False(t, s.fleet.last().hello().Idle, "another loss is none of that")
				s.fleet.last().cut(reason)
				time.Sleep(longestWait)
				again := s.fleet.last().hello()
				require.True(t, again.Idle)
				s.fleet.last().cut(errCut)
				time.Sleep(longestWait)
				require.True(t, s.fleet.last().hello().Idle, "until it is started again")
			})
		})
	}
}

func TestWorkerTellsWhatItsWelcomeSays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := setup(t, succeed, func(o *Options) { o.Dialer.(*fleet).mute = true })
		s.fleet.last().say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{
			Protocol: rpc.Protocol, State: string(core.NodeIdle), Fenced: "the-elder",
		}}})
		time.Sleep(time.Millisecond)
		require.Contains(t, s.journal.String(), "took its name over from one that has not left")
		require.Contains(t, s.journal.String(), "the-elder")
		require.Contains(t, s.journal.String(), "no runs come until an administrator enables this worker")
	})
}
