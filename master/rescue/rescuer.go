// Package rescue gives back what dead processes held: it looks for incarnations whose lease has run out by the
// database's clock and recovers their reservations and runs, and it routes runs anew that wait for a worker that is gone.
package rescue

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// strandedBatch is how many runs one pass routes anew.
const strandedBatch = 500

// Store is what rescuing needs of the store.
type Store interface {
	Expired(ctx context.Context) ([]core.Node, error)
	Recover(ctx context.Context, incarnation string, route store.Route) (lost []*core.Run, dead bool, err error)
	Nodes(ctx context.Context) ([]core.Node, error)
	Stranded(ctx context.Context, alive []string, until time.Time, limit int) ([]store.Stranded, error)
	Reroute(ctx context.Context, from, to string, ids []string) error
	Now() time.Time
}

// Router chooses queues by the workers that are alive.
type Router interface {
	Refresh(nodes []core.Node, now time.Time)
	Route(executors []string) string
	Elsewhere(executors []string) (queue string, ok bool)
	Alive() []string
}

// Options says what a Rescuer works with. All fields are required.
type Options struct {
	Store  Store
	Router Router
	// Mine says of an incarnation that it lives in this process: a process that runs is no judge of its own death, and a
	// database that was away for a lease must not make it give up its own runs.
	Mine   func(incarnation string) bool
	Wake   func(at time.Time)
	Ended  func(*core.Run) // notes a run recorded as lost
	Logger *slog.Logger
}

// Rescuer rescues. Its RunOnce is called about once a second.
type Rescuer struct{ opts Options }

// New makes a Rescuer.
func New(opts Options) *Rescuer { return &Rescuer{opts: opts} }

// RunOnce recovers what dead incarnations held and routes stranded runs anew.
func (r *Rescuer) RunOnce(ctx context.Context) error {
	nodes, err := r.opts.Store.Nodes(ctx)
	if err != nil {
		return err
	}
	r.opts.Router.Refresh(nodes, r.opts.Store.Now())
	return errors.Join(r.recover(ctx), r.reroute(ctx))
}

func (r *Rescuer) recover(ctx context.Context) error {
	expired, err := r.opts.Store.Expired(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range expired {
		if r.opts.Mine(n.Incarnation) {
			continue
		}
		lost, dead, err := r.opts.Store.Recover(ctx, n.Incarnation, r.opts.Router.Route)
		errs = append(errs, err)
		if err != nil || !dead {
			continue
		}
		r.opts.Logger.Warn("node is gone; what it held is given on", "kind", n.Kind, "name", n.Name, "incarnation", n.Incarnation, "runs lost", len(lost))
		for _, run := range lost {
			r.opts.Ended(run)
		}
		r.opts.Wake(r.opts.Store.Now())
	}
	return errors.Join(errs...)
}

func (r *Rescuer) reroute(ctx context.Context) error {
	stranded, err := r.opts.Store.Stranded(ctx, r.opts.Router.Alive(), r.opts.Store.Now().Add(core.LookAhead), strandedBatch)
	if err != nil {
		return err
	}
	type move struct{ from, to string }
	moves := map[move][]string{}
	for _, s := range stranded {
		if to, ok := r.opts.Router.Elsewhere(s.Executors); ok {
			m := move{s.Queue, to}
			moves[m] = append(moves[m], s.RunID)
		}
	}
	for m, ids := range moves {
		if err := r.opts.Store.Reroute(ctx, m.from, m.to, ids); err != nil {
			return err
		}
		r.opts.Logger.Info("runs routed to another worker", "from", m.from, "to", m.to, "runs", len(ids))
	}
	return nil
}
