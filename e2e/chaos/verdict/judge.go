package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// judge is the evidence with what it takes to look things up in it.
type judge struct {
	e *evidence.Evidence
	b Bounds
	v Verdict

	faults      []*evidence.Fault // by their beginning
	tasks       map[string]*evidence.Task
	asked       map[string]*evidence.Delayed // acknowledged, by id
	runs        map[string]*evidence.Run
	byTask      map[string][]*evidence.Run     // by due
	byDelayed   map[string][]*evidence.Run     // by attempt
	byParent    map[string][]*evidence.Run     // children's first runs, by their parent's
	occurrences map[string][]*evidence.Run     // by attempt
	arrivals    map[string][]*evidence.Arrival // by run, as they came
	woken       map[*evidence.Arrival]bool     // that a frozen process sent, or went on with, on waking
}

func newJudge(e *evidence.Evidence, b Bounds) *judge {
	j := &judge{
		e: e, b: b, tasks: map[string]*evidence.Task{}, asked: map[string]*evidence.Delayed{}, runs: map[string]*evidence.Run{},
		byTask: map[string][]*evidence.Run{}, byDelayed: map[string][]*evidence.Run{}, byParent: map[string][]*evidence.Run{},
		occurrences: map[string][]*evidence.Run{}, arrivals: map[string][]*evidence.Arrival{}, woken: map[*evidence.Arrival]bool{},
	}
	j.v.Figures = Figures{Runs: len(e.Runs), Arrivals: len(e.Arrivals), Outcomes: map[string]int{}}
	for i := range e.Faults {
		j.faults = append(j.faults, &e.Faults[i])
	}
	slices.SortFunc(j.faults, func(a, b *evidence.Fault) int { return a.Began.Compare(b.Began) })
	for i := range e.Tasks {
		j.tasks[e.Tasks[i].ID] = &e.Tasks[i]
	}
	for i := range e.Delayed {
		if d := &e.Delayed[i]; d.Answer == evidence.Acknowledged {
			j.asked[d.ID] = d
		}
	}
	j.indexRuns()
	for i := range e.Arrivals {
		a := &e.Arrivals[i]
		j.arrivals[a.Run] = append(j.arrivals[a.Run], a)
	}
	for _, came := range j.arrivals {
		slices.SortFunc(came, func(a, b *evidence.Arrival) int { return a.At.Compare(b.At) })
	}
	return j
}

func (j *judge) indexRuns() {
	for i := range j.e.Runs {
		r := &j.e.Runs[i]
		if j.runs[r.ID] != nil {
			j.breach(FiringDoubled, 0, "run %s is recorded twice", r.ID)
			continue
		}
		j.runs[r.ID] = r
		j.occurrences[r.Occurrence] = append(j.occurrences[r.Occurrence], r)
		j.v.Figures.Outcomes[r.State]++
		if r.Task != "" {
			j.byTask[r.Task] = append(j.byTask[r.Task], r)
		}
		if r.Delayed != "" {
			j.byDelayed[r.Delayed] = append(j.byDelayed[r.Delayed], r)
		}
		if r.Trigger == string(core.TriggerParent) {
			j.byParent[r.Parent] = append(j.byParent[r.Parent], r)
		}
	}
	j.v.Figures.Occurrences = len(j.occurrences)
	byAttempt := func(a, b *evidence.Run) int { return cmp.Compare(a.Attempt, b.Attempt) }
	for _, runs := range j.occurrences {
		slices.SortFunc(runs, byAttempt)
	}
	for _, runs := range j.byDelayed {
		slices.SortFunc(runs, byAttempt)
	}
	for _, runs := range j.byTask {
		slices.SortFunc(runs, func(a, b *evidence.Run) int { return a.Due.Compare(b.Due) })
	}
}

func final(r *evidence.Run) bool { return core.RunState(r.State).Final() }

// sent says of a run that has ended that it was given to a worker.
func sent(r *evidence.Run) bool { return core.RunState(r.State).Sent() }

// describe names a run for a report.
func describe(r *evidence.Run) string {
	text := "run " + r.ID + " ("
	if r.Task != "" {
		text += "task " + r.Task
	} else {
		text += "delayed task " + r.Delayed
	}
	if r.Shards > 0 {
		text += fmt.Sprintf(", shard %d of %d", r.Shard, r.Shards)
	}
	text += ", due " + stamp(r.Due) + ", " + r.State
	if r.Worker != "" {
		text += " on " + r.Worker
	}
	if !r.RecordedAt.IsZero() {
		text += ", recorded " + stamp(r.RecordedAt)
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text + ")"
}
