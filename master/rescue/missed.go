package rescue

import (
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// missEvery is how often planned runs are looked for that became too late while nobody held them. The dispatcher
	// judges what it holds at the instant, so this is no more than how long rows of the others stay: every task has at most
	// the firings of its misfire limit, of the horizon and of this in the queue. Ten firings of a task that fires every
	// second then cost one lengthening of its record, and not ten.
	missEvery = 10 * time.Second
	// missBatch is about how many runs one transaction ends as missed.
	missBatch = 500
)

// miss ends planned runs as missed that no worker took in time: those of queues that no worker serves, or all when there
// is no worker. A run that a master reserves meanwhile is left to it.
func (r *Rescuer) miss(ctx context.Context) error {
	now := r.opts.Store.Now()
	// A clock that was set back does not put it off.
	if since := now.Sub(r.missed); since >= 0 && since < missEvery {
		return nil
	}
	// What is due later than this is found by the next pass, if it still is there.
	before := now.Add(-missEvery)
	tasks, err := r.opts.Store.LateTasks(ctx, before)
	if err != nil {
		return err
	}
	var (
		late  lapsed
		ended int
	)
	for _, id := range tasks {
		for from, more := (time.Time{}), true; more; more = !from.IsZero() {
			if from, err = r.late(ctx, id, from, before, now, &late); err != nil {
				return err
			}
			if len(late.over)+len(late.unclear) >= missBatch {
				n, err := r.end(ctx, late)
				if err != nil {
					return err
				}
				late, ended = lapsed{}, ended+n
			}
		}
	}
	n, err := r.end(ctx, late)
	if err != nil {
		return err
	}
	if ended += n; ended > 0 {
		r.opts.Logger.Warn("firings missed: no worker could take them in time", "count", ended)
	}
	r.missed = now
	return nil
}

// lapsed are runs that are too late: those that are over, and those of tasks that may make up for the latest of them.
type lapsed struct{ over, unclear []*core.Run }

// late adds runs of a task that are too late, and gives from which instant on there may be more; zero when there are none.
func (r *Rescuer) late(ctx context.Context, taskID string, from, before, now time.Time, late *lapsed) (next time.Time, err error) {
	runs, err := r.opts.Store.LateRuns(ctx, taskID, from, before, missBatch)
	if err != nil {
		return time.Time{}, err
	}
	var def *store.TaskDefinition
	for i, run := range runs {
		if i == 0 || run.TaskVersion != runs[i-1].TaskVersion {
			if def, err = r.opts.Store.Definition(ctx, taskID, run.TaskVersion); err != nil {
				return time.Time{}, err
			}
		}
		if def == nil {
			continue // whoever reserves it cancels it
		}
		if !core.Missed(run.Trigger, def.Schedule.Kind, run.FireAt, now, def.MisfireAfter) {
			if run.PutOff() {
				continue
			}
			return time.Time{}, nil // those that follow are due later
		}
		run.State, run.Result.Reason = core.RunMissed, core.MissedReason(def.MisfireAfter)
		if def.MakesUp() > 0 {
			late.unclear = append(late.unclear, run)
		} else {
			late.over = append(late.over, run)
		}
	}
	if len(runs) == missBatch {
		next = runs[len(runs)-1].Due.Add(time.Microsecond)
	}
	return next, nil
}

// end records missed runs and gives how many they were: a master may have reserved some meanwhile, and those that are made
// up for wait on.
func (r *Rescuer) end(ctx context.Context, late lapsed) (n int, err error) {
	const nobody = "" // the holder of a run that is free
	if len(late.over) > 0 {
		if err := r.opts.Store.EndPlanned(ctx, nobody, late.over); err != nil {
			return 0, err
		}
	}
	if len(late.unclear) > 0 {
		if _, err := r.opts.Store.EndLate(ctx, nobody, late.unclear); err != nil {
			return 0, err
		}
	}
	for _, run := range slices.Concat(late.over, late.unclear) {
		if !run.RecordedAt.IsZero() {
			r.opts.Ended(run)
			n++
		}
	}
	return n, nil
}
