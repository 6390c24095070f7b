package worker

import (
	"context"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// The bounds of what is held beside the runs under way.
const (
	// maxWaiting is how many runs beyond the free slots are taken. A master never sends more than the slots, so these
	// wait only while unconfirmed outcomes are over their bounds or two masters misjudge the slots for a moment.
	maxWaiting = 1000
	// Outcomes that wait to be confirmed: at least leastUnconfirmed of them, twice the slots if that is more, and
	// maxUnconfirmedBytes in all. Over that no run begins. Runs under way may still overshoot it by one per slot.
	leastUnconfirmed    = 1000
	maxUnconfirmedBytes = 64 << 20
)

// phase is where a held run stands.
type phase int

const (
	phaseWaiting  phase = iota // taken, not begun
	phaseUnderWay              // being performed
	phaseEnded                 // its outcome is not confirmed
	phaseGone                  // no longer held
)

// held is one run that the worker holds. All but log and progress is guarded by the table's mutex; what its goroutine reads
// (ctx, run) is set before that goroutine starts.
type held struct {
	id    string
	token int64
	run   *rpc.Run // nil once ended
	phase phase

	ctx    context.Context // a run under way is its context
	cancel context.CancelCauseFunc
	began  time.Time

	// heir is the same run given with a newer token; it begins when this one has returned. elder points back.
	heir, elder *held

	log      runLog
	progress progress
	outcome  *rpc.Outcome
	size     int // bytes of outcome and log together
}

var _ Sink = (*held)(nil)

// Log implements Sink.
func (h *held) Log(level, text string) { h.log.add(level, text) }

// Progress implements Sink.
func (h *held) Progress(percent int) { h.progress.say(percent) }

// table is all that a worker holds. Its methods are short and never block; those that may let a run begin return the runs
// that the caller must start.
type table struct {
	base           context.Context // the parent of each run's context; never cancelled
	slots          int
	maxUnconfirmed int

	mu         sync.Mutex
	held       map[string]*held // by run id; a superseded run under way is not in it
	queue      fifo[*held]      // waiting, oldest first; some may be gone
	ready      fifo[*held]      // ended, not sent on the present stream; some may be gone
	fresh      []*held          // begun since the last call of seasoned
	underWay   int              // superseded ones counted
	ended      int
	endedBytes int
	draining   bool
	leaseUntil time.Time // trusted until; zero before the first lease
}

func newTable(base context.Context, slots int) *table {
	return &table{
		base: base, slots: slots, maxUnconfirmed: max(2*slots, leastUnconfirmed),
		held: make(map[string]*held),
	}
}

// trusted says whether enough is left of the lease to begin a run.
func (t *table) trusted(now time.Time) bool { return t.leaseUntil.Sub(now) > core.LeaseMargin }

// take holds the runs of a Dispatch. It returns those to start, and how many it refused: because no lease is trusted,
// because the worker drains, or because too many wait.
func (t *table) take(runs []*rpc.Run, now time.Time) (begin []*held, refused int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.draining || !t.trusted(now) {
		return nil, len(runs)
	}
	for _, run := range runs {
		older := t.held[run.Id]
		if older != nil && older.token >= run.Token {
			continue // delivered twice, or out of date
		}
		if t.queue.len() >= maxWaiting {
			refused++
			continue
		}
		h := &held{id: run.Id, token: run.Token, run: run}
		if older == nil || !t.supersede(older, h) {
			t.queue.push(h)
		}
		t.held[h.id] = h
		begin = t.pump(begin, now)
	}
	return begin, refused
}

// supersede gives up older in favour of h. It says whether h must wait for the same run, still under way.
func (t *table) supersede(older, h *held) bool {
	elder := older
	if older.phase == phaseUnderWay {
		older.cancel(ErrSuperseded)
	} else {
		elder = older.elder
		t.forget(older)
	}
	if elder != nil {
		h.elder, elder.heir = elder, h
	}
	return elder != nil
}

// pump moves waiting runs into free slots and appends them to begin.
func (t *table) pump(begin []*held, now time.Time) []*held {
	if t.draining || !t.trusted(now) {
		return begin
	}
	for t.queue.len() > 0 && t.underWay < t.slots && t.ended < t.maxUnconfirmed && t.endedBytes < maxUnconfirmedBytes {
		h := t.queue.pop()
		if h.phase != phaseWaiting {
			continue
		}
		h.phase, h.began = phaseUnderWay, now
		h.ctx, h.cancel = context.WithCancelCause(t.base)
		t.underWay++
		t.fresh = append(t.fresh, h)
		begin = append(begin, h)
	}
	return begin
}

// end files the outcome of a run under way. It returns the runs to start now, and whether the outcome counts: that of a
// superseded run does not.
func (t *table) end(h *held, o *rpc.Outcome, size int, now time.Time) (begin []*held, counts bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.underWay--
	if counts = t.held[h.id] == h; counts {
		t.file(h, o, size)
	} else {
		h.phase, h.run = phaseGone, nil
	}
	if heir := h.heir; heir != nil {
		h.heir, heir.elder = nil, nil
		if heir.phase == phaseWaiting {
			t.queue.push(heir)
		}
	}
	return t.pump(nil, now), counts
}

func (t *table) file(h *held, o *rpc.Outcome, size int) {
	h.phase, h.run, h.outcome, h.size = phaseEnded, nil, o, size
	t.ended++
	t.endedBytes += size
	t.ready.push(h)
}

// forget lets go of a run that is not under way. If it was to follow an elder, that one is held again.
func (t *table) forget(h *held) {
	if h.phase == phaseEnded {
		t.ended--
		t.endedBytes -= h.size
	}
	h.phase, h.run, h.outcome = phaseGone, nil, nil
	if h.elder == nil {
		delete(t.held, h.id)
		return
	}
	t.held[h.id] = h.elder
	h.elder.heir, h.elder = nil, nil
}

// confirm forgets the ended runs named and returns the runs to start now.
func (t *table) confirm(runs []*rpc.Held, now time.Time) []*held {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range runs {
		if h := t.held[r.RunId]; h != nil && h.token == r.Token && h.phase == phaseEnded {
			t.forget(h)
		}
	}
	return t.pump(nil, now)
}

// cancel ends the run named for cause: one under way by its context, one that waits at once, by filing an outcome. It
// says whether an outcome was filed.
func (t *table) cancel(id string, token int64, cause error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.held[id]
	if h == nil || h.token != token {
		return false
	}
	switch h.phase {
	case phaseUnderWay:
		h.cancel(cause)
	case phaseWaiting:
		o := core.Outcome{State: core.RunCancelled}
		t.file(h, toOutcome(h, o, cause), outcomeOverhead)
		return true
	}
	return false
}

// abort cancels what is under way, for cause, and returns how many runs that were.
func (t *table) abort(cause error) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cancelAll(cause)
}

func (t *table) dropWaiting() (n int) {
	t.queue.clear()
	for _, h := range t.held {
		if h.phase == phaseWaiting {
			t.forget(h)
			n++
		}
	}
	return n
}

func (t *table) cancelAll(cause error) (n int) {
	for _, h := range t.held {
		if h.phase == phaseUnderWay {
			h.cancel(cause)
			n++
		}
	}
	return n
}

// drain makes the table take no more, and forgets what waits.
func (t *table) drain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.draining = true
	t.dropWaiting()
}
