package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// occurrencesHold checks the attempts of each occurrence: counted without a gap, each but the last a failure or a loss, the
// last with an outcome, and none missing behind it.
func (j *judge) occurrencesHold() {
	for id, runs := range j.occurrences {
		last := runs[len(runs)-1]
		if runs[0].ID != id {
			j.breach(WrongKey, 0, "the first run of occurrence %s is %s", id, describe(runs[0]))
		}
		for i, r := range runs {
			if r.Attempt != i+1 {
				j.breach(FiringDoubled, 0, "attempt %d of occurrence %s is counted as %d: %s", i+1, id, r.Attempt, describe(r))
			}
			if r != last && !mayBeFollowed(r) {
				j.breach(FiringDoubled, 0, "%s was followed by %s", describe(r), describe(runs[i+1]))
			}
			if r.Retry > j.retries(r) {
				j.breach(FiringDoubled, 0, "%s is retry %d of %d", describe(r), r.Retry, j.retries(r))
			}
			if r.State == string(core.RunLost) && j.cause(r) == nil {
				j.breach(LossAlone, 0, "%s", describe(r))
			}
		}
		if owed := j.owed(last); owed != "" {
			j.breach(FiringLost, 0, "%s: %s", describe(last), owed)
		}
	}
}

// mayBeFollowed says whether another attempt may follow one that ended so.
func mayBeFollowed(r *evidence.Run) bool {
	switch core.RunState(r.State) {
	case core.RunFailed, core.RunTimedOut, core.RunLost:
		return true
	}
	return false
}

// owed says what is missing behind the last attempt of an occurrence.
func (j *judge) owed(last *evidence.Run) string {
	task, delayed := j.tasks[last.Task], j.asked[last.Delayed]
	switch state := core.RunState(last.State); {
	case !final(last):
		return "it has no outcome"
	case state == core.RunLost && (task == nil || !task.Once && j.surely(task, last.RecordedAt)):
		return "it was lost and not done again"
	case delayed != nil && last.Retry < delayed.Retries && state == core.RunFailed && strings.HasPrefix(delayed.Path, "/bad"):
		return fmt.Sprintf("it was retried %d times and not %d", last.Retry, delayed.Retries)
	case task != nil && last.Retry < task.Retries && state == core.RunFailed && !healthy(task.Path) && j.surely(task, last.RecordedAt):
		return fmt.Sprintf("it was retried %d times and not %d", last.Retry, task.Retries)
	case state == core.RunSucceeded && len(j.arrivals[last.ID]) == 0:
		return "nothing of it arrived"
	}
	return ""
}

// retries is how often a run that failed may be tried again. Of what was not acknowledged nothing is known.
func (j *judge) retries(r *evidence.Run) int {
	if t := j.tasks[r.Task]; t != nil {
		return t.Retries
	}
	if d := j.asked[r.Delayed]; d != nil {
		return d.Retries
	}
	return r.Retry
}

// surely says whether a task surely was in force at an instant, so that what was lost then had to be done again. A task that
// is stopped or paused fires no more, not even what it owes.
func (j *judge) surely(t *evidence.Task, at time.Time) bool {
	surely, _ := inForce(t.Moves)
	return slices.ContainsFunc(surely, func(s span) bool { return s.holds(at, -j.b.Clocks) })
}
