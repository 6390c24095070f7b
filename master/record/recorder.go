// Package record writes the outcomes that workers report. It gathers those that arrive within a few milliseconds from
// all workers into one transaction, and tells each worker what is stored, so that it can forget it.
//
// An outcome is held by its worker until it is confirmed, so a master that dies with outcomes in its memory loses none:
// the worker sends them again, and one that was stored already is refused by its token.
//
// An outcome that the database refuses stops no other, and its run ends all the same:
//
//	as reported ──refused──▶ without the answer ──refused──▶ bare ──refused──▶ set aside
//	                         and what was said of it         nothing follows   tried again, not confirmed
//
// What is set aside is still its worker's: it is confirmed when the database takes it at last, here or at the next master
// that the worker comes to, and when the worker ends before that its run is recovered as lost. Either way the run has one
// outcome, because the one that comes second is refused by its token.
package record

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// queue is how many reports may wait, and queueBytes of how many bytes together, roughly. Beyond it the workers' streams
	// are not read, which makes the workers wait.
	queue      = 256
	queueBytes = 64 << 20
	// batchBytes is about how many bytes of outcomes one transaction records at most.
	batchBytes = 8 << 20
)

// Store is what recording needs of the store.
type Store interface {
	Record(ctx context.Context, outcomes []core.Outcome, route store.Route, random func() float64) (store.Recorded, error)
	RecordBare(ctx context.Context, o core.Outcome, reason string) (store.Recorded, error)
	Ping(ctx context.Context) error
}

// Options says what a Recorder works with. All fields are required but Batches.
type Options struct {
	Store  Store
	Route  store.Route
	Wake   func(at time.Time)                              // tells the dispatcher that a run is to be sent at this instant
	Plan   func()                                          // tells the planner that a task has another due instant
	Commit func(step string, rows int, took time.Duration) // notes a transaction
	Ended  func(*core.Run)                                 // notes a recorded run
	// Refused notes an outcome that the database refused as it was reported, and what of it was stored instead.
	Refused func(stored string)
	Logger  *slog.Logger
	// Batches defaults to core.DefaultBatches().
	Batches core.Batches
}

// Report is what one worker reported, and how it is told that it is stored.
type Report struct {
	Outcomes []core.Outcome
	Confirm  func([]store.Held)
}

func (r *Report) size() (bytes int) {
	for i := range r.Outcomes {
		bytes += sizeOf(&r.Outcomes[i])
	}
	return bytes
}

// Recorder records from Start to Stop.
type Recorder struct {
	opts     Options
	batch    int           // of outcomes that one transaction records
	wait     time.Duration // of the first outcome of a batch for others
	reports  chan Report
	room     *room
	stopping chan struct{}
	done     chan struct{}

	// Of the loop alone:
	aside   map[store.Held]*setAside // refused in every form, to be tried again
	tried   time.Time                // when they were last tried
	dropped map[store.Held]bool      // the same, of the present batch, for which there was no room
}

var errStopping = errors.New("the recorder is stopping")

// New makes a Recorder.
func New(opts Options) *Recorder {
	b := opts.Batches.OrDefault()
	return &Recorder{
		opts: opts, batch: b.Record, wait: b.RecordWait, reports: make(chan Report, queue), room: newRoom(queueBytes),
		stopping: make(chan struct{}), done: make(chan struct{}),
		aside: map[store.Held]*setAside{}, dropped: map[store.Held]bool{},
	}
}

// Start begins to record. It goes on until Stop has been called and all reports are stored, or ctx ends.
func (r *Recorder) Start(ctx context.Context) { go r.loop(ctx) }

