package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/fleet"
	"github.com/carillonhq/carillon/store"
)

// sendPause is how long sending waits after the database failed.
const sendPause = 100 * time.Millisecond

func (d *Dispatcher) sendLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		more, err := d.Send(ctx)
		if ctx.Err() != nil {
			return
		}
		var wait time.Duration
		switch {
		case err != nil:
			d.opts.Logger.Error("due runs could not be dispatched; trying again", "error", err)
			wait = sendPause
		case more:
			continue
		default:
			wait = d.untilNext()
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.send:
			if err != nil { // a database that failed is not asked again for every slot that becomes free
				<-timer.C
			}
		}
	}
}

// idle is the longest time between two looks at the runs in memory: those that wait for a slot may become too late.
const idle = time.Second

// untilNext is how long the earliest run to come is away, and at most idle.
func (d *Dispatcher) untilNext() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := d.held.next()
	if next.IsZero() {
		return idle
	}
	return min(max(next.Sub(d.opts.Store.Now()), 0), idle)
}

// picked is a run with the worker whose slot it has.
type picked struct {
	run     *store.Reserved
	session *fleet.Session
}

// Send dispatches the runs that are due and for which there are slots. It says whether there may be more at once.
func (d *Dispatcher) Send(ctx context.Context) (more bool, err error) {
	now := d.opts.Store.Now()
	batch, missed := d.due(now)
	missErr := d.miss(ctx, missed)
	if len(batch) == 0 {
		return len(missed) > 0 && missErr == nil, missErr
	}
	if err := d.commit(ctx, batch); err != nil {
		d.undo(batch)
		return false, errors.Join(missErr, err)
	}
	// Room was made in memory: have it filled before it runs empty.
	d.refill()
	return len(batch) == sendBatch && missErr == nil, missErr
}

// miss records runs that have become too late. Those that cannot be recorded wait on: forgotten here, they would be this
// master's until it ends.
func (d *Dispatcher) miss(ctx context.Context, missed []*store.Reserved) error {
	if len(missed) == 0 {
		return nil
	}
	runs := runsOf(missed)
	if err := d.opts.Store.EndPlanned(ctx, d.opts.Master, runs); err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, r := range slices.Backward(missed) {
			d.held.putBack(r)
		}
		return fmt.Errorf("record %d runs that are too late: %w", len(missed), err)
	}
	for _, r := range runs {
		d.opts.Ended(r)
	}
	return nil
}

// due takes the runs that are due with a slot for each, and those that have become too late.
func (d *Dispatcher) due(now time.Time) (batch []picked, missed []*store.Reserved) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held.advance(now)
	for queue := range d.held.ready {
		for len(batch) < sendBatch {
			r := d.held.take(queue)
			if r == nil {
				break
			}
			if r.Task != nil && core.Missed(r.Trigger, r.Task.Schedule.Kind, r.Due, now, r.Task.MisfireAfter) {
				r.State = core.RunMissed
				r.Result.Reason = fmt.Sprintf("no worker could take it for %s after its instant", now.Sub(r.Due).Round(time.Second))
				missed = append(missed, r)
				continue
			}
			s := d.opts.Fleet.Pick(queue)
			if s == nil {
				d.held.putBack(r)
				break
			}
			batch = append(batch, picked{r, s})
		}
	}
	return batch, missed
}

// commit marks a batch as dispatched and hands out what may be sent.
func (d *Dispatcher) commit(ctx context.Context, batch []picked) error {
	handouts := make([]store.Handout, len(batch))
	sessions := make(map[*store.Reserved]*fleet.Session, len(batch))
	for i, p := range batch {
		handouts[i] = store.Handout{Reserved: p.run, Worker: p.session.Worker(), Incarnation: p.session.Incarnation()}
		sessions[p.run] = p.session
	}
	began := time.Now()
	sent, err := d.opts.Store.Dispatch(ctx, d.opts.Master, handouts)
	if err != nil {
		return err
	}
	d.opts.Commit("dispatch", len(sent), time.Since(began))
	byWorker := map[*fleet.Session][]store.Handout{}
	for _, h := range sent {
		s := sessions[h.Reserved]
		byWorker[s] = append(byWorker[s], h)
		delete(sessions, h.Reserved)
	}
	for s, runs := range byWorker {
		if !s.Give(runs) {
			d.takeBack(ctx, runs)
		}
	}
	// What is left was not dispatched: withdrawn, a conflict, or to wait for the guard.
	for _, h := range handouts {
		if s := sessions[h.Reserved]; s != nil {
			d.opts.Fleet.Unpick(s)
			if h.State.Final() {
				d.opts.Ended(h.Run)
			}
		}
	}
	return nil
}

// takeBack returns runs whose worker left between the pick and the handing out.
func (d *Dispatcher) takeBack(ctx context.Context, runs []store.Handout) {
	back := make([]store.Held, len(runs))
	for i, h := range runs {
		back[i] = store.Held{RunID: h.ID, Token: h.Token}
	}
	if err := d.opts.Store.Return(ctx, back, d.opts.Route); err != nil {
		d.opts.Logger.Error("runs of a worker that left could not be returned; trying again", "runs", len(back), "error", err)
		d.mu.Lock()
		d.unreturned = append(d.unreturned, back...)
		d.mu.Unlock()
	}
}

// retryReturns returns what an earlier failure left with workers that do not know of it.
func (d *Dispatcher) retryReturns(ctx context.Context) error {
	d.mu.Lock()
	back := d.unreturned
	d.mu.Unlock()
	if len(back) == 0 {
		return nil
	}
	if err := d.opts.Store.Return(ctx, back, d.opts.Route); err != nil {
		return err
	}
	d.mu.Lock()
	d.unreturned = d.unreturned[len(back):]
	d.mu.Unlock()
	return nil
}

// undo puts a batch that could not be committed back to wait.
func (d *Dispatcher) undo(batch []picked) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(batch) - 1; i >= 0; i-- {
		d.opts.Fleet.Unpick(batch[i].session)
		d.held.putBack(batch[i].run)
	}
}
