package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	// exitTime is what a process has to exit, beyond the grace that it was told of for its teardowns.
	exitTime = time.Second
	// closeGrace is the most that a process has of the grace when the worker itself ends.
	closeGrace = 5 * time.Second
	// shutdown is how go-plugin asks a plugin to end. Its own client gives the process two seconds after that, which is no
	// time for a teardown: so it is asked here.
	shutdown = "/plugin.GRPCController/Shutdown"
)

// stop asks a process without runs to exit by itself, and ends it when the grace is over.
func (p *process) stop() {
	p.doom(death{why: errors.New("the plugin's process was retired")})
	patience := p.host.o.Grace + exitTime
	late := time.AfterFunc(patience, p.tree.end)
	go func() {
		defer late.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		// It may close the connection before it has answered. Only who does not know the call will not end by it.
		err := p.conn.Invoke(ctx, shutdown, &emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) == codes.Unimplemented {
			p.tree.end()
		}
		<-p.gone
	}()
}

// awaitEnd waits until a process is gone that one run had for itself, and was asked to exit. Who withdraws the run now waits
// no longer for that than for the run.
func (a *attempt) awaitEnd(ctx context.Context, p *process) {
	select {
	case <-p.gone:
		return
	case <-ctx.Done():
	}
	select {
	case <-p.gone:
	case <-time.After(a.grace(context.Cause(ctx))):
		p.tree.end()
		<-p.gone
	}
}
