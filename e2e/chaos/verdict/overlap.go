package verdict

import (
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// overlaps judges the tasks of which one firing may be in force at a time, under any policy but allow: by the records, by
// what the sink saw, and whether those that queue came in their order.
func (j *judge) overlaps() {
	for _, t := range j.tasks {
		if !t.Overlap.Guarded() {
			continue
		}
		held := j.held(t)
		for _, r := range held {
			if r.Trigger == string(core.TriggerSchedule) && r.FireAt.After(r.Due) {
				j.v.Figures.Waited++
			}
		}
		j.overlapsRecorded(t, held)
		j.overlapsSeen(t)
		if t.Spread != "" {
			j.between(t, held)
		}
		if t.Overlap == core.OverlapQueue {
			j.inOrder(t, held)
		}
	}
}

// held are the runs of a task that were in force for a time, in the order in which that began.
func (j *judge) held(t *evidence.Task) []*evidence.Run {
	var held []*evidence.Run
	for _, r := range j.byTask[t.ID] {
		if given(r) {
			held = append(held, r)
		}
	}
	slices.SortFunc(held, func(a, b *evidence.Run) int { return a.DispatchedAt.Compare(b.DispatchedAt) })
	return held
}

// given says whether a run was given to a worker, and not taken back since. One that was cancelled may have been.
func given(r *evidence.Run) bool {
	return !r.DispatchedAt.IsZero() && (sent(r) || !final(r) || r.State == string(core.RunCancelled))
}

// begun is when a run surely was in force: when it arrived. The instant of its dispatch is that at which the transaction began, which
// may have waited for the one that ended the run before it.
func (j *judge) begun(r *evidence.Run) time.Time {
	if came := j.arrivals[r.ID]; len(came) > 0 && came[0].At.After(r.DispatchedAt) {
		return came[0].At
	}
	return r.DispatchedAt
}

// overlapsRecorded finds two firings in force at once. The runs of one firing may be.
func (j *judge) overlapsRecorded(t *evidence.Task, held []*evidence.Run) {
	for i, b := range held {
		for _, a := range held[:i] {
			if j.firingOf(a) == j.firingOf(b) && a.Occurrence != b.Occurrence {
				continue
			}
			if over := a.RecordedAt.Sub(j.begun(b)); a.RecordedAt.IsZero() || over > j.b.Clocks {
				j.breach(Overlap, over, "%s: %s, dispatched at %s, was in force at %s, while %s was", t.Title, describe(b), stamp(b.DispatchedAt),
					stamp(j.begun(b)), describe(a))
			}
		}
	}
}

// between finds a firing that came between two runs of another, though none was in force at that moment. What is done again
// does not keep others away.
func (j *judge) between(t *evidence.Task, held []*evidence.Run) {
	stretches := map[string]span{}
	for _, r := range held {
		if r.Attempt > 1 {
			continue
		}
		s, known := stretches[j.firingOf(r)]
		if !known {
			s.from = j.begun(r)
		}
		if r.RecordedAt.After(s.to) {
			s.to = r.RecordedAt
		}
		stretches[j.firingOf(r)] = s
	}
	for a, of := range stretches {
		for b, other := range stretches {
			if a != b && other.from.After(of.from) && other.from.Before(of.to.Add(-j.b.Clocks)) {
				j.breach(Overlap, of.to.Sub(other.from), "%s: firing %s began at %s, between the runs of firing %s, from %s to %s", t.Title, b,
					stamp(other.from), a, stamp(of.from), stamp(of.to))
			}
		}
	}
}

// inOrder finds firings that passed an earlier one in the queue. What is done again after a loss keeps its place.
func (j *judge) inOrder(t *evidence.Task, held []*evidence.Run) {
	for i, b := range held {
		for _, a := range held[:i] {
			if b.Due.Before(a.Due) && j.firingOf(a) != j.firingOf(b) && a.DispatchedAt.Before(b.DispatchedAt.Add(-j.b.Clocks)) {
				j.breach(OutOfOrder, a.Due.Sub(b.Due), "%s: %s was dispatched at %s, before %s at %s", t.Title, describe(a), stamp(a.DispatchedAt),
					describe(b), stamp(b.DispatchedAt))
			}
		}
	}
}

// overlapsSeen finds requests of two firings that the sink had at once.
func (j *judge) overlapsSeen(t *evidence.Task) {
	var came []*evidence.Arrival
	for _, r := range j.byTask[t.ID] {
		came = append(came, j.arrivals[r.ID]...)
	}
	slices.SortFunc(came, func(a, b *evidence.Arrival) int { return a.At.Compare(b.At) })
	for i, b := range came {
		for _, a := range came[:i] {
			ra, rb := j.runs[a.Run], j.runs[b.Run]
			if ra.Occurrence != rb.Occurrence && j.firingOf(ra) == j.firingOf(rb) {
				continue // two runs of one firing
			}
			if j.open(a, b.At) {
				j.atOnce(t, a, b)
			}
		}
	}
}

// open says whether the sink had not done with a at an instant. It hears a moment late of a caller that gives up.
func (j *judge) open(a *evidence.Arrival, at time.Time) bool {
	if a.GivenUp {
		at = at.Add(j.b.Clocks)
	}
	return a.Ended.IsZero() || a.Ended.After(at)
}

// atOnce judges two requests of a task that the sink had at once, from the arrival of b on. One of them must be of a run
// that was no longer in force, and go on only because its worker stood still.
func (j *judge) atOnce(t *evidence.Task, a, b *evidence.Arrival) {
	stale, fresh := a, b
	if ra, rb := j.runs[a.Run], j.runs[b.Run]; !rb.RecordedAt.IsZero() && (ra.RecordedAt.IsZero() || rb.RecordedAt.Before(ra.RecordedAt)) {
		stale, fresh = b, a // sent late
	}
	r := j.runs[stale.Run]
	inForce := a.Run != b.Run && (r.RecordedAt.IsZero() || r.RecordedAt.After(b.At.Add(j.b.Clocks)))
	switch {
	case inForce:
		j.breach(Overlap, 0, "%s: %s arrived at %s while the sink had %s", t.Title, describe(j.runs[b.Run]), stamp(b.At), describe(j.runs[a.Run]))
	case j.frozen(r, b.At):
		j.woken[stale] = true
	default:
		j.breach(Overlap, 0, "%s: a request of %s, no longer in force, went on from %s to %s beside %s, which arrived at %s", t.Title,
			describe(r), stamp(stale.At), stamp(stale.Ended), describe(j.runs[fresh.Run]), stamp(fresh.At))
	}
}

// frozen says whether the worker of a run, or a master, stood still at some time between the run's dispatch and an instant.
func (j *judge) frozen(r *evidence.Run, until time.Time) bool {
	for _, f := range j.faults {
		if f.Kind == evidence.Freeze && j.touches(f, r.Worker) && f.Began.Before(until) && f.Ended.Add(j.b.Margin).After(r.DispatchedAt) {
			return true
		}
	}
	return false
}
