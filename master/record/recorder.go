// Package record writes the outcomes that workers report. It gathers those that arrive within a few milliseconds from
// all workers into one transaction, and tells each worker what is stored, so that it can forget it.
//
// An outcome is held by its worker until it is confirmed, so a master that dies with outcomes in its memory loses none:
// the worker sends them again, and one that was stored already is refused by its token.
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
	// maxBatch is how many outcomes one transaction records.
	maxBatch = 500
	// linger is how long the first outcome of a batch waits for others. It is well within the 100 ms in which an
	// outcome is to be on record.
	linger = 5 * time.Millisecond
	// queue is how many reports may wait. Beyond it the workers' streams are not read, which makes the workers wait.
	queue = 256
)

// Store is what recording needs of the store.
type Store interface {
	Record(ctx context.Context, outcomes []core.Outcome, route store.Route, random func() float64) (store.Recorded, error)
	Ping(ctx context.Context) error
}

// Options says what a Recorder works with. All fields are required.
type Options struct {
	Store  Store
	Route  store.Route
	Wake   func(at time.Time)                              // tells the dispatcher that a run is to be sent at this instant
	Commit func(step string, rows int, took time.Duration) // notes a transaction
	Ended  func(*core.Run)                                 // notes a recorded run
	Logger *slog.Logger
}

// Report is what one worker reported, and how it is told that it is stored.
type Report struct {
	Outcomes []core.Outcome
	Confirm  func([]store.Held)
}

// Recorder records from Start to Stop.
type Recorder struct {
	opts     Options
	reports  chan Report
	stopping chan struct{}
	done     chan struct{}
}

var errStopping = errors.New("the recorder is stopping")

// New makes a Recorder.
func New(opts Options) *Recorder {
	return &Recorder{opts: opts, reports: make(chan Report, queue), stopping: make(chan struct{}), done: make(chan struct{})}
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
	select {
	case r.reports <- rep:
		return nil
	case <-r.stopping:
		return errStopping
	case <-ctx.Done():
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
	}
}

// gather waits for a report and takes those that follow it closely.
func (r *Recorder) gather(ctx context.Context) (batch []Report, open bool) {
	var n int
	timer := time.NewTimer(time.Hour) // begins with the first report
	defer timer.Stop()
	for {
		select {
		case rep := <-r.reports:
			if len(batch) == 0 {
				timer.Reset(linger)
			}
			batch = append(batch, rep)
			if n += len(rep.Outcomes); n >= maxBatch {
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

// store records a batch and confirms it to the workers.
func (r *Recorder) store(ctx context.Context, batch []Report) {
	var outcomes []core.Outcome
	for _, rep := range batch {
		outcomes = append(outcomes, rep.Outcomes...)
	}
	for len(outcomes) > 0 {
		n := min(len(outcomes), maxBatch)
		r.record(ctx, outcomes[:n])
		outcomes = outcomes[n:]
	}
	if ctx.Err() != nil {
		return // not known to be stored: the workers will ask again
	}
	for _, rep := range batch {
		held := make([]store.Held, len(rep.Outcomes))
		for i := range rep.Outcomes {
			held[i] = store.Held{RunID: rep.Outcomes[i].RunID, Token: rep.Outcomes[i].Token}
		}
		rep.Confirm(held)
	}
}

// record stores outcomes. While the database is away it waits; outcomes that the database refuses are halved until the
// bad one stands alone, and that one is stored without the answer that must be what it cannot take.
func (r *Recorder) record(ctx context.Context, outcomes []core.Outcome) {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 2*time.Second) {
		began := time.Now()
		rec, err := r.opts.Store.Record(ctx, outcomes, r.opts.Route, rand.Float64)
		if err == nil {
			r.opts.Commit("record", len(outcomes), time.Since(began))
			r.recorded(rec)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if store.Refused(err) && r.opts.Store.Ping(ctx) == nil {
			if len(outcomes) > 1 {
				half := len(outcomes) / 2
				r.record(ctx, outcomes[:half])
				r.record(ctx, outcomes[half:])
				return
			}
			if strip(&outcomes[0], err) {
				r.opts.Logger.Error("an outcome could not be stored with its answer", "run", outcomes[0].RunID, "error", err)
				continue
			}
		}
		r.opts.Logger.Error("outcomes could not be stored; trying again", "outcomes", len(outcomes), "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
	}
}

// strip takes from an outcome all that a worker made up of a target's answer, and says whether there was any.
func strip(o *core.Outcome, err error) bool {
	had := o.Result.Response != nil || o.Result.Log != nil || o.Result.Request != "" || o.Result.ContentType != ""
	o.Result = core.Result{Status: o.Result.Status, Reason: "the answer could not be stored: " + err.Error()}
	return had
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
}
