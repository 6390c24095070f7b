package dispatch

import (
	"context"
	"errors"
	"fmt"
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
	batch, late, missed := d.due(d.opts.Store.Now())
	made, over, lateErr := d.makeUp(ctx, late)
	batch = append(batch, made...)
	missErr := errors.Join(d.miss(ctx, missed), lateErr)
	more = missErr == nil && len(missed)+over > 0 // what follows them may be in time
	if len(batch) == 0 {
		return more, missErr
	}
	if err := d.commit(ctx, batch); err != nil {
		return false, errors.Join(missErr, err)
	}
	// Room was made in memory: have it filled before it runs empty.
	d.refill()
	return more || len(batch) == d.batches.Dispatch && missErr == nil, missErr
}

// makeUp gives those of late runs that are sent all the same, and records others as missed. over is how many it is done
// with.
func (d *Dispatcher) makeUp(ctx context.Context, late []picked) (made []picked, over int, err error) {
	if len(late) == 0 {
		return nil, 0, nil
	}
	runs, of := make([]*core.Run, len(late)), make(map[*core.Run]picked, len(late))
	for i, p := range late {
		p.run.State, p.run.Result.Reason = core.RunMissed, core.MissedReason(p.run.Task.MisfireAfter)
		runs[i], of[p.run.Run] = p.run.Run, p
	}
	goes, err := d.opts.Store.EndLate(ctx, d.opts.Master, runs)
	if err != nil {
		for _, p := range late {
			p.run.State = core.RunPlanned
			d.opts.Fleet.Unpick(p.session)
		}
		d.settle(runsPicked(late), runsPicked(late))
		return nil, 0, fmt.Errorf("settle %d runs that are too late: %w", len(late), err)
	}
	for _, r := range goes {
		made = append(made, of[r])
		delete(of, r)
	}
	done := make([]*store.Reserved, 0, len(of))
	for r, p := range of {
		done = append(done, p.run)
		d.opts.Fleet.Unpick(p.session)
		if !r.RecordedAt.IsZero() { // else it was withdrawn, or is to be looked at again
			d.opts.Ended(r)
		}
	}
	d.settle(done, nil)
	return made, len(done), nil
}

func runsPicked(batch []picked) []*store.Reserved {
	runs := make([]*store.Reserved, len(batch))
	for i, p := range batch {
		runs[i] = p.run
	}
	return runs
}

// miss records runs that have become too late. Those that cannot be recorded wait on: forgotten here, they would be this
// master's until it ends.
func (d *Dispatcher) miss(ctx context.Context, missed []*store.Reserved) error {
	if len(missed) == 0 {
		return nil
	}
	for _, r := range missed {
		r.State, r.Result.Reason = core.RunMissed, core.MissedReason(r.Task.MisfireAfter)
	}
	runs := runsOf(missed)
	if err := d.opts.Store.EndPlanned(ctx, d.opts.Master, runs); err != nil {
		d.settle(missed, missed)
		return fmt.Errorf("record %d runs that are too late: %w", len(missed), err)
	}
	d.settle(missed, nil)
	for _, r := range runs {
		if !r.RecordedAt.IsZero() { // else it was withdrawn, or given on, meanwhile
			d.opts.Ended(r)
		}
	}
	return nil
}

// due takes the runs that are due with a slot for each, and those that have become too late: with a slot too, of tasks that
// make up for missed firings, so that nothing is decided before it can be done.
func (d *Dispatcher) due(now time.Time) (batch, late []picked, missed []*store.Reserved) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held.advance(now)
	lapsed := func(r *store.Reserved) bool {
		return r.Task != nil && core.Missed(r.Trigger, r.Task.Schedule.Kind, r.FireAt, now, r.Task.MisfireAfter)
	}
	// All are judged now and then, for a run that is never missed may wait for a slot before one that is.
	if since := now.Sub(d.judged); since < 0 || since >= idle {
		missed, d.judged = d.held.dropReady(func(r *store.Reserved) bool { return lapsed(r) && r.Task.MakesUp() == 0 }), now
	}
	for queue := range d.held.ready {
		for len(batch)+len(late) < d.batches.Dispatch {
			r := d.held.first(queue)
			if r == nil {
				break
			}
			tooLate := lapsed(r)
			if tooLate && r.Task.MakesUp() == 0 {
				missed = append(missed, d.held.take(queue))
				continue
			}
			s := d.opts.Fleet.Pick(queue)
			if s == nil {
				break
			}
			p := picked{d.held.take(queue), s}
			if tooLate {
				late = append(late, p)
			} else {
				batch = append(batch, p)
			}
		}
	}
	d.taken += sizeOf(missed) + sizeOf(runsPicked(late)) + sizeOf(runsPicked(batch))
	return batch, late, missed
}

// settle ends the taking of runs: those in again wait on, as they could not be dealt with, and the others are gone.
func (d *Dispatcher) settle(taken, again []*store.Reserved) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken -= sizeOf(taken)
	d.held.putBack(again)
}

// commit marks a batch as dispatched and hands out what may be sent. What could not be dispatched because the database is
// away waits on.
func (d *Dispatcher) commit(ctx context.Context, batch []picked) error {
	handouts := make([]store.Handout, len(batch))
	sessions := make(map[*store.Reserved]*fleet.Session, len(batch))
	for i, p := range batch {
		handouts[i] = store.Handout{Reserved: p.run, Worker: p.session.Worker(), Incarnation: p.session.Incarnation()}
		sessions[p.run] = p.session
	}
	began := time.Now()
	sent, err := d.opts.Store.Dispatch(ctx, d.opts.Master, handouts)
	if err == nil {
		d.opts.Commit("dispatch", len(sent), time.Since(began))
	}
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
	// What is left was not dispatched: withdrawn, a conflict, or to wait for the guard; or the database is away.
	var taken, again []*store.Reserved
	replaces := false
	for _, p := range batch {
		if taken = append(taken, p.run); sessions[p.run] == nil {
			continue
		}
		d.opts.Fleet.Unpick(p.session)
		replaces = replaces || p.run.Replaces
		switch {
		case err != nil:
			p.run.State = core.RunPlanned
			again = append(again, p.run)
		case p.run.State.Final():
			d.opts.Ended(p.run.Run)
		}
	}
	d.settle(taken, again)
	if replaces {
		d.opts.Cancel()
	}
	return err
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
