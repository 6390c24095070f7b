package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/store"
)

const (
	// batch is how many tasks one transaction plans.
	batch = 500
	// lowWater is how close a task's next instant comes before the task is planned up to the horizon again: a task that
	// fires every second is then written once for several of its runs.
	lowWater = core.PlanHorizon * 2 / 3
	// maxRuns is how many runs one pass writes of one task.
	maxRuns = 100
	// maxMissed is how many missed firings of one task are counted one by one.
	maxMissed = 10_000
)

// Store is what planning needs of the store.
type Store interface {
	PlanTasks(ctx context.Context, until time.Time, limit int, plan func(store.DueTask) store.TaskPlan) (int, time.Time, error)
	PlanDelayed(ctx context.Context, until time.Time, limit int, route store.Route) (int, time.Time, error)
	Now() time.Time
}

// Options says what a Planner works with. All fields are required.
type Options struct {
	Store  Store
	Route  store.Route
	Zone   *time.Location     // the server's zone, for schedules without one
	Wake   func(at time.Time) // tells the dispatcher that a run is to be sent at this instant
	Logger *slog.Logger
}

// Planner plans. Its RunOnce is called about once a second.
type Planner struct{ opts Options }

// New makes a Planner.
func New(opts Options) *Planner { return &Planner{opts: opts} }

// RunOnce plans all that is due within the horizon.
func (p *Planner) RunOnce(ctx context.Context) error {
	return errors.Join(
		p.drain(ctx, func(now time.Time) (int, time.Time, error) {
			return p.opts.Store.PlanTasks(ctx, now.Add(lowWater), batch, func(d store.DueTask) store.TaskPlan { return p.plan(d, now) })
		}),
		p.drain(ctx, func(now time.Time) (int, time.Time, error) {
			return p.opts.Store.PlanDelayed(ctx, now.Add(core.PlanHorizon), batch, p.opts.Route)
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
		if n < batch {
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
		if next.IsZero() {
			return out
		}
		due = next
	}
	if due.After(now.Add(core.PlanHorizon)) {
		out.NextDue = due
		return out
	}
	dues, next, _, err := schedule.Upto(&d.Schedule, due, now.Add(core.PlanHorizon), maxRuns, p.opts.Zone)
	if err != nil {
		return p.setAside(d, err)
	}
	for _, at := range dues {
		out.Runs = append(out.Runs, store.TaskRun(d, at, now, p.opts.Route))
	}
	out.NextDue = next
	return out
}

func late(d store.DueTask, due, now time.Time) bool {
	return core.Missed(core.TriggerSchedule, d.Schedule.Kind, due, now, d.MisfireAfter)
}

// miss puts the stretch of missed firings that begins at the task's next due instant on record, and gives the first
// instant that is not missed.
func (p *Planner) miss(d store.DueTask, now time.Time, out *store.TaskPlan) (time.Time, error) {
	first, last, count := d.NextDue, d.NextDue, 1
	reason := "nothing was running to send it"
	for {
		next, ok, err := schedule.Next(&d.Schedule, last, p.opts.Zone)
		if err != nil {
			return time.Time{}, err
		}
		if ok && late(d, next, now) && count < maxMissed {
			last, count = next, count+1
			continue
		}
		if count == maxMissed {
			reason = fmt.Sprintf("nothing was running to send them; counted up to %d", maxMissed)
			after := d.MisfireAfter
			if after <= 0 {
				after = core.DefaultMisfireAfter
			}
			next, ok, err = schedule.Next(&d.Schedule, now.Add(-after-1), p.opts.Zone) // one exactly so late is not missed
		}
		out.Missed = store.MissedRun(d, first, last, count, now, reason)
		p.opts.Logger.Warn("firings missed", "task", d.TaskID, "count", count, "first", first, "last", last)
		if !ok || err != nil {
			return time.Time{}, err
		}
		return next, nil
	}
}

// setAside keeps a task that cannot be planned from stopping the others.
func (p *Planner) setAside(d store.DueTask, err error) store.TaskPlan {
	p.opts.Logger.Error("task set aside: it cannot be planned", "task", d.TaskID, "version", d.Version, "error", err)
	return store.TaskPlan{Problem: err.Error()}
}
