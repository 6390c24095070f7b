package core

// Overlap says what happens to a firing whose task has an unfinished one.
type Overlap string

// The overlap policies.
const (
	// OverlapForbid records such a firing as a conflict and does not queue it. It is what ScheduleMaster does, and the
	// default.
	OverlapForbid Overlap = "forbid"
	// OverlapQueue has such a firing wait until those before it have ended, in the order of their due instants.
	OverlapQueue Overlap = "queue"
	// OverlapReplace ends the unfinished firing, and has the new one wait until it has ended. Of firings that wait the
	// newest stays.
	OverlapReplace Overlap = "replace"
	// OverlapAllow lets runs of one task overlap.
	OverlapAllow Overlap = "allow"
)

// How many firings of a task may wait under OverlapQueue. One beyond that is a conflict.
const (
	DefaultOverlapWaiting = 100
	MaxOverlapWaiting     = 10_000
)

// Guarded says whether a run of a task with this policy must hold the task's guard.
func (o Overlap) Guarded() bool { return o != OverlapAllow }

// Turn says what becomes of a run that finds another firing of its task under way.
type Turn string

// The turns that a run may take.
const (
	TurnConflict Turn = "conflict" // it ends
	TurnWait     Turn = "wait"     // it waits until the other has ended
	TurnReplace  Turn = "replace"  // it waits, and the other is asked to end
)

// Turn says what becomes of r. Under every policy a retry, a recovery run or a run that has been put off waits: its firing
// has already been promised.
func (o Overlap) Turn(r *Run) Turn {
	switch {
	case r.Trigger == TriggerRetry || r.PutOff() || o == OverlapQueue:
		return TurnWait
	case o == OverlapReplace:
		return TurnReplace
	}
	return TurnConflict
}

func (d *Definition) validateOverlap() error {
	switch d.Overlap {
	case "", OverlapForbid, OverlapQueue, OverlapReplace, OverlapAllow:
	default:
		return Broken("overlap", "must be forbid, queue, replace or allow")
	}
	if d.OverlapWaiting < 0 || d.OverlapWaiting > MaxOverlapWaiting {
		return Broken("overlapWaiting", "must be from 0 (the default, %d) to %d", DefaultOverlapWaiting, MaxOverlapWaiting)
	}
	if d.OverlapWaiting > 0 && d.Overlap != OverlapQueue {
		return Broken("overlapWaiting", "goes with the overlap policy queue only")
	}
	return nil
}
