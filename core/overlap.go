package core

// Overlap says what happens to a firing whose task has an unfinished run.
type Overlap string

// OverlapForbid records such a firing as a conflict and does not queue it. It is what ScheduleMaster does, and the
// default.
const OverlapForbid Overlap = "forbid"

// OverlapAllow lets runs of one task overlap.
const OverlapAllow Overlap = "allow"

// Guarded says whether a run of a task with this policy must hold the task's guard.
func (o Overlap) Guarded() bool { return o != OverlapAllow }

// WaitsForGuard says what a run does when another run of its task holds the guard: a retry, a recovery run or a replay
// waits, because its firing has already been promised; any new firing is a conflict.
func WaitsForGuard(t Trigger) bool { return t == TriggerRetry }

func (o Overlap) validate() error {
	switch o {
	case "", OverlapForbid, OverlapAllow:
		return nil
	}
	return Broken("overlap", "must be forbid or allow")
}
