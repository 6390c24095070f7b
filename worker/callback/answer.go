package callback

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/carillonhq/carillon/core"
)

const (
	// redirectDrain and answerDrain are how much of an unwanted rest is read to keep the connection: a new connection
	// is cheaper than a longer rest.
	redirectDrain = 2 << 10
	answerDrain   = 32 << 10

	maxContentType = 200 // bytes
)

// smallAnswer is the size of the buffers that are used again and again. Most answers fit; longer ones get memory as it
// comes, so that a thousand targets which say little and slowly do not hold core.MaxResponse each.
const smallAnswer = 4 << 10

// buffers lends out small buffers.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[smallAnswer]byte {
	if buf, ok := b.pool.Get().(*[smallAnswer]byte); ok {
		return buf
	}
	return new([smallAnswer]byte)
}

func (b *buffers) put(buf *[smallAnswer]byte) { b.pool.Put(buf) }

// read reads the answer into the outcome. What came before an error is kept.
func (a *attempt) read(resp *http.Response) error {
	r := &a.out.Result
	r.Status = resp.StatusCode
	r.ContentType = clean(resp.Header.Get("Content-Type"), maxContentType)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// Such a body is the bare connection: reading it would not end with the timeout.
		return errors.New("the target switched to another protocol")
	}
	buf := a.client.buffers.get()
	defer a.client.buffers.put(buf)
	// One byte more than is kept shows whether there is more.
	body, err := readUpTo(resp.Body, buf[:0], core.MaxResponse+1)
	a.out.AnsweredAt = a.client.now()
	longer := len(body) > core.MaxResponse
	r.Truncated = longer || err != nil
	if kept := body[:min(len(body), core.MaxResponse)]; len(kept) > 0 {
		r.Response = bytes.Clone(kept)
	}
	if longer {
		discard(resp.Body, answerDrain)
	}
	return err
}

// readUpTo appends to buf until it holds limit bytes or the body ends. A body that fits is read to its very end: only
// then is the connection used again.
func readUpTo(body io.Reader, buf []byte, limit int) (_ []byte, err error) {
	for len(buf) < limit && err == nil {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, min(cap(buf), limit-len(buf)))
		}
		var n int
		n, err = body.Read(buf[len(buf):min(cap(buf), limit)])
		buf = buf[:len(buf)+n]
	}
	if err == io.EOF {
		err = nil
	}
	return buf, err
}

// discard reads up to n bytes off a body, so that its connection can be used again when no more come, and closes it.
func discard(body io.ReadCloser, n int64) {
	_, _ = io.CopyN(io.Discard, body, n)
	_ = body.Close()
}
