package ui

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

const clearPath = runsPath + "/clear"

// clearView is a clearing of the history at one of its steps: before anything is asked, with a count, or under way.
type clearView struct {
	*View
	Form *form
	// Tasks are those that the words in the form may mean, when they are several; None says that they mean none.
	Tasks []*core.Task
	None  bool
	// Counted says that Left is known.
	Counted bool
	*manage.Cleared
	// Total is how many were deleted since the clearing began.
	Total int
	// Task is what the task is called; empty for all.
	Task string
}

// countRuns shows what is to be cleared, and how many runs that are.
func (u *UI) countRuns(r *request) error {
	v := clearView{View: r.view(r.text("Clear logs")), Form: &form{values: r.Request.URL.Query()}, Cleared: new(manage.Cleared)}
	if v.Form.Value("to") == "" {
		v.Form.values = url.Values{"to": {u.Now().In(r.zone).AddDate(0, 0, -30).Format(fieldInstant)}}
		return u.showClear(r, v)
	}
	f, err := u.readClear(r, &v)
	if err == nil && !v.None && len(v.Tasks) == 0 {
		*v.Cleared, err = u.Manage.Runs.Count(r.Request.Context(), f)
		v.Counted = err == nil
	}
	if err != nil && !v.Form.takes(err) {
		return err
	}
	return u.showClear(r, v)
}

// clearRuns deletes for a while and shows how far it came; the page goes on by itself until it is done.
func (u *UI) clearRuns(r *request) error {
	fields, err := r.form()
	if err != nil {
		return err
	}
	v := clearView{View: r.view(r.text("Clear logs")), Form: fields, Counted: true, Cleared: new(manage.Cleared)}
	f, err := u.readClear(r, &v)
	if err != nil {
		return err
	}
	if v.None || len(v.Tasks) > 0 {
		return core.Broken("task", "is not clear: count again")
	}
	if *v.Cleared, err = u.Manage.Runs.Clear(r.Request.Context(), &r.in.User, f); err != nil {
		return err
	}
	before, err := strconv.Atoi(fields.Value("total"))
	if err != nil || before < 0 {
		before = 0
	}
	v.Total = before + v.Deleted
	return u.showClear(r, v)
}

func (u *UI) showClear(r *request, v clearView) error {
	r.under(r.text("Runs"), runsPath)
	return r.show("runs-clear", v.Form.status(), v)
}

// readClear reads what is to be cleared.
func (u *UI) readClear(r *request, v *clearView) (f store.ClearFilter, err error) {
	if f.From, err = r.instant("dueFrom", v.Form.Value("from")); err == nil {
		f.To, err = r.instant("dueTo", v.Form.Value("to"))
	}
	if err != nil {
		return f, err
	}
	for _, s := range v.Form.All("state") {
		f.States = append(f.States, core.RunState(s))
	}
	words := strings.TrimSpace(v.Form.Value("task"))
	if f.TaskID, v.Tasks, err = u.taskMeant(r.Request.Context(), words); err != nil || words == "" {
		return f, err
	}
	if f.TaskID == "" {
		v.None = len(v.Tasks) == 0
		return f, nil
	}
	t, err := u.Manage.Tasks.Get(r.Request.Context(), f.TaskID)
	if err != nil {
		return f, err
	}
	v.Task = t.Title
	v.Form.values.Set("task", t.ID) // the words may mean another one later
	return f, nil
}

// Choice is a state that may be chosen.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// States are the states that runs end in.
func (v clearView) States() []Choice {
	var choices []Choice
	for _, s := range core.RunStates() {
		if !s.Final() {
			continue
		}
		c := Choice{Value: string(s), Label: messages.Name(v.r.lang, s)}
		for _, chosen := range v.Form.All("state") {
			c.Chosen = c.Chosen || chosen == string(s)
		}
		choices = append(choices, c)
	}
	return choices
}

// TaskURL is the count for one of the tasks that may be meant.
func (v clearView) TaskURL(id string) string {
	q := url.Values{"task": {id}, "from": {v.Form.Value("from")}, "to": {v.Form.Value("to")}, "state": v.Form.All("state")}
	return clearPath + "?" + q.Encode()
}

// More says that there may be more left than were counted.
func (v clearView) More() bool { return v.Left >= manage.ClearCounted }

// All is what the progress is measured against.
func (v clearView) All() int { return max(v.Total+v.Left, 1) }

// Started says whether anything has been deleted, or looked for to be.
func (v clearView) Started() bool { return v.r.Request.Method == http.MethodPost }
