package worker

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// grpcMaster is a real gRPC server on loopback.
type grpcMaster struct {
	rpc.UnimplementedFleetServer
	address string
	server  *grpc.Server
	connect func(rpc.Fleet_ConnectServer) error
	hellos  chan *rpc.Hello
}

func (m *grpcMaster) Connect(stream rpc.Fleet_ConnectServer) error {
	if got := metadata.ValueFromIncomingContext(stream.Context(), "authorization"); len(got) != 1 || got[0] != "Bearer secret-token" {
		return status.Error(codes.Unauthenticated, "wrong token")
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	m.hellos <- first.GetHello()
	return m.connect(stream)
}

func serveGRPC(t testing.TB, connect func(rpc.Fleet_ConnectServer) error) *grpcMaster {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &grpcMaster{address: listener.Addr().String(), server: grpc.NewServer(), connect: connect, hellos: make(chan *rpc.Hello, 10)}
	rpc.RegisterFleetServer(m.server, m)
	var serving sync.WaitGroup
	serving.Go(func() { _ = m.server.Serve(listener) })
	t.Cleanup(func() {
		m.server.Stop()
		serving.Wait()
	})
	return m
}

// giving makes a master that gives one run to each worker, confirms what comes, and stays.
func giving(id string) func(rpc.Fleet_ConnectServer) error {
	return func(stream rpc.Fleet_ConnectServer) error {
		_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol}}})
		_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: &rpc.Dispatch{Runs: []*rpc.Run{run(id, 1)}}}})
		for {
			message, err := stream.Recv()
			if err != nil {
				return nil
			}
			for _, o := range message.GetOutcomes().GetOutcomes() {
				confirm := &rpc.Confirm{Runs: []*rpc.Held{{RunId: o.RunId, Token: o.Token}}}
				_ = stream.Send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Confirm{Confirm: confirm}})
			}
		}
	}
}

// dialer has more patience than a worker's, for machines that take their time.
func dialer(t *testing.T, token string, addresses ...string) *GRPCDialer {
	t.Helper()
	d, err := NewGRPCDialer(GRPCOptions{Addresses: addresses, Token: token})
	require.NoError(t, err)
	require.Equal(t, openTimeout, d.timeout)
	d.timeout = time.Minute
	return d
}

// closedAddress is one where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestWorkerOverGRPCMovesToAnotherMaster(t *testing.T) {
	t.Parallel()
	performed := make(chan string, 10)
	a, b := serveGRPC(t, giving("of a")), serveGRPC(t, giving("of b"))
	w, err := New(Options{
		Name: "w1", Dialer: dialer(t, "secret-token", closedAddress(t), a.address, b.address),
		Performer: performer(func(ctx context.Context, r *rpc.Run, say Sink) core.Outcome {
			performed <- r.Id
			return succeed(ctx, r, say)
		}),
	})
	require.NoError(t, err)
	require.NoError(t, w.Start(t.Context()))

	var first, second *grpcMaster
	var hello *rpc.Hello
	select {
	case hello = <-a.hellos:
		first, second = a, b
	case hello = <-b.hellos:
		first, second = b, a
	}
	require.Equal(t, "w1", hello.Name)
	one := <-performed
	first.server.Stop()
	require.Equal(t, hello.Incarnation, (<-second.hellos).Incarnation)
	require.NotEqual(t, one, <-performed)
	require.NoError(t, w.Stop(t.Context()))
}

