package e2e

import (
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// way is the way to a server: open, closed, or one on which everything gets lost.
type way struct {
	t      *testing.T
	server string
	addr   string

	mu       sync.Mutex
	listener net.Listener // nil while it is closed
	ends     map[net.Conn]struct{}
	lifted   chan struct{} // closed when what is sent arrives again; nil while it does
}

// newWay opens a way to the server of a URL, and has the URL lead over it.
func newWay(t *testing.T, u *url.URL) *way {
	t.Helper()
	w := &way{t: t, server: u.Host, addr: freeAddr(t), ends: map[net.Conn]struct{}{}}
	w.open()
	t.Cleanup(func() {
		w.open() // whoever waits leaves
		w.refuse()
	})
	u.Host = w.addr
	return w
}

// open lets everything through again. What was swallowed arrives now, as when packets are sent again.
func (w *way) open() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lifted != nil {
		close(w.lifted)
		w.lifted = nil
	}
	if w.listener != nil {
		return
	}
	l, err := net.Listen("tcp", w.addr)
	require.NoError(w.t, err)
	w.listener = l
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go w.link(near)
		}
	}()
}

// refuse resets every connection and takes no other.
func (w *way) refuse() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	w.listener = nil
	for conn := range w.ends {
		reset(conn)
	}
}

// swallow takes whatever comes, new connections too, and passes nothing on.
func (w *way) swallow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lifted = make(chan struct{})
}

// pass waits until what is sent arrives.
func (w *way) pass() {
	w.mu.Lock()
	lifted := w.lifted
	w.mu.Unlock()
	if lifted != nil {
		<-lifted
	}
}

func (w *way) link(near net.Conn) {
	w.pass()
	far, err := net.Dial("tcp", w.server)
	if err != nil {
		reset(near)
		return
	}
	w.mu.Lock()
	w.ends[near], w.ends[far] = struct{}{}, struct{}{}
	if w.listener == nil {
		reset(near) // it was closed meanwhile
	}
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.forward(far, near) })
	both.Go(func() { w.forward(near, far) })
	both.Wait()
	w.mu.Lock()
	delete(w.ends, near)
	delete(w.ends, far)
	w.mu.Unlock()
}

// forward copies one direction of a connection, and its end.
func (w *way) forward(to, from net.Conn) {
	defer reset(to)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		w.pass()
		if n > 0 {
			if _, failed := to.Write(buf[:n]); failed != nil {
				reset(from)
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// reset closes a connection so that its other end sees it broken.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}
