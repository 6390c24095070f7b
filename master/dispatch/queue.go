package dispatch

import (
	"container/heap"
	"math"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// held are the runs that this master has reserved: those to come in a heap by instant, those that are due in order by
// queue. Its methods must be called under the dispatcher's mutex.
type held struct {
	coming  byInstant
	ready   map[string][]*store.Reserved
	byQueue map[string]int // runs held, coming and ready
	bytes   int
}

func newHeld() *held {
	return &held{ready: map[string][]*store.Reserved{}, byQueue: map[string]int{}}
}

func (h *held) add(runs []*store.Reserved) {
	for _, r := range runs {
		heap.Push(&h.coming, r)
		h.byQueue[r.Queue]++
		h.bytes += r.Size()
	}
}

// advance moves the runs that are due at now from the heap to their queues.
func (h *held) advance(now time.Time) {
	for len(h.coming) > 0 && !h.coming[0].FireAt.After(now) {
		r := heap.Pop(&h.coming).(*store.Reserved) // the heap holds nothing else
		h.ready[r.Queue] = append(h.ready[r.Queue], r)
	}
}

// next is the instant of the earliest run to come; zero when there is none.
func (h *held) next() time.Time {
	if len(h.coming) == 0 {
		return time.Time{}
	}
	return h.coming[0].FireAt
}

// first is the first ready run of a queue; nil when there is none.
func (h *held) first(queue string) *store.Reserved {
	if waiting := h.ready[queue]; len(waiting) > 0 {
		return waiting[0]
	}
	return nil
}

// take takes the first ready run of a queue out; nil when there is none.
func (h *held) take(queue string) *store.Reserved {
	waiting := h.ready[queue]
	if len(waiting) == 0 {
		return nil
	}
	r := waiting[0]
	waiting[0] = nil
	h.ready[queue] = waiting[1:]
	if len(waiting) == 1 {
		delete(h.ready, queue)
	}
	h.forget(r)
	return r
}

// putBack puts runs that were taken at the heads of their queues again, in the order in which they were taken.
func (h *held) putBack(runs []*store.Reserved) {
	heads := map[string][]*store.Reserved{}
	for _, r := range runs {
		heads[r.Queue] = append(heads[r.Queue], r)
		h.byQueue[r.Queue]++
		h.bytes += r.Size()
	}
	for q, head := range heads {
		h.ready[q] = append(head, h.ready[q]...)
	}
}

// drop takes out all runs for which gone holds and gives them.
func (h *held) drop(gone func(*store.Reserved) bool) []*store.Reserved {
	kept, out := h.sift(h.coming, gone)
	h.coming = kept
	heap.Init(&h.coming)
	return append(out, h.dropReady(gone)...)
}

// dropReady takes out those that are ready, in the order of their queues.
func (h *held) dropReady(gone func(*store.Reserved) bool) (out []*store.Reserved) {
	for q, runs := range h.ready {
		kept, dropped := h.sift(runs, gone)
		if out = append(out, dropped...); len(kept) == 0 {
			delete(h.ready, q)
		} else {
			h.ready[q] = kept
		}
	}
	return out
}

// sift parts runs, in place, into those that stay and those for which gone holds.
func (h *held) sift(runs []*store.Reserved, gone func(*store.Reserved) bool) (kept, out []*store.Reserved) {
	kept = runs[:0]
	for _, r := range runs {
		if gone(r) {
			h.forget(r)
			out = append(out, r)
		} else {
			kept = append(kept, r)
		}
	}
	clear(runs[len(kept):])
	return kept, out
}

func (h *held) forget(r *store.Reserved) {
	if h.byQueue[r.Queue]--; h.byQueue[r.Queue] == 0 {
		delete(h.byQueue, r.Queue)
	}
	h.bytes -= r.Size()
}

// fit is about how many more runs there is room for in bytes, were they as large as those held. It keeps more from being
// claimed, only to be given back, than a guess can: the bound itself is the store's to keep.
func (h *held) fit(bytes int) int {
	switch n := h.len(); {
	case h.bytes >= bytes:
		return 0
	case n == 0:
		return math.MaxInt
	default:
		return max((bytes-h.bytes)/(h.bytes/n), 1)
	}
}

// all are the runs held, with their tokens.
func (h *held) all() map[store.Held]bool {
	all := make(map[store.Held]bool, h.len())
	for _, r := range h.coming {
		all[store.Held{RunID: r.ID, Token: r.Token}] = true
	}
	for _, runs := range h.ready {
		for _, r := range runs {
			all[store.Held{RunID: r.ID, Token: r.Token}] = true
		}
	}
	return all
}

func (h *held) len() int {
	n := 0
	for _, k := range h.byQueue {
		n += k
	}
	return n
}

func sizeOf(held []*store.Reserved) (bytes int) {
	for _, r := range held {
		bytes += r.Size()
	}
	return bytes
}

func runsOf(held []*store.Reserved) []*core.Run {
	runs := make([]*core.Run, len(held))
	for i, r := range held {
		runs[i] = r.Run
	}
	return runs
}

// byInstant is a heap of runs by the instant they are to be sent, and by id where that is the same.
type byInstant []*store.Reserved

func (b byInstant) Len() int { return len(b) }
func (b byInstant) Less(i, j int) bool {
	if c := b[i].FireAt.Compare(b[j].FireAt); c != 0 {
		return c < 0
	}
	return b[i].ID < b[j].ID
}
func (b byInstant) Swap(i, j int) { b[i], b[j] = b[j], b[i] }

// Push is part of heap.Interface.
func (b *byInstant) Push(x any) { *b = append(*b, x.(*store.Reserved)) }

// Pop is part of heap.Interface.
func (b *byInstant) Pop() any {
	old := *b
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*b = old[:len(old)-1]
	return last
}
