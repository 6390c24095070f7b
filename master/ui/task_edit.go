package ui

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

const (
	tasksPath   = "/tasks"
	newTaskPath = tasksPath + "/new"
)

// taskEditPage is where tasks are made and changed. Parts of the page that depend on what stands in others are made anew
// here, out of all that stands in the form: the script of the page knows no rule.
func taskEditPage(u *UI) *page {
	return &page{
		scripts: []string{"task-edit.js"},
		routes: []route{
			get(newTaskPath, core.RoleDeveloper, u.newTask),
			post(newTaskPath, core.RoleDeveloper, u.createTask),
			post(newTaskPath+"/part", core.RoleDeveloper, u.taskPart),
			post(newTaskPath+"/curl", core.RoleDeveloper, u.importCurl),
			post(newTaskPath+"/test", core.RoleDeveloper, u.tryTask),
			get(newTaskPath+"/test/:id", core.RoleDeveloper, u.showTrial),
			post(newTaskPath+"/test/:id/cancel", core.RoleDeveloper, u.stopTrial),
			get(tasksPath+"/:id/edit", core.RoleDeveloper, u.taskForm),
			post(tasksPath+"/:id/edit", core.RoleDeveloper, u.editTask),
			post(tasksPath+"/:id/edit/stop", core.RoleDeveloper, u.stopToEdit),
		},
	}
}

// newTask shows an empty form, or one with what another task says.
func (u *UI) newTask(r *request) error {
	from := r.Query("from")
	if from == "" {
		f := newForm("kind", string(core.KindHTTP), "callback.method", http.MethodPost, "callback.contentType", "application/json",
			"schedule.kind", string(core.ScheduleCron), "schedule.cron", "0 0 3 * * ?")
		return u.showTaskForm(r, f, nil)
	}
	t, err := u.Manage.Tasks.Get(r.Request.Context(), from)
	if err != nil {
		return err
	}
	f := fillTask(t, u.Zone)
	f.set("title", r.text("Copy of %s", t.Title), "from", t.ID, "version", "")
	return u.showTaskForm(r, f, nil)
}

// copied is the task that a new one is made from, which may be kept secrets of; nil when it is made from none.
func (u *UI) copied(r *request, f *form) (*core.Task, error) {
	id := f.Value("from")
	if id == "" {
		return nil, nil
	}
	t, err := u.Manage.Tasks.Get(r.Request.Context(), id)
	if err != nil {
		return nil, err
	}
	t.Origin = nil // the copy was brought from nowhere
	return t, nil
}

func (u *UI) createTask(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	from, err := u.copied(r, f)
	if err != nil {
		return err
	}
	t, err := readTask(f, from, u.Zone)
	var unknown []int64
	if err == nil {
		unknown, err = u.Manage.Tasks.Create(r.Request.Context(), &r.in.User, t, f.Value("start") == "true")
	}
	if refused, ok := errors.AsType[*manage.StartError](err); ok {
		return r.told(taskPath(t.ID), toast{"warning", r.text("The task was created and not started: %s", r.explain(refused.Err, 0))})
	}
	if f.takes(err) {
		return u.showTaskForm(r, f, nil)
	}
	if err != nil {
		return err
	}
	return r.savedTask(t, unknown, r.text("The task was created."))
}

func (u *UI) taskForm(r *request) error {
	t, err := u.Manage.Tasks.Get(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return u.showTaskForm(r, fillTask(t, u.Zone), t)
}

func (u *UI) editTask(r *request) error {
	ctx := r.Request.Context()
	f, err := r.form()
	if err != nil {
		return err
	}
	stored, err := u.Manage.Tasks.Get(ctx, r.Param("id"))
	if err != nil {
		return err
	}
	reader := taskReader{form: f}
	t, err := readTask(f, stored, u.Zone)
	var unknown []int64
	if err == nil {
		t.ID, t.Version = stored.ID, int64(reader.count("version"))
		unknown, err = u.Manage.Tasks.Edit(ctx, &r.in.User, t)
	}
	if f.takes(err) {
		return u.showTaskForm(r, f, stored)
	}
	if err != nil {
		return err
	}
	if f.Value("start") == "true" {
		if err := u.Manage.Tasks.Start(ctx, &r.in.User, t.ID); err != nil {
			if core.CodeOf(err) == "" {
				return err
			}
			return r.told(taskPath(t.ID), toast{"warning", r.text("The task was saved and not started: %s", r.explain(err, 0))})
		}
	}
	return r.savedTask(t, unknown, r.text("The task was saved."))
}

// savedTask leads to the page of a task that was saved.
func (r *request) savedTask(t *core.Task, unknownKeepers []int64, text string) error {
	if len(unknownKeepers) > 0 {
		return r.told(taskPath(t.ID), toast{"warning", text + " " + r.text("There is no user with the id %d, who is to be its keeper.", unknownKeepers[0])})
	}
	return r.done(taskPath(t.ID), text)
}

// stopToEdit stops a task so that it can be edited.
func (u *UI) stopToEdit(r *request) error {
	id := r.Param("id")
	if err := u.Manage.Tasks.Stop(r.Request.Context(), &r.in.User, id); err != nil {
		return err
	}
	return r.done(taskPath(id)+"/edit", r.text("The task was stopped. It can be edited now."))
}

func taskPath(id string) string { return tasksPath + "/" + url.PathEscape(id) }
