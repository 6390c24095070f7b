package fleet

import (
	"context"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// Server serves workers' streams over gRPC.
type Server struct {
	rpc.UnimplementedFleetServer
	Fleet *Fleet
}

// Connect checks the join token and serves the stream.
func (s Server) Connect(stream rpc.Fleet_ConnectServer) error {
	if err := s.admit(stream.Context()); err != nil {
		return err
	}
	return statusOf(s.Fleet.Serve(stream, ""))
}

func (s Server) admit(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	given, _ := strings.CutPrefix(strings.Join(md.Get("authorization"), ""), "Bearer ")
	a, err := s.Fleet.opts.Admit(ctx, given)
	if err != nil {
		return status.Error(codes.Unavailable, "the join token cannot be read")
	}
	if !a.Admitted {
		return status.Error(codes.Unauthenticated, "the join token is wrong: set CARILLON_JOIN_TOKEN to what `carillon join-token` prints on the master")
	}
	where, plain := inTheClear(ctx)
	if plain {
		s.Fleet.plain.Do(func() {
			s.Fleet.opts.Logger.Warn("workers join from other machines without TLS: the join token and the runs can be read on the way, "+
				"so keep it inside a network you trust or set grpc_tls_cert; this is said once", "from", where)
		})
	}
	if !a.FormerUntil.IsZero() {
		s.Fleet.opts.Logger.Warn("a worker joins with a token that was rotated away: give it the one in force", "from", where,
			"accepted_until", a.FormerUntil.Format(time.RFC3339))
	}
	return nil
}

// inTheClear gives the address that a worker's connection comes from, and says whether others can read along.
func inTheClear(ctx context.Context) (from string, plain bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "an unknown address", false
	}
	addr, isTCP := p.Addr.(*net.TCPAddr)
	_, secure := p.AuthInfo.(credentials.TLSInfo)
	return p.Addr.String(), isTCP && !addr.IP.IsLoopback() && !secure
}

func statusOf(err error) error {
	switch core.CodeOf(err) {
	case core.CodeMalformed, core.CodeRule:
		return status.Error(codes.InvalidArgument, err.Error())
	case core.CodeConflict:
		return status.Error(codes.AlreadyExists, err.Error())
	case core.CodeNotFound:
		return status.Error(codes.NotFound, err.Error())
	}
	if err == nil {
		return nil
	}
	return status.Error(codes.Unavailable, err.Error())
}