// Submit hands over a report. It waits while the queue is full, and fails when ctx ends or the recorder stops: the worker
// keeps what was not taken.
func (r *Recorder) Submit(ctx context.Context, rep Report) error {
	select {
	case <-r.stopping: // said first, for the queue may have room that nobody looks into any more
		return errStopping
	default:
	}
	size := rep.size()
	for entered := r.room.enter(size); entered != nil; entered = r.room.enter(size) {
		select {
		case <-entered:
		case <-r.stopping:
			return errStopping
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	select {
	case r.reports <- rep:
		return nil
	case <-r.stopping:
		r.room.leave(size)
		return errStopping
	case <-ctx.Done():
		r.room.leave(size)
		return ctx.Err()
	}
}

// Stop records what is queued and ends, or gives up when ctx ends: what is not recorded then is kept by its workers. It is
// called once. The recorder has ended when the context given to Start has, too; Wait waits for that.
func (r *Recorder) Stop(ctx context.Context) {
	close(r.stopping)
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}

// Wait waits until the recorder has ended.
func (r *Recorder) Wait() { <-r.done }

func (r *Recorder) loop(ctx context.Context) {
	defer close(r.done)
	for {
		batch, open := r.gather(ctx)
		if len(batch) > 0 {
			r.store(ctx, batch)
		}
		if !open {
			return
		}
		r.retryAside(ctx)
	}
}

// gather waits for a report and takes those that follow it closely. It gives none when none came for long.
func (r *Recorder) gather(ctx context.Context) (batch []Report, open bool) {
	var n, bytes int
	timer := time.NewTimer(asideEvery) // begins anew with the first report
	defer timer.Stop()
	for {
		select {
		case rep := <-r.reports:
			if len(batch) == 0 {
				timer.Reset(r.wait)
			}
			batch = append(batch, rep)
			n, bytes = n+len(rep.Outcomes), bytes+rep.size()
			if n >= r.batch || bytes >= batchBytes {
				return batch, true
			}
		case <-timer.C:
			return batch, true
		case <-r.stopping:
			return r.rest(batch), false
		case <-ctx.Done():
			return nil, false
		}
	}
}

// rest takes what is queued at a stop.
func (r *Recorder) rest(batch []Report) []Report {
	for {
		select {
		case rep := <-r.reports:
			batch = append(batch, rep)
		default:
			return batch
		}
	}
}

// store records a batch and confirms to the workers what is stored.
func (r *Recorder) store(ctx context.Context, batch []Report) {
	var outcomes []core.Outcome
	for _, rep := range batch {
		outcomes = append(outcomes, rep.Outcomes...)
	}
	defer func() {
		for _, rep := range batch {
			r.room.leave(rep.size())
		}
	}()
	for i := range outcomes {
		delete(r.aside, heldOf(&outcomes[i])) // reported again, which is another chance
	}
	for len(outcomes) > 0 {
		n := fit(outcomes, r.batch)
		r.record(ctx, outcomes[:n])
		outcomes = outcomes[n:]
	}
	if ctx.Err() != nil {
		return // not known to be stored: the workers will ask again
	}
	for _, rep := range batch {
		held := make([]store.Held, 0, len(rep.Outcomes))
		for i := range rep.Outcomes {
			h := heldOf(&rep.Outcomes[i])
			if waiting := r.aside[h]; waiting != nil {
				waiting.confirm = rep.Confirm
			} else if !r.dropped[h] {
				held = append(held, h)
			}
		}
		rep.Confirm(held)
	}
	clear(r.dropped)
}

func heldOf(o *core.Outcome) store.Held { return store.Held{RunID: o.RunID, Token: o.Token} }

// record stores outcomes. Those that the database refuses are halved until the bad one stands alone.
func (r *Recorder) record(ctx context.Context, outcomes []core.Outcome) {
	err := r.try(ctx, len(outcomes), func() (store.Recorded, error) {
		return r.opts.Store.Record(ctx, outcomes, r.opts.Route, rand.Float64)
	})
	switch {
	case err == nil || ctx.Err() != nil:
	case len(outcomes) > 1:
		half := len(outcomes) / 2
		r.record(ctx, outcomes[:half])
		r.record(ctx, outcomes[half:])
	default:
		r.alone(ctx, &outcomes[0], err)
	}
}

// try writes until the database takes or refuses it, and gives the refusal. While the database is away it waits.
func (r *Recorder) try(ctx context.Context, n int, write func() (store.Recorded, error)) error {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 2*time.Second) {
		began := time.Now()
		rec, err := write()
		if err == nil {
			r.opts.Commit("record", n, time.Since(began))
			r.recorded(rec)
			return nil
		}
		if ctx.Err() != nil || store.Refused(err) && r.opts.Store.Ping(ctx) == nil {
			return err
		}
		r.opts.Logger.Error("outcomes could not be stored; trying again", "outcomes", n, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delay):
		}
	}
}

func (r *Recorder) recorded(rec store.Recorded) {
	for _, run := range rec.Runs {
		r.opts.Ended(run)
	}
	for _, h := range rec.Stale {
		r.opts.Logger.Warn("a report was superseded", "run", h.RunID, "token", h.Token)
	}
	if !rec.Next.IsZero() {
		r.opts.Wake(rec.Next)
	}
	if rec.Due {
		r.opts.Plan()
	}
}