func TestWrongTokenIsToldApart(t *testing.T) {
	t.Parallel()
	m := serveGRPC(t, giving("a"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := dialer(t, "another-token", m.address).Dial(ctx)
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Contains(t, advise(err), "CARILLON_JOIN_TOKEN")
}

func TestAllMastersOutOfReach(t *testing.T) {
	t.Parallel()
	one, two := closedAddress(t), closedAddress(t)
	_, err := dialer(t, "secret-token", one, two).Dial(t.Context())
	require.ErrorContains(t, err, one)
	require.ErrorContains(t, err, two)
	require.Empty(t, advise(err))
}

func TestMasterThatTakesNoConnectionIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts and never speaks HTTP/2
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	d := dialer(t, "secret-token", listener.Addr().String())
	d.timeout = 100 * time.Millisecond
	_, err = d.Dial(t.Context())
	require.ErrorContains(t, err, "no connection within 100ms")
}

func TestOrderOfMasters(t *testing.T) {
	t.Parallel()
	d := dialer(t, "", "a:1", "b:1", "c:1")
	d.opts.Lookup = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	require.Empty(t, d.lookUp(t.Context()))
	order := func() (all string) {
		for _, target := range d.order() {
			all += target.address[:1]
		}
		return all
	}
	byName := map[string]*target{}
	for _, target := range d.order() {
		byName[target.address[:1]] = target
	}
	d.judge(byName["a"], failed)
	d.judge(byName["b"], answered)
	require.Equal(t, "cba", order())
	d.judge(byName["c"], failed)
	require.Equal(t, "bac", order())
	d.judge(byName["b"], failed)
	require.Equal(t, "acb", order())
}

// names gives the targets in the order in which they are tried, by what they were found as.
func (d *GRPCDialer) names() (all []string) {
	for _, t := range d.order() {
		all = append(all, t.String())
	}
	return all
}

// A name that stands for several addresses is as many masters. What it stands for may change, and what was learned of an
// address stays with it.
func TestNameOfSeveralMasters(t *testing.T) {
	t.Parallel()
	d := dialer(t, "", "masters.internal:7", "10.0.0.9:7")
	answers := map[string][]string{"masters.internal": {"10.0.0.1", "10.0.0.2", "fd00::3"}}
	var broken error
	d.opts.Lookup = func(_ context.Context, host string) ([]string, error) { return slices.Clone(answers[host]), broken }
	require.Empty(t, d.lookUp(t.Context()))
	one, two, three, nine := "masters.internal:7 (10.0.0.1:7)", "masters.internal:7 (10.0.0.2:7)", "masters.internal:7 ([fd00::3]:7)", "10.0.0.9:7"
	require.ElementsMatch(t, []string{one, two, three, nine}, d.names())
	d.judge(d.order()[0], failed)
	last := d.names()[3]
	require.Empty(t, d.lookUp(t.Context()))
	require.Equal(t, last, d.names()[3])

	answers["masters.internal"] = []string{"10.0.0.2", "10.0.0.4"}
	require.Empty(t, d.lookUp(t.Context()))
	require.ElementsMatch(t, []string{two, "masters.internal:7 (10.0.0.4:7)", nine}, d.names())
	broken = errors.New("the resolver is away")
	require.ErrorContains(t, errors.Join(d.lookUp(t.Context())...), "look up masters.internal:7: the resolver is away")
	require.Len(t, d.names(), 3, "what it stood for stays")
}

func TestFirstMasterIsDrawn(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 3000 {
		d := dialer(t, "", "a.internal:1", "10.0.0.1:1", "10.0.0.2:1")
		d.opts.Lookup = func(context.Context, string) ([]string, error) { return []string{"10.0.1.1", "10.0.1.2"}, nil }
		require.Empty(t, d.lookUp(t.Context()))
		first[d.names()[0]]++
	}
	require.Len(t, first, 4)
	for name, n := range first {
		require.InDelta(t, 750, n, 150, name) // six standard deviations
	}
}

// Others are those that were not tried since a master answered last; the one that answered is none of them.
func TestOtherMasters(t *testing.T) {
	t.Parallel()
	d := dialer(t, "", "10.0.0.1:1", "10.0.0.2:1")
	require.Empty(t, d.lookUp(t.Context()))
	require.True(t, d.Others())
	a, b := d.order()[0], d.order()[1]
	d.judge(a, failed)
	require.True(t, d.Others())
	d.judge(a, answered)
	require.True(t, d.Others())
	d.judge(b, failed)
	require.False(t, d.Others())
	d.judge(b, answered)
	require.True(t, d.Others(), "the first may be back")
	d.judge(a, failed)
	require.False(t, d.Others())
	alone := dialer(t, "", "10.0.0.1:1")
	require.Empty(t, alone.lookUp(t.Context()))
	alone.judge(alone.order()[0], answered)
	require.False(t, alone.Others())
}

func TestNameIsDialledAtAnAddressThatAnswers(t *testing.T) {
	t.Parallel()
	m := serveGRPC(t, giving("a"))
	_, port, err := net.SplitHostPort(m.address)
	require.NoError(t, err)
	d := dialer(t, "secret-token", "masters.internal:"+port)
	d.opts.Lookup = func(context.Context, string) ([]string, error) { return []string{"127.0.0.2", "127.0.0.1"}, nil }
	for range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := d.Dial(ctx)
		require.NoError(t, err)
		require.NoError(t, stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: &rpc.Hello{}}}))
		_, err = stream.Recv()
		require.NoError(t, err)
		<-m.hellos
		cancel()
	}
}

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]string{nil, {"master"}, {":30010"}, {"master:"}} {
		_, err := NewGRPCDialer(GRPCOptions{Addresses: bad})
		require.Error(t, err, bad)
	}
}
