package worker

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Worker takes runs from masters and performs them between Start and Stop. It may be started again after a stop.
type Worker struct {
	opts Options

	mu      sync.Mutex
	current *incarnation // nil while stopped
}

// New checks the options and returns a worker that is not started. A bad name, weight, number of slots or label gives a
// core.Error.
func New(opts Options) (*Worker, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Worker{opts: opts}, nil
}

// Start begins to look for a master and returns at once; Connected says when one was found. Performers see the values of
// ctx, but its end does not stop the worker: Stop does. Starting a started worker does nothing; starting one that is
// being stopped is an error.
func (w *Worker) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current != nil {
		if w.current.stopping.Load() {
			return errors.New("the worker is being stopped")
		}
		return nil
	}
	w.current = begin(context.WithoutCancel(ctx), w.opts)
	return nil
}

// Stop drains the worker: it takes no more runs, gives the ones under way DrainTimeout to end, cancels the rest, and waits
// a few seconds until the outcomes are confirmed. The end of ctx cuts each of these waits short. It returns an error if
// it had to leave runs or outcomes behind; masters recover those. Stopping a stopped worker does nothing, and a second
// Stop waits for the first.
func (w *Worker) Stop(ctx context.Context) error {
	w.mu.Lock()
	i := w.current
	w.mu.Unlock()
	if i == nil {
		return nil
	}
	if !i.stopping.CompareAndSwap(false, true) {
		select {
		case <-i.stopped:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := i.drain(ctx)
	w.mu.Lock()
	w.current = nil
	w.mu.Unlock()
	close(i.stopped)
	return err
}

// Hurry ends a drain at once, one under way or the next: what runs is cancelled and reported as lost, so that masters give
// it on, and Stop returns within about three seconds. Hurrying a stopped worker does nothing.
func (w *Worker) Hurry() {
	if i := w.incarnation(); i != nil {
		i.hurried.Store(true)
		signal(i.moved)
	}
}

// Running says how many runs are under way.
func (w *Worker) Running() int {
	if i := w.incarnation(); i != nil {
		underWay, _ := i.table.counts()
		return underWay
	}
	return 0
}

// Unconfirmed says how many outcomes are kept because no master has confirmed them.
func (w *Worker) Unconfirmed() int {
	if i := w.incarnation(); i != nil {
		_, ended := i.table.counts()
		return ended
	}
	return 0
}

// Connected says whether a master has welcomed the worker on the present stream.
func (w *Worker) Connected() bool {
	i := w.incarnation()
	return i != nil && i.connected.Load()
}

// LeaseLeft is how long the worker may still trust its lease; 0 when it has none.
func (w *Worker) LeaseLeft() time.Duration {
	if i := w.incarnation(); i != nil {
		return i.table.leaseLeft(time.Now())
	}
	return 0
}

func (w *Worker) incarnation() *incarnation {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current
}
