package plan

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/store"
)

const (
	// lowWater is how close a task's next instant comes before the task is planned up to the horizon again: a task that
	// fires every second is then written once for several of its runs.
	lowWater = core.PlanHorizon * 2 / 3
	// maxRuns is how many runs one pass writes of one task, and the rest of the last firing's.
	maxRuns = 100
)

// Store is what planning needs of the store.
type Store interface {
	PlanTasks(ctx context.Context, until time.Time, limit int, plan func(store.DueTask) store.TaskPlan) (int, time.Time, error)
	PlanDelayed(ctx context.Context, until time.Time, limit int, route store.Route) (int, time.Time, error)
	Now() time.Time
}

// Options says what a Planner works with. All fields are required but Batches.
type Options struct {
	Store  Store
	Route  store.Route
	Zone   *time.Location     // the server's zone, for schedules without one
	Wake   func(at time.Time) // tells the dispatcher that a run is to be sent at this instant
	Logger *slog.Logger
	// Batches defaults to core.DefaultBatches().
	Batches core.Batches
}

// Planner plans. Its RunOnce is called about once a second.
type Planner struct {
	opts  Options
	batch int // of tasks that one transaction plans
}

// New makes a Planner.
func New(opts Options) *Planner { return &Planner{opts: opts, batch: opts.Batches.OrDefault().Plan} }

// RunOnce plans all that is due within the horizon.
func (p *Planner) RunOnce(ctx context.Context) error {
	return errors.Join(
		p.drain(ctx, func(now time.Time) (int, time.Time, error) {
			return p.opts.Store.PlanTasks(ctx, now.Add(lowWater), p.batch, func(d store.DueTask) store.TaskPlan { return p.plan(d, now) })
		}),
		p.drain(ctx, func(now time.Time) (int, time.Time, error) {
			return p.opts.Store.PlanDelayed(ctx, now.Add(core.PlanHorizon), p.batch, p.opts.Route)
		}),
	)
}

// drain plans batch after batch until one is not full.
func (p *Planner) drain(ctx context.Context, plan func(now time.Time) (int, time.Time, error)) error {
	for ctx.Err() == nil {
		n, first, err := plan(p.opts.Store.Now())
		if err != nil {
			return err
		}
		if !first.IsZero() {
			p.opts.Wake(first)
		}
		if n < p.batch {
			return nil
		}
	}
	return ctx.Err()
}

// plan decides the runs of one task up to the horizon.
func (p *Planner) plan(d store.DueTask, now time.Time) store.TaskPlan {
	if d.TaskDefinition == nil {
		return p.setAside(d, errors.New("its definition is gone"))
	}
	var out store.TaskPlan
	due := d.NextDue
	if late(d, due, now) {
		next, err := p.miss(d, now, &out)
		if err != nil {
			return p.setAside(d, err)
		}
		due = next
	}
	// The first of them is due whatever the schedule says: a run may have set it.
	for until := now.Add(core.PlanHorizon); !due.IsZero() && !due.After(until) && len(out.Runs) < maxRuns; {
		out.Runs = append(out.Runs, store.TaskRuns(d, due, now, p.opts.Route)...) // a firing may be many runs
		var err error
		if due, _, err = schedule.Next(&d.Schedule, due, p.opts.Zone); err != nil {
			return p.setAside(d, err)
		}
	}
	out.NextDue = due
	return out
}

// setAside keeps a task that cannot be planned from stopping the others.
func (p *Planner) setAside(d store.DueTask, err error) store.TaskPlan {
	p.opts.Logger.Error("task set aside: it cannot be planned", "task", d.TaskID, "version", d.Version, "error", err)
	return store.TaskPlan{Problem: err.Error()}
}
