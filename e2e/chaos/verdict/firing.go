package verdict

import (
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// creations finds everything that was acknowledged among what the cluster lists.
func (j *judge) creations() {
	tasks, delayed := map[string]bool{}, map[string]bool{}
	for _, t := range j.e.KnownTasks {
		tasks[t.ID] = true
	}
	for _, d := range j.e.KnownDelayed {
		delayed[d.ID] = true
	}
	for i := range j.e.Tasks {
		j.v.Figures.Creations++
		if t := &j.e.Tasks[i]; !tasks[t.ID] {
			j.breach(CreationMissing, 0, "task %s (%s)", t.ID, t.Title)
		}
	}
	for i := range j.e.Delayed {
		d := &j.e.Delayed[i]
		if d.Answer != evidence.Acknowledged {
			continue
		}
		j.v.Figures.Creations++
		if !delayed[d.ID] {
			j.breach(CreationMissing, 0, "delayed task %s (%s), asked for at %s and acknowledged at %s", d.ID, d.Key, stamp(d.Asked), stamp(d.Answered))
		}
	}
}

// firing is one due instant of a task.
type firing struct {
	task string
	due  int64 // microseconds
}

// schedules finds each instant that a task's schedule named while it was in force in exactly one run, and no others.
func (j *judge) schedules() {
	for _, t := range j.tasks {
		runs := map[firing][]*evidence.Run{}
		for _, r := range j.byTask[t.ID] {
			if r.Trigger != string(core.TriggerSchedule) {
				continue
			}
			for _, due := range stretch(t, r) {
				key := firing{t.ID, due.UnixMicro()}
				runs[key] = append(runs[key], r)
			}
		}
		surely, maybe := inForce(t.Moves)
		for _, s := range surely {
			for _, due := range dues(t.Every, s, j.e.Calmed) {
				if due.Sub(s.from) <= j.b.Clocks {
					continue // the start may have been carried out just after it, by another clock
				}
				j.v.Figures.Firings++
				if len(runs[firing{t.ID, due.UnixMicro()}]) == 0 {
					j.breach(FiringLost, 0, "task %s (%s) due %s: no run, no record", t.ID, t.Title, stamp(due))
				}
			}
		}
		for _, same := range runs {
			j.asOften(t, same, maybe)
		}
	}
}

// asOften checks the runs of one instant: at most one that was not withdrawn, and only where the task may have been in force.
func (j *judge) asOften(t *evidence.Task, same []*evidence.Run, maybe []span) {
	same = slices.DeleteFunc(slices.Clone(same), func(r *evidence.Run) bool { return r.State == string(core.RunCancelled) && !given(r) })
	for _, r := range same[min(1, len(same)):] {
		if j.firingOf(r) != j.firingOf(same[0]) {
			j.breach(FiringDoubled, 0, "%s and %s", describe(same[0]), describe(r))
			break
		}
	}
	for _, r := range same {
		asked := slices.ContainsFunc(maybe, func(s span) bool { return s.holds(r.Due, j.b.Clocks) })
		if !names(t.Every, r.Due) || !asked {
			j.breach(FiringUnasked, 0, "%s: task %s was not in force or does not name this instant", describe(r), t.Title)
		}
	}
}

// stretch gives the instants that a run of a schedule stands for: its own, or those of a stretch that was missed.
func stretch(t *evidence.Task, r *evidence.Run) []time.Time {
	if r.Count <= 1 {
		return []time.Time{r.Due}
	}
	return dues(t.Every, span{r.Due.Add(-1), r.LastDue.Add(1)}, time.Time{})
}

// delayed finds one occurrence of each delayed task that was acknowledged, and no delayed task that was not asked for.
func (j *judge) delayed() {
	tried := map[string]*evidence.Delayed{}
	for i := range j.e.Delayed {
		tried[j.e.Delayed[i].Key] = &j.e.Delayed[i]
	}
	seen := map[string]string{}
	for _, d := range j.e.KnownDelayed {
		asked := tried[d.Key]
		switch {
		case asked == nil:
			j.breach(FiringUnasked, 0, "delayed task %s (%s) was asked for by nobody", d.ID, d.Key)
			continue
		case seen[d.Key] != "":
			j.breach(FiringDoubled, 0, "%s was created twice: as delayed task %s and as %s", d.Key, seen[d.Key], d.ID)
		case asked.Answer == evidence.Acknowledged && asked.ID != d.ID:
			j.breach(FiringDoubled, 0, "%s was acknowledged as delayed task %s and is there as %s", d.Key, asked.ID, d.ID)
		}
		seen[d.Key] = d.ID
		j.v.Figures.Firings++
		j.oneOccurrence(d, asked)
	}
}

func (j *judge) oneOccurrence(d evidence.KnownDelay, asked *evidence.Delayed) {
	name := fmt.Sprintf("delayed task %s (%s, due %s, %s)", d.ID, d.Key, stamp(d.Due), d.State)
	if early, late := asked.Asked.Add(asked.Delay-j.b.Clocks), asked.Answered.Add(asked.Delay+j.b.Clocks); d.Due.Before(early) ||
		d.Due.After(late) && asked.Answer == evidence.Acknowledged {
		j.breach(WrongDue, max(early.Sub(d.Due), d.Due.Sub(late)), "%s: %s were asked for between %s and %s", name, asked.Delay, stamp(asked.Asked), stamp(asked.Answered))
	}
	runs := j.byDelayed[d.ID]
	if len(runs) == 0 {
		j.breach(FiringLost, 0, "%s: no run", name)
		return
	}
	for _, r := range runs {
		if r.Occurrence != runs[0].Occurrence {
			j.breach(FiringDoubled, 0, "%s: %s is another occurrence than %s", name, describe(r), describe(runs[0]))
			return
		}
	}
	last := runs[len(runs)-1]
	want := core.DelayedFailed
	if last.State == string(core.RunSucceeded) {
		want = core.DelayedSucceeded
	}
	if final(last) && d.State != string(want) {
		j.breach(FiringLost, 0, "%s ended with %s", name, describe(last))
	}
}

// children finds one occurrence of the child for each run of a parent that succeeded, or for each firing of which every part
// did, and none for others.
func (j *judge) children() {
	for _, t := range j.tasks {
		if t.Child == "" {
			continue
		}
		if t.Spread != "" {
			for _, runs := range j.firings(t) {
				j.childOf(t, runs, complete(runs))
			}
			continue
		}
		for _, r := range j.byTask[t.ID] {
			var cause *evidence.Run
			if r.State == string(core.RunSucceeded) {
				cause = r
			}
			j.childOf(t, []*evidence.Run{r}, cause)
		}
	}
}

// childOf judges the child of some runs. cause is one of them by which it had to be fired; nil says that it must not be.
func (j *judge) childOf(t *evidence.Task, runs []*evidence.Run, cause *evidence.Run) {
	born := map[string]bool{}
	for _, r := range runs {
		for _, c := range j.byParent[r.ID] {
			born[c.Occurrence] = true
			if c.Task != t.Child {
				j.breach(FiringUnasked, 0, "%s is a child of %s, whose child is task %s", describe(c), describe(r), t.Child)
			}
		}
	}
	if cause != nil {
		j.v.Figures.Firings++
	}
	switch {
	case cause != nil && len(born) == 0:
		j.breach(FiringLost, 0, "the child of %s was never fired", describe(cause))
	case len(born) > 1:
		j.breach(FiringDoubled, 0, "the child of %s was fired %d times", describe(runs[0]), len(born))
	case cause == nil && len(born) > 0:
		j.breach(FiringUnasked, 0, "a child of %s was fired, which did not succeed", describe(runs[0]))
	}
}
