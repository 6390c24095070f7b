package verdict

import (
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// misfires judges what became of firings that were too late, where nothing else puts a firing off: of tasks that allow
// overlap. One that is made up for is known by its instant of sending, which lies behind its due one and is when that was
// decided.
func (j *judge) misfires() {
	for _, t := range j.tasks {
		if t.Overlap != core.OverlapAllow || t.Every == 0 {
			continue
		}
		for _, r := range j.byTask[t.ID] {
			switch {
			case r.Trigger != string(core.TriggerSchedule):
			case r.State == string(core.RunMissed):
				for _, due := range stretch(t, r) {
					j.missedRightly(t, r, due)
				}
			case r.FireAt.After(r.Due):
				j.v.Figures.MadeUp++
				j.madeUpRightly(t, r)
			case given(r) && r.Attempt == 1:
				j.sentInTime(t, r)
			}
		}
	}
}

// missedRightly checks that something kept a firing for as long as it takes to be missed, and that as many later ones were
// sent as are made up for. One that was withdrawn later stands for others all the same.
func (j *judge) missedRightly(t *evidence.Task, r *evidence.Run, due time.Time) {
	j.v.Figures.Missed++
	limit := core.MisfireLimit(t.MisfireAfter)
	if by, _ := j.allowed(due, r.RecordedAt, nil); by.Before(due.Add(limit)) && j.surely(t, due) {
		j.breach(WrongEnd, 0, "%s: its firing due %s was missed, and nothing held it up", describe(r), stamp(due))
	}
	if n := j.later(t, due, r.RecordedAt.Add(-limit+j.b.Clocks), true); n < t.MakesUp() {
		j.breach(MadeUp, 0, "%s: of %d firings to make up for only %d are later than that due %s", describe(r), t.MakesUp(), n, stamp(due))
	}
}

// madeUpRightly checks that a firing that was sent late all the same was too late, and one of the latest of those.
func (j *judge) madeUpRightly(t *evidence.Task, r *evidence.Run) {
	limit := core.MisfireLimit(t.MisfireAfter)
	if late := r.FireAt.Sub(r.Due); late <= limit-j.b.Clocks {
		j.breach(MadeUp, 0, "%s was put off by %s, which is not too late", describe(r), late)
	}
	if n := j.later(t, r.Due, r.FireAt.Add(-limit-j.b.Clocks), false); n >= max(t.MakesUp(), 1) || t.MakesUp() == 0 {
		j.breach(MadeUp, 0, "%s was made up for at %s: %d are, and %d later ones were too late, too, and not missed", describe(r), stamp(r.FireAt),
			t.MakesUp(), n)
	}
}

// sentInTime finds a run that was sent as if it were in time, and was too late. That is judged just before it is dispatched, and
// a master that then stands still, or hears nothing of the database, may take as long for it as a transaction may, which is
// a lease.
func (j *judge) sentInTime(t *evidence.Task, r *evidence.Run) {
	by := r.Due.Add(core.MisfireLimit(t.MisfireAfter) + j.b.Slack)
	for _, f := range j.faults {
		held := f.Kind == evidence.Freeze || f.Kind == evidence.Cut || f.Kind == evidence.Drop
		if held && !j.isWorker(f.Node) && f.Began.Before(r.DispatchedAt) && f.Ended.After(r.Due) {
			by = by.Add(j.e.Lease)
			break
		}
	}
	if late := r.DispatchedAt.Sub(by); late > 0 {
		j.breach(MadeUp, late, "%s was dispatched at %s, as if it were not too late", describe(r), stamp(r.DispatchedAt))
	}
}

// later counts the instants of a task after one and before another whose firing was not missed; also those that were
// withdrawn, if that is wanted.
func (j *judge) later(t *evidence.Task, after, before time.Time, withdrawn bool) int {
	dues := map[int64]bool{}
	for _, r := range j.byTask[t.ID] {
		if r.Trigger == string(core.TriggerSchedule) && r.Due.After(after) && r.Due.Before(before) && r.State != string(core.RunMissed) &&
			(withdrawn || r.State != string(core.RunCancelled)) {
			dues[r.Due.UnixMicro()] = true
		}
	}
	return len(dues)
}
