package plan

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/store"
)

// maxMissed is how many missed firings of one task are counted one by one.
const maxMissed = 10_000

func late(d store.DueTask, due, now time.Time) bool {
	return core.Missed(core.TriggerSchedule, d.Schedule.Kind, due, now, d.MisfireAfter)
}

// miss settles the stretch of missed firings that begins at the task's next due instant: the latest of them are planned to
// be sent at once, as far as the task makes up for any, and the others are put on record. It gives the first instant that
// is not missed.
func (p *Planner) miss(d store.DueTask, now time.Time, out *store.TaskPlan) (time.Time, error) {
	first, last, count := d.NextDue, d.NextDue, 1
	latest := []time.Time{first} // the end of what was counted, one more than are made up for
	reason := "nothing was running to send it"
	next, ok, err := schedule.Next(&d.Schedule, last, p.opts.Zone)
	for ; err == nil && ok && late(d, next, now) && count < maxMissed; next, ok, err = schedule.Next(&d.Schedule, next, p.opts.Zone) {
		last, count = next, count+1
		latest = append(latest, next)
		latest = latest[max(0, len(latest)-d.MakesUp()-1):]
	}
	if err != nil {
		return time.Time{}, err
	}
	var beyond []time.Time // the latest of those that were not counted, the very latest first
	if count == maxMissed {
		reason = fmt.Sprintf("nothing was running to send them; counted up to %d", maxMissed)
		limit := now.Add(-core.MisfireLimit(d.MisfireAfter)) // one exactly so late is not missed
		for before := limit; len(beyond) < d.MakesUp(); before = beyond[len(beyond)-1] {
			at, more, err := schedule.Last(&d.Schedule, last, before, p.opts.Zone)
			if err != nil {
				return time.Time{}, err
			}
			if !more {
				break
			}
			beyond = append(beyond, at)
		}
		if next, ok, err = schedule.Next(&d.Schedule, limit.Add(-1), p.opts.Zone); err != nil {
			return time.Time{}, err
		}
	}
	made := p.makeUp(d, beyond, latest, now, out)
	if counted := made - len(beyond); counted > 0 {
		count -= counted
		if count > 0 {
			last = latest[len(latest)-1-counted]
		}
	}
	if count > 0 {
		if made > 0 {
			reason += fmt.Sprintf("; sent late instead: the latest %d", made)
		}
		out.Missed = store.MissedRun(d, first, last, count, now, reason)
	}
	p.opts.Logger.Warn("firings missed", "task", d.TaskID, "count", count, "first", first, "last", last, "sent late", made)
	if !ok {
		return time.Time{}, nil
	}
	return next, nil
}

// makeUp plans the latest of the missed firings to be sent at once, and gives how many they are: those beyond the counted
// ones, of which the very latest comes first, and as many of the counted ones as the task makes up for beside them.
func (p *Planner) makeUp(d store.DueTask, beyond, counted []time.Time, now time.Time, out *store.TaskPlan) (made int) {
	slices.Reverse(counted)
	defer slices.Reverse(counted)
	for _, due := range slices.Concat(beyond, counted) {
		if made == d.MakesUp() || len(out.Runs) >= maxRuns {
			break
		}
		runs := store.TaskRuns(d, due, now, p.opts.Route)
		for _, r := range runs {
			r.FireAt = now
		}
		out.Runs = append(runs, out.Runs...)
		made++
	}
	return made
}
