package callback

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
)

// direct performs ordinary requests without TLS in the goroutine of the call.
//
// package http serves each connection with two goroutines of its own, and between these and the caller's a request and
// its answer change hands four times. That costs more than writing the one and reading the other. So what is simple is
// done here: a small request over HTTP/1.1 is written at once, and the same goroutine waits for its answer, which package
// http still reads. All else is left to package http; see suits.
type direct struct {
	dial    dialFunc
	conns   idleConns
	readers sync.Pool // of *bufio.Reader
	buffers sync.Pool // of *[]byte, for requests
}

func newDirect(o *Options) *direct {
	d := &direct{dial: o.Dial}
	d.conns.perHost, d.conns.idle = o.IdlePerHost, map[string][]*directConn{}
	d.readers.New = func() any { return bufio.NewReader(nil) }
	d.buffers.New = func() any { return new(make([]byte, 0, 1<<10)) }
	return d
}

// suits says whether a request can be performed here: without TLS and proxy, on a connection that may be used again, to
// a host that needs no encoding, with a small body that is sent unasked.
func (d *direct) suits(a *attempt, r *request) bool {
	return d != nil && a.call.Callback.TLS == (core.TLS{}) && !a.call.AtMostOnce &&
		r.url.Scheme == "http" && plainHost(r.url.Host) && plainHost(r.host) && len(r.body) <= maxDirect && !r.header.has("Expect")
}

// errIndirect says that a request does not suit after all. Nothing was sent.
var errIndirect = errors.New("left to package http")

// roundTrip sends a request and waits for the head of its answer.
//
// A connection from the pool may have been closed by the target while the request was on its way. When it ends before the
// first byte of an answer the request is sent again on another one, as package http does with a request that has an
// idempotency key, and each of ours has.
func (d *direct) roundTrip(ctx context.Context, a *attempt, r *request) (*http.Response, error) {
	buf := d.buffers.Get().(*[]byte) // nothing else is put there
	defer d.buffers.Put(buf)
	unzip := r.method != http.MethodHead && r.header.get("Accept-Encoding") == "" && r.header.get("Range") == ""
	var ok bool
	if *buf, ok = r.appendTo((*buf)[:0], unzip); !ok {
		return nil, errIndirect
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	address := addressOf(r.url)
	for {
		conn := d.conns.take(address, a.deadline)
		if conn == nil {
			var err error
			if conn, err = d.connect(ctx, a, address); err != nil {
				return nil, err
			}
		}
		a.progress.connected(a)
		resp, err := d.exchange(ctx, conn, *buf, r.method, unzip)
		unanswered, early := errors.AsType[*unansweredError](err)
		if early {
			err = unanswered.error
		}
		if err == nil || !early || !conn.reused || ctx.Err() != nil || !time.Now().Before(a.deadline) {
			return resp, err
		}
	}
}

// connect opens a connection.
func (d *direct) connect(ctx context.Context, a *attempt, address string) (*directConn, error) {
	ctx, cancel := context.WithDeadline(ctx, a.progress.connectBy())
	defer cancel()
	conn, err := d.dial(ctx, "tcp", address)
	if err != nil {
		return nil, connectError(ctx, err)
	}
	c := &directConn{Conn: conn, address: address, quiet: newQuiet(conn)}
	return c, c.SetDeadline(a.deadline)
}

// exchange performs a request on a connection. The connection is closed when there is an error, else with the body of the
// answer.
func (d *direct) exchange(ctx context.Context, c *directConn, request []byte, method string, unzip bool) (*http.Response, error) {
	c.reader = d.readers.Get().(*bufio.Reader) // nothing else is put there
	c.reader.Reset(c)
	body := &directBody{direct: d, conn: c, stop: c.cutAt(ctx)}
	resp, err := c.exchange(request, method)
	if err != nil {
		_ = body.Close()
		return nil, err
	}
	body.Reader = resp.Body
	body.keep = !resp.Close && resp.StatusCode >= http.StatusOK
	resp.Body = body
	if unzip && resp.ContentLength != 0 && isGzip(resp.Header.Get("Content-Encoding")) {
		resp.Body = &unzipped{directBody: body}
	}
	return resp, nil
}

// release ends the use of a connection.
func (d *direct) release(c *directConn, keep bool) {
	c.reader.Reset(nil)
	d.readers.Put(c.reader)
	c.reader = nil
	if !keep || c.quiet == nil || !d.conns.put(c) {
		_ = c.Close()
	}
}

// directBody is the body of an answer. Closing it ends the exchange: a connection whose answer was read to its end goes
// back to the pool.
type directBody struct {
	io.Reader
	direct *direct
	conn   *directConn
	keep   bool // the target does not ask to close the connection
	ended  bool // read to its end
	closed bool
	stop   func() bool // ends the watch for the caller's end
}

// Read notes the end.
func (b *directBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.ended = true
	}
	return n, err
}

// Close may be called again.
func (b *directBody) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	// What came behind the answer belongs to no request: it must not be taken for the answer to the next.
	keep := b.keep && b.ended && b.conn.reader.Buffered() == 0
	// A watch that has fired already may cut the connection at any moment from now on.
	stopped := b.stop()
	b.direct.release(b.conn, keep && stopped)
	return nil
}
