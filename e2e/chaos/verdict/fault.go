package verdict

import (
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// reach is until when a fault may hold a firing up. A clean stop holds none up where another can stand in.
func (j *judge) reach(f *evidence.Fault) time.Time {
	if f.Kind == evidence.Stop {
		return origin(f).Add(j.b.Slack)
	}
	return origin(f).Add(j.e.Lease + j.b.Margin)
}

// origin is the instant from which a fault's time counts.
func origin(f *evidence.Fault) time.Time {
	if f.Whole {
		return f.Ended
	}
	return f.Began
}

// hold is something that keeps a firing, from an instant on and until another.
type hold struct {
	from, until time.Time
	fault       *evidence.Fault // nil when it is the guard
}

// allowed gives the instant by which something that could happen at an instant must have, when it did happen at another, and
// the fault that gave it the last of its time; nil when that was a guard, or nothing.
func (j *judge) allowed(at, happened time.Time, guards []hold) (by time.Time, last *evidence.Fault) {
	by = at.Add(j.b.Slack)
	holds := make([]hold, 0, len(j.faults)+len(guards))
	for _, f := range j.faults {
		if f.Began.Before(happened) {
			holds = append(holds, hold{f.Began, j.reach(f), f})
		}
	}
	holds = append(holds, guards...)
	// What one hold adds may bring another into reach, whatever their order.
	for again := true; again; {
		again = false
		for _, h := range holds {
			if !h.from.After(by) && h.until.After(by) {
				by, last, again = h.until, h.fault, true
			}
		}
	}
	return by, last
}

// touches says whether a fault may concern a run that a worker has: every fault but those of other workers, and no clean stop.
func (j *judge) touches(f *evidence.Fault, worker string) bool {
	return f.Kind != evidence.Stop && (f.Node == worker || !j.isWorker(f.Node))
}

func (j *judge) isWorker(node string) bool { return len(node) > 1 && node[0] == 'w' }

// cause is the first fault that may have brought about the loss of a run; nil when none can.
func (j *judge) cause(lost *evidence.Run) *evidence.Fault {
	if all := j.causes(lost); len(all) > 0 {
		return all[0]
	}
	return nil
}

// causes are the faults within whose reach a run was lost.
func (j *judge) causes(lost *evidence.Run) []*evidence.Fault {
	var all []*evidence.Fault
	for _, f := range j.faults {
		if j.touches(f, lost.Worker) && !f.Began.After(lost.RecordedAt) && !j.over(f).Before(lost.DispatchedAt) {
			all = append(all, f)
		}
	}
	return all
}

// over is the end of a fault's consequences: what it withheld arrives after its end, too.
func (j *judge) over(f *evidence.Fault) time.Time { return f.Ended.Add(j.e.Lease + j.b.Margin) }

// around says whether the time of a fault touches a stretch, a clean stop apart.
func (j *judge) around(from, to time.Time) bool {
	for _, f := range j.faults {
		if f.Kind != evidence.Stop && !f.Began.After(to) && !j.over(f).Before(from) {
			return true
		}
	}
	return false
}

// wakes says whether a process was frozen before an instant and woke up just then or shortly before.
func (j *judge) wakes(at time.Time) bool {
	for _, f := range j.faults {
		if f.Kind == evidence.Freeze && f.Node != evidence.Database && !at.Before(f.Ended.Add(-j.b.Clocks)) && at.Before(f.Ended.Add(j.b.Margin)) {
			return true
		}
	}
	return false
}
