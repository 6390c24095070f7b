package bench

import (
	"context"
	"fmt"
	"time"
)

// order is a number of things to create, each of which calls back once or, at each second, several times.
type order struct {
	count   int
	seconds int // callbacks of each
	// span is the time over which the due instants are spread; 0 when there is one for all.
	span time.Duration
	// offset is how long after the first due instant the first callback of thing i is due.
	offset func(i int) time.Duration
	// creation is how things are created whose first due instant is start.
	creation func(a *api, start time.Time) creation
}

func atOnce(int) time.Duration { return 0 }

// placed is an order that has been given to a server, with what came of it.
type placed struct {
	order
	start  time.Time // the first due instant
	api    string
	tally  *tally
	ledger *ledger
	// What the server had used when the creations began, when they were over, and when all had arrived.
	begun, created, arrived usage
	// recorded is how many runs the server recorded meanwhile, by outcome.
	recorded map[string]int
}

// The warm-up is a tenth of what is measured, within bounds.
const (
	warmTasks    = 100
	warmDelayed  = 2_000
	warmAtLeast  = 32
	createMargin = 1.5 // how much longer than the warm-up says the creations may take
)

// fulfil warms the server up with warm, then places the order and waits for its callbacks.
func (r *runner) fulfil(ctx context.Context, srv *server, warm, o order) (*placed, error) {
	w, err := r.place(ctx, srv, warm, ceil(time.Now().Add(r.pace.warmLead), r.pace.grain))
	if err != nil {
		return nil, fmt.Errorf("warm-up: %w", err)
	}
	if w.ledger.arrived.Load() == 0 {
		return nil, fmt.Errorf("no callback reached the sink at %s within %s: does the server run on this machine?", r.sink.url, r.pace.patience)
	}
	creating := time.Duration(createMargin * float64(o.count) / w.tally.perSecond() * float64(time.Second))
	start := ceil(time.Now().Add(creating+r.Lead), r.pace.grain)
	r.say("  creating %d, first due in %s", o.count, time.Until(start).Round(time.Second))
	return r.place(ctx, srv, o, start)
}

// place creates what is ordered and waits until all of it has called back, or until what has not is lost.
func (r *runner) place(ctx context.Context, srv *server, o order, start time.Time) (*placed, error) {
	ctx, stop := srv.watch(ctx)
	defer stop()
	recorded := srv.api.recorded(ctx)
	p, err := r.create(ctx, srv, o, start)
	if err != nil {
		return nil, err
	}
	if late := time.Since(start); late > 0 {
		return nil, fmt.Errorf("the creations were over only %s behind the due instant: give a longer --lead", late.Round(time.Millisecond))
	}
	err = r.await(ctx, p)
	p.arrived = srv.usage()
	p.recorded = gained(recorded, srv.api.recorded(ctx))
	return p, err
}

// create creates what is ordered.
func (r *runner) create(ctx context.Context, srv *server, o order, start time.Time) (*placed, error) {
	p := &placed{order: o, start: start, ledger: r.sink.open(o.count, o.seconds, start), begun: srv.usage()}
	c := o.creation(srv.api, start)
	p.api = c.name
	t := load{clients: r.Clients, count: o.count, client: srv.api.client(ctx, c, p.ledger.first, p.due)}.run(ctx)
	p.tally, p.created = t, srv.usage()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case t.failed >= maxFailures || t.done == 0:
		return nil, fmt.Errorf("%d creations failed: %w", t.failed, t.first)
	}
	return p, nil
}

// due is when thing i calls back first.
func (p *placed) due(i int) time.Time { return p.start.Add(p.offset(i)) }

// end is the last due instant.
func (p *placed) end() time.Time {
	return p.due(p.count - 1).Add(time.Duration(p.seconds-1) * time.Second)
}

func (p *placed) expected() int { return p.tally.done * p.seconds }

// complete says whether every acknowledged callback has arrived. The count alone does not tell when creations failed:
// they may have been made all the same.
func (p *placed) complete() bool {
	return int(p.ledger.arrived.Load()) >= p.expected() && (p.tally.failed == 0 || p.ledger.lost(p.tally.acked) == 0)
}

// await returns when everything has arrived and repeats have had their time, or after a long silence behind the last due
// instant.
func (r *runner) await(ctx context.Context, p *placed) error {
	const look = 10 * time.Millisecond
	quiet, seen := time.Now(), int64(0)
	for !p.complete() {
		if err := sleep(ctx, look); err != nil {
			return err
		}
		now := time.Now()
		if n := p.ledger.arrived.Load(); n != seen || now.Before(p.end()) {
			quiet, seen = now, n
		}
		if now.Sub(quiet) > r.pace.patience {
			r.say("  nothing arrived for %s; what has not is lost", r.pace.patience)
			return nil
		}
	}
	return sleep(ctx, r.pace.echo)
}

// ceil is the first whole unit not before t.
func ceil(t time.Time, unit time.Duration) time.Time {
	whole := t.Truncate(unit)
	if whole.Before(t) {
		whole = whole.Add(unit)
	}
	return whole
}
