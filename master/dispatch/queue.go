package dispatch

import (
	"container/heap"
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

// putBack puts a run that was taken at the head of its queue again.
func (h *held) putBack(r *store.Reserved) {
	h.ready[r.Queue] = append([]*store.Reserved{r}, h.ready[r.Queue]...)
	h.byQueue[r.Queue]++
	h.bytes += r.Size()
}

// drop takes out all runs for which gone holds and gives them.
func (h *held) drop(gone func(*store.Reserved) bool) []*store.Reserved {
	var out []*store.Reserved
	keep := func(runs []*store.Reserved) []*store.Reserved {
		kept := runs[:0]
		for _, r := range runs {
			if gone(r) {
				h.forget(r)
				out = append(out, r)
			} else {
				kept = append(kept, r)
			}
		}
		clear(runs[len(kept):])
		return kept
	}
	h.coming = keep(h.coming)
	heap.Init(&h.coming)
	for q, runs := range h.ready {
		if kept := keep(runs); len(kept) == 0 {
			delete(h.ready, q)
		} else {
			h.ready[q] = kept
		}
	}
	return out
}

func (h *held) forget(r *store.Reserved) {
	if h.byQueue[r.Queue]--; h.byQueue[r.Queue] == 0 {
		delete(h.byQueue, r.Queue)
	}
	h.bytes -= r.Size()
}

func (h *held) len() int {
	n := 0
	for _, k := range h.byQueue {
		n += k
	}
	return n
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
