package fleet

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// workerTakes is how large a message a worker's end of the stream takes.
const workerTakes = 16 << 20

// served is a fleet behind gRPC on a loopback port.
func served(t *testing.T) (*bundle, rpc.FleetClient) {
	t.Helper()
	t.Parallel()
	b := setup(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	rpc.RegisterFleetServer(server, Server{Fleet: b.Fleet})
	go server.Serve(listener) // ends with Stop
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(workerTakes)))
	require.NoError(t, err)
	t.Cleanup(func() {
		b.Stop()
		server.Stop()
		require.NoError(t, conn.Close())
	})
	return b, rpc.NewFleetClient(conn)
}

func withToken(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// joinOver connects a worker over gRPC; the stream has not been heard yet.
func (b *bundle) joinOver(ctx context.Context, client rpc.FleetClient, h *rpc.Hello) *worker {
	b.t.Helper()
	stream, err := client.Connect(ctx)
	require.NoError(b.t, err)
	w := &worker{t: b.t, stream: stream}
	w.say(h)
	return w
}

func TestStreamOverGRPC(t *testing.T) {
	b, client := served(t)
	renewing, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.Run(renewing); close(done) }()
	defer func() { stop(); <-done }()
	w := b.joinOver(withToken(t.Context(), joinToken), client, hello("w1"))
	require.NotNil(t, w.hear().GetWelcome())
	b.eventually(func() bool { return b.free() == 10 })
	held := b.give(2)
	require.Equal(t, "run-1", w.hear().GetDispatch().GetRuns()[0].Id)
	w.hear()
	w.say(&rpc.Heartbeat{Sequence: 4, Held: listed(held...)})
	require.EqualValues(t, 4, w.hear().GetHeartbeatAck().GetSequence())
	w.say([]*rpc.Outcome{outcome(held[0], core.RunSucceeded)})
	b.eventually(func() bool { return b.free() == 9 })
	require.NoError(t, w.stream.CloseSend())
	_, err := w.stream.Recv()
	require.Error(t, err)
	b.eventually(func() bool { return len(b.kept.seen().expired) == 1 })
	require.Equal(t, held[1:], b.kept.seen().returned)
	require.Zero(t, b.Workers())
}

// eventually waits for what another goroutine does on real sockets.
func (b *bundle) eventually(done func() bool) {
	b.t.Helper()
	require.Eventually(b.t, done, time.Minute, time.Millisecond)
}

func TestRefusalsOverGRPC(t *testing.T) {
	b, client := served(t)
	require.NotNil(t, b.joinOver(withToken(t.Context(), joinToken), client, hello("taken", incarnation("late", time.Now()))).hear().GetWelcome())
	b.eventually(func() bool { return b.Workers() == 1 })
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		hello *rpc.Hello
		want  codes.Code
	}{
		{"no token", t.Context(), hello("w1"), codes.Unauthenticated},
		{"wrong token", withToken(t.Context(), joinToken+"x"), hello("w1"), codes.Unauthenticated},
		{"empty token", withToken(t.Context(), ""), hello("w1"), codes.Unauthenticated},
		{"two tokens", withToken(withToken(t.Context(), joinToken), joinToken), hello("w1"), codes.Unauthenticated},
		{"another protocol", withToken(t.Context(), joinToken), hello("w1", func(h *rpc.Hello) { h.Protocol = 99 }), codes.InvalidArgument},
		{"a bad name", withToken(t.Context(), joinToken), hello("a b"), codes.InvalidArgument},
		{"a name that is taken", withToken(t.Context(), joinToken), hello("taken", incarnation("early", time.Now().Add(-time.Hour))), codes.AlreadyExists},
	} {
		stream, err := client.Connect(tc.ctx)
		require.NoError(t, err, tc.name)
		_ = stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: tc.hello}}) // the refusal may have come already
		_, err = stream.Recv()
		require.Equal(t, tc.want, status.Code(err), "%s: %v", tc.name, err)
		require.NotContains(t, err.Error(), joinToken)
	}
	require.Equal(t, 1, b.Workers())
}

