package verdict

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// endings checks that runs which were not sent, or failed at a target that was well, had a cause.
func (j *judge) endings() {
	for _, r := range j.runs {
		switch core.RunState(r.State) {
		case core.RunConflict:
			j.conflict(r)
		case core.RunMissed:
			last, limit := r.Due, core.MisfireLimit(j.misfireAfter(r))
			if r.Count > 1 {
				last = r.LastDue
			}
			if late := r.RecordedAt.Sub(last); late <= limit-j.b.Clocks {
				j.breach(WrongEnd, 0, "%s: it was only %s late", describe(r), late)
			}
		case core.RunCancelled:
			if !j.withdrawn(r) && !j.replaced(r) && !j.abandoned(r) {
				j.breach(WrongEnd, 0, "%s: nobody withdrew it", describe(r))
			}
		case core.RunSkipped:
			if !j.replaced(r) {
				j.breach(WrongEnd, 0, "%s: no later firing took its place", describe(r))
			}
		case core.RunFailed, core.RunTimedOut:
			if healthy(j.path(r)) && !j.stalled(r) {
				j.breach(FailureAlone, 0, "%s at %s", describe(r), j.path(r))
			}
		}
	}
}

// misfireAfter is how late a run may be sent by what its task says.
func (j *judge) misfireAfter(r *evidence.Run) time.Duration {
	if t := j.tasks[r.Task]; t != nil {
		return t.MisfireAfter
	}
	return 0
}

// conflict checks a firing that was turned away: of a task that queues there must have been no room, of one that forbids
// overlap something in the way; of others it may not be. A firing of several runs ends as a whole, so the first of them
// counts: one that was on its way to a worker ends later.
func (j *judge) conflict(r *evidence.Run) {
	policy := core.OverlapForbid // of a task that is not known
	if t := j.tasks[r.Task]; t != nil {
		policy = t.Overlap
	}
	first := r
	for _, other := range j.byTask[r.Task] {
		if j.firingOf(other) == j.firingOf(r) && other.State == r.State && other.RecordedAt.Before(first.RecordedAt) {
			first = other
		}
	}
	switch {
	case policy == core.OverlapForbid && !j.inTheWay(first):
		j.breach(WrongEnd, 0, "%s: no run of the task was unfinished then", describe(r))
	case policy == core.OverlapQueue:
		limit := cmp.Or(j.tasks[r.Task].Waiting, core.DefaultOverlapWaiting)
		if n := j.waiting(first); n < limit {
			j.breach(WrongEnd, 0, "%s: %d firings waited then, and %d may", describe(r), n, limit)
		}
	case policy == core.OverlapReplace || policy == core.OverlapAllow:
		j.breach(WrongEnd, 0, "%s: its task turns nothing away", describe(r))
	}
}

// inTheWay says whether another firing of the task was unfinished when r was turned away. It may have been withdrawn since: one
// that was on its way to a worker has the guard until it is known not to have got there.
func (j *judge) inTheWay(r *evidence.Run) bool {
	for _, other := range j.byTask[r.Task] {
		held := sent(other) || !final(other) || other.State == string(core.RunCancelled)
		if j.firingOf(other) == j.firingOf(r) || !held || other.Due.After(r.RecordedAt.Add(j.b.Clocks)) {
			continue
		}
		if other.RecordedAt.IsZero() || !other.RecordedAt.Before(r.RecordedAt.Add(-j.b.Clocks)) {
			return true
		}
	}
	return false
}

// waiting counts the other firings of a task that may have waited when r was turned away: due, and not yet sent or ended.
func (j *judge) waiting(r *evidence.Run) int {
	at := r.RecordedAt
	firings := map[string]bool{}
	for _, other := range j.byTask[r.Task] {
		ended := !other.RecordedAt.IsZero() && other.RecordedAt.Before(at.Add(-j.b.Clocks))
		begun := given(other) && other.DispatchedAt.Before(at.Add(-j.b.Clocks))
		if !ended && !begun && !other.Due.After(at.Add(j.b.Clocks)) && other.Attempt == 1 && j.firingOf(other) != j.firingOf(r) {
			firings[j.firingOf(other)] = true
		}
	}
	return len(firings)
}

// withdrawn says whether a stop of the task was asked for since r was planned. A run that was on its way to a worker then is
// withdrawn once it is known not to have got there, which may be after the stop was answered. Of a task whose creation was not
// acknowledged nothing is known.
func (j *judge) withdrawn(r *evidence.Run) bool {
	t := j.tasks[r.Task]
	if t == nil {
		return r.Task != ""
	}
	return slices.ContainsFunc(t.Moves, func(m evidence.Move) bool {
		return !m.Starts && m.Asked.Before(r.RecordedAt.Add(j.b.Clocks)) && (m.Answer != evidence.Acknowledged || m.Answered.After(r.PlannedAt.Add(-j.b.Clocks)))
	})
}

// replacedBy finds in a reason the run that took another's place.
var replacedBy = regexp.MustCompile(`run (\S+) of the task took its place`)

// replaced says whether a later firing of the task took the place of r, whose reason names it.
func (j *judge) replaced(r *evidence.Run) bool {
	t := j.tasks[r.Task]
	if t == nil {
		return r.Task != "" // nothing is known of it
	}
	m := replacedBy.FindStringSubmatch(r.Reason)
	if t.Overlap != core.OverlapReplace || m == nil {
		return false
	}
	by := j.runs[m[1]]
	if by == nil || by.Task != r.Task || !by.Due.After(r.Due) {
		return false
	}
	j.v.Figures.Replaced++
	return true
}

// path is where a run goes at the sink.
func (j *judge) path(r *evidence.Run) string {
	if t := j.tasks[r.Task]; t != nil {
		return t.Path
	}
	if d := j.asked[r.Delayed]; d != nil {
		return d.Path
	}
	return ""
}

// healthy says that a path of the sink answers with success, if slowly.
func healthy(path string) bool { return path == "/ok" || strings.HasPrefix(path, "/slow/") }

// stalled says whether the worker of a run was frozen while it was at it, so that the run's time may have run out.
func (j *judge) stalled(r *evidence.Run) bool {
	for _, f := range j.faults {
		if f.Kind == evidence.Freeze && f.Node == r.Worker && f.Began.Before(r.RecordedAt) && f.Ended.Add(time.Second).After(r.DispatchedAt) {
			return true
		}
	}
	return false
}
