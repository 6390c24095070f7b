// Package rescue gives back what dead processes held: it looks for incarnations whose lease has run out by the
// database's clock and recovers their reservations and runs, it routes runs anew that wait for a worker that is gone, and
// it ends those as missed that no worker took in time.
package rescue

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// strandedPage is how many stranded runs are looked at and routed together, and strandedPages how many times that one
	// pass does. The next pass goes on from there, so that a worker which is gone with a million runs that only it may do
	// costs no more than a little of each second, and hides no run that another could do.
	strandedPage  = 500
	strandedPages = 8
)

// Store is what rescuing needs of the store.
type Store interface {
	Expired(ctx context.Context) ([]core.Node, error)
	Recover(ctx context.Context, incarnation string, route store.Route) (ended []*core.Run, dead bool, err error)
	Nodes(ctx context.Context) ([]core.Node, error)
	Stranded(ctx context.Context, served []string, until time.Time, from store.Place, limit int) ([]store.Stranded, store.Place, error)
	Reroute(ctx context.Context, from, to string, ids []string) error
	LateTasks(ctx context.Context, before time.Time) ([]string, error)
	LateRuns(ctx context.Context, taskID string, from, before time.Time, limit int) ([]*core.Run, error)
	Definition(ctx context.Context, taskID string, version int64) (*store.TaskDefinition, error)
	EndPlanned(ctx context.Context, master string, runs []*core.Run) error
	EndLate(ctx context.Context, holder string, runs []*core.Run) (made []*core.Run, err error)
	Spread(ctx context.Context, runID string, queues []string) error
	Abandon(ctx context.Context, queue, reason string, ids []string, route store.Route) (over []*core.Run, err error)
	Now() time.Time
}

// Router chooses queues by the workers that are alive.
type Router interface {
	Refresh(nodes []core.Node, now time.Time)
	Route(d core.Destination) []string
	Served() []string
}

// Options says what a Rescuer works with. All fields are required.
type Options struct {
	Store  Store
	Router Router
	// Mine says of an incarnation that it lives in this process: a process that runs is no judge of its own death, and a
	// database that was away for a lease must not make it give up its own runs.
	Mine   func(incarnation string) bool
	Wake   func(at time.Time)
	Ended  func(*core.Run) // notes a run recorded as lost, cancelled or missed
	Logger *slog.Logger
}

// Rescuer rescues. Its RunOnce is called about once a second.
type Rescuer struct {
	opts   Options
	place  store.Place // how far the look through stranded runs has come
	missed time.Time   // when it last looked for missed firings
	doubt  doubt
}

// New makes a Rescuer.
func New(opts Options) *Rescuer { return &Rescuer{opts: opts} }

// RunOnce recovers what dead incarnations held, routes stranded runs anew and ends missed ones.
func (r *Rescuer) RunOnce(ctx context.Context) error {
	nodes, err := r.opts.Store.Nodes(ctx)
	if err != nil {
		return err
	}
	now := r.opts.Store.Now()
	r.opts.Router.Refresh(nodes, now)
	if r.doubt.look(now, r.renewed(nodes)) {
		r.opts.Logger.Info("leases that have run out are not judged yet: those who live may not have been able to renew them", "until", r.doubt.judges)
	}
	return errors.Join(r.recover(ctx), r.reroute(ctx), r.miss(ctx))
}

// renewed is when this master last renewed its own lease; zero when that is not known.
func (r *Rescuer) renewed(nodes []core.Node) time.Time {
	for _, n := range nodes {
		if n.Kind == core.NodeMaster && r.opts.Mine(n.Incarnation) && !n.LeaseUntil.IsZero() {
			return n.LeaseUntil.Add(-core.Lease)
		}
	}
	return time.Time{}
}

func (r *Rescuer) recover(ctx context.Context) error {
	expired, err := r.opts.Store.Expired(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, n := range expired {
		if r.opts.Mine(n.Incarnation) || r.doubt.on() && !n.LeaseUntil.IsZero() {
			continue
		}
		ended, dead, err := r.opts.Store.Recover(ctx, n.Incarnation, r.opts.Router.Route)
		errs = append(errs, err)
		if err != nil || !dead {
			continue
		}
		r.opts.Logger.Warn("node is gone; what it held is given on", "kind", n.Kind, "name", n.Name, "incarnation", n.Incarnation, "runs ended", len(ended))
		for _, run := range ended {
			r.opts.Ended(run)
		}
		r.opts.Wake(r.opts.Store.Now())
	}
	return errors.Join(errs...)
}

// reroute looks through the queues of workers that are gone, and of none, for runs that another may do, that are to be spread
// over workers which came, or that nobody is to do any more.
func (r *Rescuer) reroute(ctx context.Context) error {
	served, now := r.opts.Router.Served(), r.opts.Store.Now()
	for range strandedPages {
		stranded, next, err := r.opts.Store.Stranded(ctx, served, now.Add(core.LookAhead), r.place, strandedPage)
		if err != nil {
			return err
		}
		if err := r.settle(ctx, stranded, now); err != nil {
			return err
		}
		if r.place = next; next == (store.Place{}) {
			return nil
		}
	}
	return nil
}

func (r *Rescuer) settle(ctx context.Context, stranded []store.Stranded, now time.Time) error {
	moves, abandoned := map[move][]string{}, map[string][]string{}
	var errs []error
	for _, s := range stranded {
		routing := s.Destination.Routing
		queues := r.opts.Router.Route(s.Destination)
		switch {
		case s.Queue == core.QueueUnrouted && routing.Spreads():
			if queues[0] == core.QueueUnrouted {
				continue
			}
			if err := r.opts.Store.Spread(ctx, s.RunID, queues); err != nil {
				errs = append(errs, err)
				continue
			}
			r.opts.Logger.Info("firing spread over the workers that came", "run", s.RunID, "workers", len(queues))
		case queues[0] != s.Queue:
			m := move{s.Queue, queues[0]}
			moves[m] = append(moves[m], s.RunID)
		case routing.Strategy == core.RouteBroadcast && !routing.Strict && now.Sub(s.FireAt) > core.Lease && !r.doubt.on():
			abandoned[s.Queue] = append(abandoned[s.Queue], s.RunID)
		}
	}
	return errors.Join(append(errs, r.move(ctx, moves), r.abandon(ctx, abandoned))...)
}

// move is a change of queue.
type move struct{ from, to string }

func (r *Rescuer) move(ctx context.Context, moves map[move][]string) error {
	for m, ids := range moves {
		if err := r.opts.Store.Reroute(ctx, m.from, m.to, ids); err != nil {
			return err
		}
		r.opts.Logger.Info("runs routed to another worker", "from", m.from, "to", m.to, "runs", len(ids))
	}
	return nil
}

// abandon ends broadcasts to workers that are gone. They had a lease's time to come back: one that restarts still gets
// what it was owed.
func (r *Rescuer) abandon(ctx context.Context, byQueue map[string][]string) error {
	for queue, ids := range byQueue {
		name, _ := core.NodeOfQueue(queue)
		over, err := r.opts.Store.Abandon(ctx, queue, "worker "+name+" was gone before it began, and a broadcast goes to no other in its place", ids, r.opts.Router.Route)
		if err != nil {
			return err
		}
		for _, run := range over {
			r.opts.Ended(run)
		}
		r.opts.Logger.Warn("broadcasts to a worker that is gone were given up", "worker", name, "runs", len(over))
	}
	return nil
}
