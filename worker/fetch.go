package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/rpc"
)

var errNotRunning = errors.New("the worker is not running")

// Fetch asks a master for a piece of a plugin package, counted from 0. It goes on asking, on one stream after the other,
// until there is an answer or ctx ends. An error that wraps host.ErrRefused is final. It is what a host's Options want.
func (w *Worker) Fetch(ctx context.Context, digest string, number int) (host.Chunk, error) {
	i := w.incarnation()
	if i == nil {
		return host.Chunk{}, errNotRunning
	}
	f := &fetch{piece: piece{digest, int32(number)}, answer: make(chan *rpc.Chunk, 1)} // #nosec G115 -- no package has so many
	i.fetches.add(f)
	defer i.fetches.forget(f)
	select {
	case c := <-f.answer:
		switch {
		case c.Error == "":
			return host.Chunk{Data: c.Data, Chunks: int(c.Chunks), Size: c.Size}, nil
		case c.Refused:
			return host.Chunk{}, fmt.Errorf("%w by the master: %s", host.ErrRefused, c.Error)
		}
		return host.Chunk{}, errors.New("the master cannot give it: " + c.Error)
	case <-i.done:
		return host.Chunk{}, errNotRunning
	case <-ctx.Done():
		return host.Chunk{}, context.Cause(ctx)
	}
}

// piece names a piece of a package.
type piece struct {
	digest string
	number int32
}

// fetch is a piece that somebody waits for.
type fetch struct {
	piece
	asked  bool // on the present stream
	answer chan *rpc.Chunk
}

// fetches are the pieces that are waited for. No more than rpc.MaxFetches are asked for at a time, so that what a master
// reads for one worker is bounded, and the others wait for their turn.
type fetches struct {
	some chan struct{} // holds one signal: there may be one to ask for

	mu      sync.Mutex
	waiting []*fetch // oldest first
	// unanswered is how many were asked for on the present stream that are not answered, whether or not somebody still
	// waits for them.
	unanswered int
}

func newFetches() *fetches { return &fetches{some: make(chan struct{}, 1)} }

func (f *fetches) add(one *fetch) {
	f.mu.Lock()
	f.waiting = append(f.waiting, one)
	f.mu.Unlock()
	signal(f.some)
}

func (f *fetches) forget(one *fetch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(o *fetch) bool { return o == one })
}

// next gives what is to be asked for on the present stream.
func (f *fetches) next() []piece {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pieces []piece
	for _, o := range f.waiting {
		if !o.asked && f.unanswered < rpc.MaxFetches {
			o.asked = true
			f.unanswered++
			pieces = append(pieces, o.piece)
		}
	}
	return pieces
}

// again has all that is waited for asked for on a new stream: nothing of the one before is answered any more.
func (f *fetches) again() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unanswered = 0
	for _, o := range f.waiting {
		o.asked = false
	}
	signal(f.some)
}

// answer hands a piece to those who wait for it, and makes room for another to be asked for.
func (f *fetches) answer(c *rpc.Chunk) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unanswered = max(f.unanswered-1, 0)
	for _, o := range f.waiting {
		if o.piece == (piece{c.Digest, c.Number}) {
			select {
			case o.answer <- c:
			default: // two asked for it, and it came twice
			}
		}
	}
	signal(f.some)
}
