package v1

import (
	"net/http"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func (a *api) listRuns(r *request) error {
	return a.replyRuns(r, store.RunFilter{TaskID: r.query.text("taskId"), DelayedID: r.query.text("delayedTaskId")})
}

func (a *api) listTaskRuns(r *request) error {
	if _, err := a.Tasks.Get(r.Request.Context(), r.id); err != nil {
		return err
	}
	return a.replyRuns(r, store.RunFilter{TaskID: r.id})
}

// replyRuns answers with a page of runs, from the latest due instant. Ids begin with that instant in milliseconds, so both
// ends of a stretch of time are bounds over ids.
func (a *api) replyRuns(r *request, f store.RunFilter) error {
	q := r.query
	limit := q.limit()
	f.Limit = limit + 1
	f.State = choice(q, "state", core.RunStates()...)
	f.Before = q.cursor()
	from, to := q.instant("dueFrom"), q.instant("dueTo")
	if q.err != nil {
		return q.err
	}
	if !to.IsZero() {
		if bound := core.FirstRunID(to); f.Before == "" || bound < f.Before {
			f.Before = bound
		}
	}
	runs, err := a.Runs.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	if !from.IsZero() {
		first := core.FirstRunID(from)
		if i := slices.IndexFunc(runs, func(run *core.Run) bool { return run.ID < first }); i >= 0 {
			runs = runs[:i]
		}
	}
	return reply(r, http.StatusOK, page(runs, limit, func(run *core.Run) string { return run.ID }, runOf))
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
	return reply(r, status, runOf(run))
}
