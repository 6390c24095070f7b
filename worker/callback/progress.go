package callback

import (
	"cmp"
	"context"
	"errors"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// The phases of a call, in their order. A redirect begins again with the first.
const (
	phaseConnecting int32 = iota
	phaseTLS
	phaseWaiting
	phaseReading
)

func phaseText(phase int32) string {
	switch phase {
	case phaseConnecting:
		return "connecting"
	case phaseTLS:
		return "connecting (TLS handshake)"
	case phaseWaiting:
		return "waiting for the answer"
	default:
		return "reading the answer"
	}
}

// errConnectTimeout says that a connection was not there in time.
var errConnectTimeout = errors.New("the connection was not there in time")

// progress is how far a call has come. It travels in the context of the request, because the transport dials in
// goroutines of its own, which may outlive the call.
type progress struct {
	trace        httptrace.ClientTrace
	phase        atomic.Int32
	sentAfter    atomic.Int64  // nanoseconds from the call's beginning until its first request was written; 0: not yet
	connectLimit time.Duration // of dial and TLS handshake together; at most the call's own
	deadline     time.Time     // of the call
}

type progressKey struct{}

// begin sets the limits.
func (p *progress) begin(a *attempt) {
	p.connectLimit = min(cmp.Or(a.call.Callback.ConnectTimeout, a.timeout), a.timeout)
	p.deadline = a.deadline
}

// connected notes that a connection is there and the request is about to be written.
func (p *progress) connected(a *attempt) {
	p.phase.Store(phaseWaiting)
	p.sentAfter.CompareAndSwap(0, max(1, int64(a.client.now().Sub(a.began))))
}

// connectBy is until when a connection that is begun now must be there.
func (p *progress) connectBy() time.Time {
	if by := time.Now().Add(p.connectLimit); by.Before(p.deadline) {
		return by
	}
	return p.deadline
}

// watch makes the context by which package http tells the call's progress.
func (p *progress) watch(ctx context.Context, a *attempt) context.Context {
	p.trace.GotConn = func(httptrace.GotConnInfo) { p.connected(a) }
	return httptrace.WithClientTrace(context.WithValue(ctx, progressKey{}, p), &p.trace)
}

// connectContext bounds the making of a connection. The transport hands in a context without the call's deadline, so that
// a connection which the call no longer needs can serve the next one; bounded again here, a target that swallows packets
// holds no more sockets than calls.
func connectContext(ctx context.Context) (context.Context, *progress, context.CancelFunc) {
	p, ok := ctx.Value(progressKey{}).(*progress)
	if !ok {
		p = &progress{deadline: time.Now().Add(time.Minute), connectLimit: time.Minute}
	}
	bounded, cancel := context.WithDeadline(ctx, p.connectBy())
	return bounded, p, cancel
}
