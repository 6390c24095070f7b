package ui

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
)

// trialView is what came of sending what stands in the form.
type trialView struct {
	*View
	ID       string
	Callback *core.Callback
	Run      *core.Run // nil while none is planned
	Refused  string    // why nothing was sent
}

// tryTask has a worker send what stands in the form, once.
func (u *UI) tryTask(r *request) error {
	if _, ok := r.partial(); !ok {
		return errNoPage()
	}
	ctx := r.Request.Context()
	f, err := r.form()
	if err != nil {
		return err
	}
	var stored *core.Task
	if id := f.Value("id"); id != "" {
		stored, err = u.Manage.Tasks.Get(ctx, id)
	} else {
		stored, err = u.copied(r, f)
	}
	if err != nil {
		return err
	}
	t, err := readTask(f, stored, u.Zone)
	if err == nil && t.Callback == nil {
		err = core.Broken("kind", "a plugin is tried by saving its task and running it: what it does depends on the package, which only a saved task names")
	}
	v := trialView{View: r.view("")}
	var d *core.DelayedTask
	if err == nil {
		d, err = u.Manage.Delayed.Try(ctx, &r.in.User, manage.Trial{Callback: *t.Callback, Executors: t.Executors, Label: t.Routing.Label, TaskID: f.Value("id")})
	}
	switch {
	case f.takes(err):
		v.Refused = r.explain(err, 0)
	case err != nil:
		return err
	default:
		v.ID, v.Callback = d.ID, &d.Callback
	}
	return r.show("task-edit", http.StatusOK, v)
}

// showTrial shows how far it has come.
func (u *UI) showTrial(r *request) error {
	if _, ok := r.partial(); !ok {
		return errNoPage() // it is a part of another page
	}
	d, run, err := u.Manage.Delayed.Tried(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return r.show("task-edit", http.StatusOK, trialView{View: r.view(""), ID: d.ID, Callback: &d.Callback, Run: run})
}

// stopTrial withdraws it.
func (u *UI) stopTrial(r *request) error {
	id := r.Param("id")
	if _, _, err := u.Manage.Delayed.Tried(r.Request.Context(), id); err != nil {
		return err
	}
	if err := u.Manage.Delayed.Void(r.Request.Context(), &r.in.User, id); err != nil {
		return err
	}
	return r.done("", r.text("The test was cancelled."))
}

// Ended says whether there is nothing to wait for any more.
func (v trialView) Ended() bool { return v.Refused != "" || v.Run != nil && v.Run.State.Final() }

// Sent is the body of the request.
func (v trialView) Sent() string { return readable([]byte(v.Callback.Body)) }

// Answer is the body of the answer.
func (v trialView) Answer() string { return readable(v.Run.Result.Response) }

// readable lays JSON out in lines; what is no text is not shown.
func readable(body []byte) string {
	var out bytes.Buffer
	switch {
	case !utf8.Valid(body):
		return ""
	case json.Indent(&out, body, "", "  ") == nil:
		return out.String()
	}
	return string(body)
}
