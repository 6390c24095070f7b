package chaos

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// proxy forwards connections to an address, until it is cut. Then it takes what comes and holds it back, as a network does
// that drops packets between peers which will send them again: neither end is told of anything. Once mended it forwards
// what was held back.
type proxy struct {
	listener net.Listener
	target   string
	ctx      context.Context // ends with the proxy
	end      context.CancelFunc
	out      *gate
	back     *gate
	links    sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]struct{}
}

// newProxy listens on a free port of loopback.
func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, out: newGate(), back: newGate(), open: map[net.Conn]struct{}{}}
	p.ctx, p.end = context.WithCancel(context.Background())
	p.links.Go(p.accept)
	return p, nil
}

// addr is where the proxy listens.
func (p *proxy) addr() string { return p.listener.Addr().String() }

// cut stops forwarding in these directions.
func (p *proxy) cut(ways Ways) error {
	if ways&Out != 0 {
		p.out.shut()
	}
	if ways&Back != 0 {
		p.back.shut()
	}
	return nil
}

// mend forwards in both directions again.
func (p *proxy) mend() error {
	p.out.lift()
	p.back.lift()
	return nil
}

// drop resets all connections.
func (p *proxy) drop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		reset(conn)
	}
	return nil
}

// close ends the proxy and all its connections.
func (p *proxy) close() {
	p.end()
	_ = p.listener.Close()
	_ = p.drop()
	p.links.Wait()
}

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			if p.ctx.Err() != nil {
				return
			}
			time.Sleep(10 * time.Millisecond) // too many open files, say
			continue
		}
		if p.hold(conn) {
			p.links.Go(func() { p.link(conn) })
		}
	}
}

// hold notes an open connection; false says that the proxy ended meanwhile.
func (p *proxy) hold(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ctx.Err() != nil {
		reset(conn)
		return false
	}
	p.open[conn] = struct{}{}
	return true
}

func (p *proxy) release(conn net.Conn) {
	p.mu.Lock()
	delete(p.open, conn)
	p.mu.Unlock()
	_ = conn.Close()
}

// link forwards one connection until both its directions have ended.
func (p *proxy) link(client net.Conn) {
	defer p.release(client)
	if !p.out.pass(p.ctx) {
		return
	}
	server, err := new(net.Dialer).DialContext(p.ctx, "tcp", p.target)
	if err != nil || !p.hold(server) {
		reset(client) // the nearest a proxy comes to refusing a connection
		return
	}
	defer p.release(server)
	var ways sync.WaitGroup
	ways.Go(func() { p.forward(server, client, p.out) })
	ways.Go(func() { p.forward(client, server, p.back) })
	ways.Wait()
}

// forward copies one direction of a connection. How it ends is told to the other end too, and held back as all else is.
func (p *proxy) forward(to, from net.Conn, g *gate) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if !g.pass(p.ctx) {
			reset(to)
			return
		}
		if n > 0 {
			if _, werr := to.Write(buf[:n]); werr != nil {
				reset(from)
				return
			}
		}
		if errors.Is(err, io.EOF) {
			_ = to.(*net.TCPConn).CloseWrite()
			return
		}
		if err != nil {
			reset(to)
			return
		}
	}
}

// reset closes a connection so that its other end sees it broken and not ended.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// gate is open, or holds back whoever comes.
type gate struct {
	mu   sync.Mutex
	held chan struct{} // closed when the gate is lifted; nil while it is open
}

func newGate() *gate { return &gate{} }

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		g.held = make(chan struct{})
	}
}

func (g *gate) lift() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

// pass waits until the gate is open; false says that ctx ended first.
func (g *gate) pass(ctx context.Context) bool {
	for {
		g.mu.Lock()
		held := g.held
		g.mu.Unlock()
		if held == nil {
			return true
		}
		select {
		case <-held:
		case <-ctx.Done():
			return false
		}
	}
}