// A worker that still has the token of yesterday joins, and the log says that it needs the one of today.
func TestFormerTokenIsAcceptedWithAWarning(t *testing.T) {
	b, client := served(t)
	var log journal
	b.opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	require.NotNil(t, b.joinOver(withToken(t.Context(), joinToken), client, hello("w1")).hear().GetWelcome())
	require.NotContains(t, log.String(), "rotated away")
	require.NotNil(t, b.joinOver(withToken(t.Context(), formerToken), client, hello("w2")).hear().GetWelcome())
	require.Contains(t, log.String(), "a worker joins with a token that was rotated away")
	require.Contains(t, log.String(), "from=127.0.0.1:")
	require.Contains(t, log.String(), "accepted_until=2030-03-")
	require.NotContains(t, log.String(), formerToken)
}

// That the token travels in the clear is said once, of workers on other machines.
func TestWorkersWithoutTLSAreToldOfOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var log journal
	b.opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	comes := func(ip string, auth credentials.AuthInfo) {
		ctx := peer.NewContext(metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", "Bearer "+joinToken)),
			&peer.Peer{Addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: 7}, AuthInfo: auth})
		require.NoError(t, Server{Fleet: b.Fleet}.admit(ctx))
	}
	comes("127.0.0.1", nil)
	comes("::1", nil)
	comes("10.0.0.1", credentials.TLSInfo{})
	require.Empty(t, log.String())
	comes("10.0.0.2", nil)
	comes("10.0.0.3", nil)
	require.Equal(t, 1, strings.Count(log.String(), "without TLS"))
	require.Contains(t, log.String(), "from=10.0.0.2:7")
}

func TestMasterWithoutItsTokenAsksWorkersToTryAgain(t *testing.T) {
	b, client := served(t)
	b.kept.fail("token", errors.New("secret detail"))
	stream, err := client.Connect(withToken(t.Context(), joinToken))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.NotContains(t, err.Error(), "secret detail")
}

func TestStopEndsStreamsOverGRPC(t *testing.T) {
	b, client := served(t)
	ctx := withToken(t.Context(), joinToken)
	joined, silent := b.joinOver(ctx, client, hello("w1")), b.joinOver(ctx, client, hello("w2"))
	joined.hear()
	silent.hear()
	b.Stop()
	for _, w := range []*worker{joined, silent} {
		_, err := w.stream.Recv()
		require.Equal(t, codes.Unavailable, status.Code(err), err)
	}
}

func TestLargeRunsReachTheirWorker(t *testing.T) {
	b, client := served(t)
	w := b.joinOver(withToken(t.Context(), joinToken), client, hello("w1", slots(500)))
	w.hear()
	b.eventually(func() bool { return b.free() == 500 })
	// What the largest callbacks allowed come to is more than one message may hold.
	callback, result := []byte(strings.Repeat("x", core.MaxBody)), make([]byte, core.MaxResponse)
	var runs []store.Handout
	s := b.Pick(core.QueueDefault)
	for range 100 {
		runs = append(runs, b.handout(func(r *store.Reserved) { r.Callback, r.ParentResult, r.ParentRunID = callback, result, "parent" }))
	}
	require.True(t, s.Give(runs))
	var got []string
	for len(got) < len(runs) {
		for _, r := range w.hear().GetDispatch().GetRuns() {
			require.Len(t, r.Callback, len(callback))
			got = append(got, r.Id)
		}
	}
	for i, h := range runs {
		require.Equal(t, h.ID, got[i], "in the order they are given")
	}
}

func TestWorkerThatDoesNotReadIsCutOffOverGRPC(t *testing.T) {
	b, client := served(t)
	w := b.joinOver(withToken(t.Context(), joinToken), client, hello("w1"))
	w.hear()
	b.eventually(func() bool { return b.Workers() == 1 })
	s := b.Pick(core.QueueDefault)
	large := []store.Held{{RunID: strings.Repeat("x", 64<<10)}}
	b.eventually(func() bool {
		for range 100 {
			s.confirm(large)
		}
		return b.Workers() == 0
	})
}
