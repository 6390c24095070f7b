package worker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
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
	// Addresses are the masters, as host:port; at least one. A host name that stands for several addresses is as many
	// masters; it is looked up anew whenever a stream is to be opened.
	Addresses []string
	// Token is the join token.
	Token string
	// TLS gives the configuration of each connection; nil speaks in the clear. The name that the master's certificate
	// must have is that of the address as it was given.
	TLS func() *tls.Config
	// Lookup gives the addresses of a host. Defaults to the system's resolver.
	Lookup func(ctx context.Context, host string) ([]string, error)
}

// GRPCDialer opens streams to masters at a list of addresses, beginning with a random one so that workers spread.
//
// A master that answered and whose stream was lost is tried after the others, for it may be the one that died; one that did
// not answer, or refused, is tried last.
//
// There is no keepalive: gRPC allows a client one ping every 10 s at most, and the worker notices sooner that heartbeats
// are not answered.
type GRPCDialer struct {
	opts    GRPCOptions
	dialing []grpc.DialOption
	timeout time.Duration // openTimeout but in tests

	mu      sync.Mutex
	targets targets
}

var _ Several = (*GRPCDialer)(nil)

// NewGRPCDialer checks the options. Nothing is looked up or connected before Dial.
func NewGRPCDialer(opts GRPCOptions) (*GRPCDialer, error) {
	if len(opts.Addresses) == 0 {
		return nil, errors.New("no master to join: give --master HOST:PORT")
	}
	for _, address := range opts.Addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("%q is not the address of a master: write host:port", address)
		}
	}
	if opts.Lookup == nil {
		opts.Lookup = net.DefaultResolver.LookupHost
	}
	return &GRPCDialer{opts: opts, timeout: openTimeout, dialing: []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
	}}, nil
}

// Dial opens a stream to the first master that takes one. The error joins those of all addresses.
func (d *GRPCDialer) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	errs := d.lookUp(ctx)
	how := ""
	if d.opts.TLS == nil {
		how = ", without TLS" // else a master that wants it only seems to hang up
	}
	for _, t := range d.order() {
		stream, err := d.open(ctx, t)
		if err == nil {
			return stream, nil
		}
		errs = append(errs, fmt.Errorf("%s%s: %w", t, how, err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// Others says whether there is a master that was not tried since the last one that answered.
func (d *GRPCDialer) Others() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.targets.others()
}

func (d *GRPCDialer) order() []*target {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.targets.order()
}

func (d *GRPCDialer) judge(t *target, r rank) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.targets.judge(t, r)
}

func (d *GRPCDialer) open(ctx context.Context, t *target) (rpc.WorkerStream, error) {
	d.judge(t, failed) // until its first message arrives
	secure := insecure.NewCredentials()
	if d.opts.TLS != nil {
		secure = credentials.NewTLS(d.opts.TLS())
	}
	// The address is dialled as it is; it is the name it was given by that TLS checks.
	conn, err := grpc.NewClient("passthrough:///"+t.address,
		append([]grpc.DialOption{grpc.WithTransportCredentials(secure), grpc.WithAuthority(t.name)}, d.dialing...)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+d.opts.Token))
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	timeout := time.AfterFunc(d.timeout, func() { cancel(fmt.Errorf("no connection within %s", d.timeout)) })
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
