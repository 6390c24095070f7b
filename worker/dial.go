package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/carillonhq/carillon/rpc"
)

// maxMessage is the largest message that a worker sends or takes, in bytes: the list of what the largest worker holds.
const maxMessage = 16 << 20

// openTimeout bounds the connection to one master, so that several can be tried before a lease runs out.
const openTimeout = 2 * time.Second

// GRPCOptions say which masters a worker may join.
type GRPCOptions struct {
	// Addresses are the masters, as host:port; at least one. A host name may stand for several.
	Addresses []string
	// Token is the join token.
	Token string
	// Credentials secure the connection; nil speaks in the clear.
	Credentials credentials.TransportCredentials
}

// GRPCDialer opens streams to masters at a list of addresses, beginning with a random one so that workers spread.
//
// An address that answered and whose stream was lost is tried after the others, for its master may be the one that died;
// one that did not answer is tried last.
//
// There is no keepalive: gRPC allows a client one ping every 10 s at most, and the worker notices sooner that heartbeats
// are not answered.
type GRPCDialer struct {
	opts    GRPCOptions
	dialing []grpc.DialOption

	mu      sync.Mutex
	targets []*target
}

// target is an address and how it has done so far.
type target struct {
	address string
	rank    rank
}

type rank int

const (
	untried  rank = iota
	answered      // the last stream brought a message; if this address is tried again, the stream was lost
	failed        // the last stream was not opened or brought nothing
)

var _ Dialer = (*GRPCDialer)(nil)

// NewGRPCDialer checks the options. Nothing is connected before Dial.
func NewGRPCDialer(opts GRPCOptions) (*GRPCDialer, error) {
	if len(opts.Addresses) == 0 {
		return nil, errors.New("no master to join: give --master HOST:PORT")
	}
	if opts.Credentials == nil {
		opts.Credentials = insecure.NewCredentials()
	}
	d := &GRPCDialer{opts: opts, dialing: []grpc.DialOption{
		grpc.WithTransportCredentials(opts.Credentials),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
	}}
	for _, address := range opts.Addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("%q is not the address of a master: write host:port", address)
		}
		d.targets = append(d.targets, &target{address: address})
	}
	rand.Shuffle(len(d.targets), func(i, j int) { d.targets[i], d.targets[j] = d.targets[j], d.targets[i] })
	return d, nil
}

// Dial opens a stream to the first master that takes one. The error joins those of all addresses.
func (d *GRPCDialer) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	var errs []error
	for _, t := range d.order() {
		stream, err := d.open(ctx, t)
		if err == nil {
			return stream, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", t.address, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// order gives the targets in the order of their rank, and within a rank the one tried longest ago first.
func (d *GRPCDialer) order() []*target {
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.SortStableFunc(d.targets, func(a, b *target) int { return int(a.rank - b.rank) })
	return slices.Clone(d.targets)
}

// judge ranks t and puts it behind all others of that rank.
func (d *GRPCDialer) judge(t *target, r rank) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.rank = r
	at := slices.Index(d.targets, t)
	d.targets = append(slices.Delete(d.targets, at, at+1), t)
}

func (d *GRPCDialer) open(ctx context.Context, t *target) (rpc.WorkerStream, error) {
	d.judge(t, failed) // until its first message arrives
	conn, err := grpc.NewClient(t.address, d.dialing...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+d.opts.Token))
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	timeout := time.AfterFunc(openTimeout, func() { cancel(fmt.Errorf("no connection within %s", openTimeout)) })
	stream, err := rpc.NewFleetClient(conn).Connect(ctx)
	if !timeout.Stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(err)
		return nil, err
	}
	return &grpcStream{Fleet_ConnectClient: stream, answered: func() { d.judge(t, answered) }}, nil
}

// grpcStream reports that the master answered.
type grpcStream struct {
	rpc.Fleet_ConnectClient
	first    sync.Once
	answered func()
}

func (s *grpcStream) Recv() (*rpc.MasterMessage, error) {
	m, err := s.Fleet_ConnectClient.Recv()
	if err == nil {
		s.first.Do(s.answered)
	}
	return m, err
}
