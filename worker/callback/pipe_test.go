package callback

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// piped is the listener of a target in a bubble of virtual time, which real sockets would keep from passing: each
// connection is a pipe, whose other end dial gives.
type piped struct {
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
}

var _ net.Listener = (*piped)(nil)

// newPiped is a target behind a pipe, not started, and the way to it. It is closed with the test, which is that of the bubble.
func newPiped(t *testing.T, answer http.HandlerFunc) (*httptest.Server, dialFunc) {
	t.Helper()
	l := &piped{conns: make(chan net.Conn), ended: make(chan struct{})}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: answer, ReadHeaderTimeout: time.Hour}}
	t.Cleanup(s.Close)
	return s, l.dial
}

func (l *piped) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.ended:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *piped) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

func (l *piped) Close() error {
	l.once.Do(func() { close(l.ended) })
	return nil
}

// Addr is the name that the certificate of httptest is made for.
func (l *piped) Addr() net.Addr { return pipedAddr{} }

type pipedAddr struct{}

func (pipedAddr) Network() string { return "pipe" }
func (pipedAddr) String() string  { return "example.com:443" }
