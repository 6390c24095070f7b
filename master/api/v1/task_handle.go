package v1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// upcomingShown is how many coming instants a single task shows; a task in a list shows one.
const upcomingShown = 5

func (a *api) listTasks(r *request) error {
	q := r.query
	f := store.TaskFilter{
		Title: q.text("title"), Search: q.text("search"), Label: q.text("label"), Worker: q.text("worker"), Keeper: q.number("keeper"),
		State:   choice(q, "state", core.TaskStopped, core.TaskRunning, core.TaskPaused),
		Kind:    choice(q, "kind", core.KindHTTP, core.KindPlugin),
		Outcome: choice(q, "outcome", core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunLost),
		Limit:   q.limit(),
	}
	sort := choice(q, "sort", taskSorts()...)
	if sort == "" {
		sort = newestFirst
	}
	order, desc := strings.CutPrefix(sort, "-")
	f.Order, f.Desc, f.Behind = store.TaskOrder(order), desc, q.taskCursor(sort)
	if q.err != nil {
		return q.err
	}
	tasks, next, err := a.Tasks.ListOn(r.Request.Context(), f)
	if err != nil {
		return err
	}
	p := Page[*Task]{Items: []*Task{}}
	for _, t := range tasks {
		p.Items = append(p.Items, a.showTask(r, t, 1))
	}
	if next != nil {
		if p.Next, err = writeTaskCursor(sort, next); err != nil {
			return err
		}
	}
	return reply(r, http.StatusOK, p)
}

func (a *api) getTask(r *request) error {
	t, err := a.Tasks.Get(r.Request.Context(), r.id)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, a.showTask(r, t, upcomingShown))
}

func (a *api) createTask(r *request) error {
	q := r.query
	start := q.flag("start")
	if q.err != nil {
		return q.err
	}
	t, err := a.readTask(r, nil)
	if err != nil {
		return err
	}
	unknown, err := a.Tasks.Create(r.Request.Context(), r.user, t, start)
	var warnings []string
	if refused, ok := errors.AsType[*manage.StartError](err); ok {
		warnings = append(warnings, refused.Error())
	} else if err != nil {
		return err
	}
	r.Header("Location", Base+"/tasks/"+t.ID)
	return a.replyChanged(r, http.StatusCreated, t, unknown, warnings)
}

func (a *api) editTask(r *request) error {
	earlier, err := a.Tasks.Get(r.Request.Context(), r.id)
	if err != nil {
		return err
	}
	t, err := a.readTask(r, earlier)
	if err != nil {
		return err
	}
	t.ID = r.id
	unknown, err := a.Tasks.Edit(r.Request.Context(), r.user, t)
	if err != nil {
		return err
	}
	return a.replyChanged(r, http.StatusOK, t, unknown, nil)
}

// readTask reads what a body says of a task.
func (a *api) readTask(r *request, earlier *core.Task) (*core.Task, error) {
	data, err := body(r)
	if err != nil {
		return nil, err
	}
	t, err := decode[Task](data)
	if err != nil {
		return nil, err
	}
	if earlier != nil && t.ID != "" && t.ID != earlier.ID {
		return nil, broken("id", "is not the id in the path; leave it out or give %s", earlier.ID)
	}
	return t.core(earlier)
}

func (a *api) deleteTask(r *request) error {
	if err := a.Tasks.Delete(r.Request.Context(), r.user, r.id); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

// moveTask makes the handler of an action on a task that is answered with the task.
func (a *api) moveTask(move func(Tasks, context.Context, *core.User, string) error) func(*request) error {
	return func(r *request) error {
		if err := bare(r); err != nil {
			return err
		}
		if err := move(a.Tasks, r.Request.Context(), r.user, r.id); err != nil {
			return err
		}
		return a.getTask(r)
	}
}

// RunRequest is the body of a run by hand; it may be left out.
type RunRequest struct {
	Params []Param `json:"params,omitempty"`
	Body   *string `json:"body,omitempty"`
}

func (a *api) runTask(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given := new(RunRequest)
	if len(data) > 0 {
		if given, err = decode[RunRequest](data); err != nil {
			return err
		}
	}
	overrides := core.Overrides{Body: given.Body}
	if given.Params != nil {
		overrides.Params = append([]core.Param{}, params(given.Params)...)
	}
	run, err := a.Tasks.RunWith(r.Request.Context(), r.user, r.id, overrides)
	if err != nil {
		return err
	}
	r.Header("Location", Base+"/runs/"+run.ID)
	return reply(r, http.StatusAccepted, showRun(r.user, run))
}

// bare reads a request that says all by its path: its body, if it has one, is an empty object.
func bare(r *request) error {
	data, err := body(r)
	if len(data) > 0 && err == nil {
		_, err = decode[struct{}](data)
	}
	return err
}

func (a *api) replyChanged(r *request, status int, t *core.Task, unknownKeepers []int64, warnings []string) error {
	shown := a.showTask(r, t, upcomingShown)
	shown.Warnings = warnings
	for _, keeper := range unknownKeepers {
		shown.Warnings = append(shown.Warnings, fmt.Sprintf("keepers: there is no user %d; the id is kept", keeper))
	}
	return reply(r, status, shown)
}

func (a *api) showTask(r *request, t *core.Task, upcoming int) *Task {
	out := showTask(r.user, t)
	for _, at := range a.Tasks.Next(t, upcoming) {
		out.Upcoming = append(out.Upcoming, instantOf(at))
	}
	return out
}
