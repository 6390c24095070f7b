package callback

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"sync"
	"time"
)

// idleTimeout is how long a connection is kept that nobody uses.
const idleTimeout = 90 * time.Second

// dialFunc opens connections, as net.Dialer does.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// directConn is a connection that carries one exchange at a time.
type directConn struct {
	net.Conn
	address string
	quiet   *quiet    // nil when the system cannot be asked about it; then it is used once
	reused  bool      // it has been in the pool
	since   time.Time // when it came into the pool

	// Of the exchange under way:
	reader *bufio.Reader
	left   int64 // how many more bytes of the answer's head may come
}

// Read is what reader reads from.
func (c *directConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errHeadTooLong()
	}
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func errHeadTooLong() error {
	return fmt.Errorf("the answer's headers exceeded %d bytes", maxHeaderBytes)
}

// unansweredError is an error that came before the first byte of an answer.
type unansweredError struct{ error }

// exchange sends a request and reads the head of its answer. Answers that promise another one are passed over.
func (c *directConn) exchange(request []byte, method string) (*http.Response, error) {
	if _, err := c.Write(request); err != nil {
		return nil, &unansweredError{err}
	}
	c.left = maxHeaderBytes
	if _, err := c.reader.Peek(1); err != nil {
		return nil, &unansweredError{err}
	}
	var asked *http.Request // nil stands for a GET, whose answer has the form of all others but that to a HEAD
	if method == http.MethodHead {
		asked = &http.Request{Method: method}
	}
	for {
		resp, err := http.ReadResponse(c.reader, asked)
		switch {
		case err != nil && c.left <= 0:
			return nil, errHeadTooLong()
		case err != nil:
			return nil, err
		case resp.StatusCode >= http.StatusOK || resp.StatusCode == http.StatusSwitchingProtocols:
			c.left = math.MaxInt64
			return resp, nil
		}
	}
}

// cutAt makes what is under way on the connection fail when ctx ends. The function that it gives ends the watch, and says
// whether it did so before that.
func (c *directConn) cutAt(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
}

// idleConns are the connections that nobody uses.
type idleConns struct {
	perHost int

	mu       sync.Mutex
	idle     map[string][]*directConn // by address, the one used last at the end
	sweeping bool                     // a timer is set for sweep
}

// take gives a connection on which nothing was heard since its last answer, with the deadline set; nil when there is none.
func (p *idleConns) take(address string, deadline time.Time) *directConn {
	for {
		c := p.pop(address)
		if c == nil || c.SetDeadline(deadline) == nil && c.quiet.holds() {
			return c
		}
		_ = c.Close()
	}
}

func (p *idleConns) pop(address string) *directConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[address]
	if len(conns) == 0 {
		return nil
	}
	last := len(conns) - 1
	c := conns[last]
	conns[last] = nil
	p.idle[address] = conns[:last]
	return c
}

// put keeps a connection, unless there are enough to its address.
func (p *idleConns) put(c *directConn) bool {
	c.reused, c.since = true, time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	conns := p.idle[c.address]
	if len(conns) >= p.perHost {
		return false
	}
	p.idle[c.address] = append(conns, c)
	if !p.sweeping {
		p.sweeping = true
		time.AfterFunc(idleTimeout, p.sweep)
	}
	return true
}

// sweep closes the connections that were idle for too long, and sets the timer for the next that will be.
func (p *idleConns) sweep() {
	now := time.Now()
	next := p.closeIdle(now.Add(-idleTimeout))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sweeping = !next.IsZero(); p.sweeping {
		time.AfterFunc(next.Add(idleTimeout).Sub(now), p.sweep)
	}
}

// closeIdle closes the connections that are idle since until or longer. It gives the earliest instant since when one of
// the others is; zero when there are no others.
func (p *idleConns) closeIdle(until time.Time) (earliest time.Time) {
	var old []*directConn
	p.mu.Lock()
	for address, conns := range p.idle {
		n := 0
		for n < len(conns) && !conns[n].since.After(until) {
			n++
		}
		old = append(old, conns[:n]...)
		if n == len(conns) {
			delete(p.idle, address)
			continue
		}
		p.idle[address] = append([]*directConn(nil), conns[n:]...)
		if since := conns[n].since; earliest.IsZero() || since.Before(earliest) {
			earliest = since
		}
	}
	p.mu.Unlock()
	for _, c := range old {
		_ = c.Close()
	}
	return earliest
}
