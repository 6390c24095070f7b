package record

import (
	"sync"

	"github.com/carillonhq/carillon/core"
)

// outcomeSize is what an outcome, or a line of its log, takes beside its texts, in bytes, roughly.
const outcomeSize = 256

// sizeOf is what an outcome takes in memory, in bytes, roughly.
func sizeOf(o *core.Outcome) int {
	size := outcomeSize + len(o.Result.Reason) + len(o.Result.Request) + len(o.Result.ContentType) + len(o.Result.Response)
	for _, l := range o.Result.Log {
		size += outcomeSize + len(l.Text)
	}
	return size
}

// fit is how many of outcomes, of which there is one at least, one transaction records that takes no more than limit.
func fit(outcomes []core.Outcome, limit int) int {
	n, bytes := 0, 0
	for n < min(len(outcomes), limit) && bytes < batchBytes {
		bytes += sizeOf(&outcomes[n])
		n++
	}
	return n
}

// room bounds the bytes of what waits.
type room struct {
	limit int

	mu    sync.Mutex
	taken int
	freed chan struct{} // closed, and made anew, when something left
}

func newRoom(limit int) *room { return &room{limit: limit, freed: make(chan struct{})} }

// enter takes room. When all of it is taken it takes none, and gives what is closed when it is time to try again. What
// enters last may be larger than what is left, so that nothing is too large to enter at all.
func (r *room) enter(size int) (again <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken >= r.limit {
		return r.freed
	}
	r.taken += size
	return nil
}

func (r *room) leave(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= size
	close(r.freed)
	r.freed = make(chan struct{})
}
