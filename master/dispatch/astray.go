package dispatch

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// astrayEvery is how long lies between two looks for reservations that went astray, and astrayFor how long they are
	// looked for after the last failure: what was on its way to the database may arrive when that is in reach again.
	astrayEvery = core.HeartbeatEvery
	astrayFor   = 2 * core.Lease
)

// astray finds reservations that were made though the answer was lost, with the connection or for its lateness. The database
// has them for this master's, who knows nothing of them, so nobody would send them before it ends.
//
// The reserving goroutine's own.
type astray struct {
	until, next time.Time
	seen        map[store.Held]bool // at the last look
}

// doubt notes that a reservation failed, which may have been made all the same.
func (a *astray) doubt() { a.until = time.Now().Add(astrayFor) }

// returnAstray gives back to the queue what the store says this master holds and what was not in memory at two looks: at one,
// it may be about to be sent. Even that is safe: what is given back is not dispatched.
func (d *Dispatcher) returnAstray(ctx context.Context) error {
	a, now := &d.astray, time.Now()
	if now.After(a.until) {
		a.seen = nil
		return nil
	}
	if now.Before(a.next) {
		return nil
	}
	a.next = now.Add(astrayEvery)
	claimed, err := d.opts.Store.Claimed(ctx, d.opts.Master)
	if err != nil {
		return err
	}
	d.mu.Lock()
	known := d.held.all()
	d.mu.Unlock()
	seen := map[store.Held]bool{}
	var back []*core.Run
	for _, h := range claimed {
		switch {
		case known[h]:
		case a.seen[h]:
			back = append(back, &core.Run{ID: h.RunID, Token: h.Token})
		default:
			seen[h] = true
		}
	}
	a.seen = seen
	if len(back) == 0 {
		return nil
	}
	d.opts.Logger.Warn("runs were reserved though the database did not answer; given back", "runs", len(back))
	return d.opts.Store.Release(ctx, d.opts.Master, back)
}
