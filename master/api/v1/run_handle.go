package v1

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func (a *api) listRuns(r *request) error {
	return a.replyRuns(r, store.RunFilter{
		TaskID: r.query.text("taskId"), DelayedID: r.query.text("delayedTaskId"),
		OccurrenceID: r.query.text("occurrenceId"), ParentRunID: r.query.text("parentRunId"),
	})
}

func (a *api) listTaskRuns(r *request) error {
	if _, err := a.Tasks.Get(r.Request.Context(), r.id); err != nil {
		return err
	}
	return a.replyRuns(r, store.RunFilter{TaskID: r.id})
}

// replyRuns answers with a page of runs, from the latest due instant.
func (a *api) replyRuns(r *request, f store.RunFilter) error {
	q := r.query
	limit := q.limit()
	f.Limit = limit + 1
	f.State, f.Trigger, f.Worker = choice(q, "state", core.RunStates()...), choice(q, "trigger", core.Triggers()...), q.text("worker")
	f.Before, f.From, f.To = q.cursor(), q.instant("dueFrom"), q.instant("dueTo")
	if q.err != nil {
		return q.err
	}
	runs, reached, err := a.Runs.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, page(runs, limit, func(run *core.Run) string { return run.ID },
		func(run *core.Run) Run { return showRun(r.user, run) }).reaching(reached))
}

func (a *api) getRun(r *request) error {
	return a.replyRun(r, http.StatusOK)
}

// Cancellation is the body of a cancel; it may be left out.
type Cancellation struct {
	Reason string `json:"reason,omitempty"`
}

// cancelRun answers with the run as it stands: one that is with a worker ends once the worker has heard of it.
func (a *api) cancelRun(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given := new(Cancellation)
	if len(data) > 0 {
		if given, err = decode[Cancellation](data); err != nil {
			return err
		}
	}
	if err := a.Runs.Cancel(r.Request.Context(), r.user, r.id, given.Reason); err != nil {
		return err
	}
	return a.replyRun(r, http.StatusAccepted)
}

func (a *api) replyRun(r *request, status int) error {
	run, err := a.Runs.Get(r.Request.Context(), r.id)
	if err != nil {
		return err
	}
	return reply(r, status, showRun(r.user, run))
}

// replayRun answers with the run that does another one again.
func (a *api) replayRun(r *request) error {
	if err := bare(r); err != nil {
		return err
	}
	run, err := a.Runs.Replay(r.Request.Context(), r.user, r.id)
	if err != nil {
		return err
	}
	r.Header("Location", Base+"/runs/"+run.ID)
	return reply(r, http.StatusAccepted, showRun(r.user, run))
}

// Curl is a command that sends a run's request, and what it lacks of that.
type Curl struct {
	Command  string `json:"command"`
	Masked   bool   `json:"masked,omitempty"`
	Unsigned bool   `json:"unsigned,omitempty"`
	Unfilled bool   `json:"unfilled,omitempty"`
}

func (a *api) getCurl(r *request) error {
	run, err := a.Runs.Get(r.Request.Context(), r.id)
	if err != nil {
		return err
	}
	sent, err := a.Runs.Sent(r.Request.Context(), r.user, run)
	if err != nil {
		return err
	}
	if sent.Curl == nil {
		return &core.Error{Code: core.CodeConflict, Format: "the run called nothing by HTTP, or what it sent is not kept because its task has been edited since"}
	}
	return reply(r, http.StatusOK, Curl(*sent.Curl))
}
