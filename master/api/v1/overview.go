package v1

import (
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// Overview is how things stand: what administrators look at first.
type Overview struct {
	At    Instant          `json:"at"`
	Tasks map[string]int64 `json:"tasks"`
	Days  []Outcomes       `json:"days"`
	Hours []Outcomes       `json:"hours"`
	// LatenessP99 is the bound that 99 of 100 runs of the last 24 hours kept; LatenessOver says that more of them broke it.
	LatenessP99  Duration         `json:"latenessP99,omitempty"`
	LatenessOver bool             `json:"latenessOver,omitempty"`
	Open         map[string]int64 `json:"open"`
	Overdue      int64            `json:"overdue"`
	Unrouted     int64            `json:"unrouted"`
	Next         []Firing         `json:"next"`
	Failing      []FailingTask    `json:"failing"`
	FailingTotal int64            `json:"failingTotal"`
	MostFailing  []TaskLoad       `json:"mostFailing"`
	Slowest      []TaskLoad       `json:"slowest"`
	GivenUp      int              `json:"givenUp"`
}

// Outcomes is how many runs ended in each way in an hour or a day.
type Outcomes struct {
	From Instant          `json:"from"`
	Runs map[string]int64 `json:"runs"`
}

// Firing is a coming firing of a task or a delayed task.
type Firing struct {
	At            Instant `json:"at"`
	TaskID        string  `json:"taskId,omitempty"`
	DelayedTaskID string  `json:"delayedTaskId,omitempty"`
	Title         string  `json:"title"`
}

// FailingTask is a running task whose last run did not succeed.
type FailingTask struct {
	ID          string  `json:"id"`
	Title       string  `json:"title"`
	LastOutcome string  `json:"lastOutcome"`
	LastRunAt   Instant `json:"lastRunAt"`
}

// TaskLoad is what the latest runs of a task came to.
type TaskLoad struct {
	TaskID string   `json:"taskId"`
	Title  string   `json:"title"`
	Runs   int      `json:"runs"`
	Failed int      `json:"failed"`
	Mean   Duration `json:"mean,omitempty"`
}

func (a *api) getOverview(r *request) error {
	zone := time.UTC
	if name := r.query.text("zone"); name != "" {
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			return malformed("zone", "is not a time zone such as Asia/Shanghai")
		}
	}
	o, err := a.Overview.Get(r.Request.Context(), zone)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, overviewOf(o))
}

func overviewOf(o *manage.Overview) Overview {
	late, over := o.Lateness.Within(0.99)
	out := Overview{
		At: instantOf(o.At), Tasks: map[string]int64{}, Days: outcomesOf(o.Days), Hours: outcomesOf(o.Hours),
		LatenessP99: durationOf(late), LatenessOver: over, Open: byName(o.Open), Overdue: o.Overdue, Unrouted: o.Unrouted,
		Next: []Firing{}, Failing: []FailingTask{}, FailingTotal: o.FailingTotal,
		MostFailing: loadsOf(o.MostFailing), Slowest: loadsOf(o.Slowest), GivenUp: o.GivenUp,
	}
	for state, n := range o.Tasks {
		out.Tasks[string(state)] = n
	}
	for _, f := range o.Next {
		out.Next = append(out.Next, Firing{At: instantOf(f.At), TaskID: f.TaskID, DelayedTaskID: f.DelayedID, Title: f.Title})
	}
	for _, f := range o.Failing {
		out.Failing = append(out.Failing, FailingTask{ID: f.ID, Title: f.Title, LastOutcome: string(f.Outcome), LastRunAt: instantOf(f.LastRunAt)})
	}
	return out
}

func outcomesOf(all []manage.Outcomes) []Outcomes {
	out := make([]Outcomes, len(all))
	for i, o := range all {
		out[i] = Outcomes{From: instantOf(o.From), Runs: byName(o.Runs)}
	}
	return out
}

func byName(runs map[core.RunState]int64) map[string]int64 {
	out := make(map[string]int64, len(runs))
	for state, n := range runs {
		out[string(state)] = n
	}
	return out
}

func loadsOf(loads []manage.TaskLoad) []TaskLoad {
	out := make([]TaskLoad, len(loads))
	for i, l := range loads {
		out[i] = TaskLoad{TaskID: l.TaskID, Title: l.Title, Runs: l.Runs, Failed: l.Failed, Mean: durationOf(l.Mean())}
	}
	return out
}
