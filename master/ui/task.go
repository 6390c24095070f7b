package ui

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

const (
	// runsShown is how many of the last runs the page of a task draws.
	runsShown = 60
	// instantsShown is how many of the instants to come it tells.
	instantsShown = 10
)

// taskRoutes are the routes of the page of one task.
func (u *UI) taskRoutes() []route {
	tasks := u.Manage.Tasks
	const one = tasksAt + "/:id"
	return []route{
		get(one, core.RoleViewer, u.showTask),
		post(one+"/run", core.RoleOperator, u.runTask),
		post(one+"/start", core.RoleOperator, moveTask(tasks.Start, "The task was started.")),
		post(one+"/pause", core.RoleOperator, moveTask(tasks.Pause, "The task is paused.")),
		post(one+"/resume", core.RoleOperator, moveTask(tasks.Resume, "The task was resumed.")),
		post(one+"/stop", core.RoleOperator, moveTask(tasks.Stop, "The task was stopped.")),
		post(one+"/restore", core.RoleDeveloper, u.restoreTask),
		post(one+"/delete", core.RoleDeveloper, u.deleteTask),
	}
}

type taskView struct {
	*View
	Task     *core.Task
	URL      string
	May      taskMoves
	When     scheduleText
	Facts    []fact
	Zone     string // in which the schedule is read
	Instants []dueInstant
	Family   *manage.Family
	Graph    template.HTML // empty for a task without relatives
	Runs     taskRuns
	History  []historyEntry
	More     bool // there is more history than is shown
}

func (u *UI) showTask(r *request) error {
	ctx := r.Request.Context()
	t, err := u.Manage.Tasks.Get(ctx, r.Param("id"))
	if err != nil {
		return err
	}
	r.under(r.text("Tasks"), tasksAt)
	v := taskView{View: r.view(t.Title), Task: t, URL: tasksAt + "/" + t.ID, May: r.taskMoves(t), When: r.scheduleText(&t.Schedule)}
	if v.Facts, err = u.taskFacts(r, t); err != nil {
		return err
	}
	zone := u.Manage.Tasks.ZoneOf(t)
	v.Zone, v.Instants = r.scheduleZone(zone, t.Schedule.Zone), instantsIn(zone, u.Now(), u.Manage.Tasks.Coming(t, instantsShown))
	if v.Family, err = u.Manage.Tasks.Family(ctx, t.ID); err != nil {
		return err
	}
	v.Graph = r.graph(v.Family, t.ID)
	if v.Runs, err = u.taskRuns(r, t); err != nil {
		return err
	}
	if v.History, v.More, err = u.taskHistory(r, t); err != nil {
		return err
	}
	return r.show("task", http.StatusOK, v)
}

// Gives are the rows that a run by hand may be given in place of what the task says: a plugin's parameters, or the fields of a
// form, with room for more. Nil where it is given a body.
func (v taskView) Gives() []core.Param {
	if v.Task.Callback != nil && len(v.Task.Callback.Form) == 0 {
		return nil
	}
	params := v.Task.Params
	if v.Task.Callback != nil {
		params = v.Task.Callback.Form
	}
	return append(slices.Clone(params), core.Param{}, core.Param{})
}

// dueInstant is an instant at which a task is due, as its own zone tells it.
type dueInstant struct {
	At    time.Time
	Local string
	// Change says that the clocks of the zone change between the instant before and this one, and how; empty for no change.
	Change string
}

// instantsIn tells instants in a zone, and marks those before which its clocks changed.
func instantsIn(zone *time.Location, now time.Time, instants []time.Time) []dueInstant {
	told := make([]dueInstant, len(instants))
	_, before := now.In(zone).Zone()
	for i, at := range instants {
		local := at.In(zone)
		told[i] = dueInstant{At: at, Local: local.Format("2006-01-02 15:04:05 -07:00")}
		_, offset := local.Zone()
		if offset != before {
			told[i].Change = now.In(time.FixedZone("", before)).Format("-07:00") + " → " + local.Format("-07:00")
		}
		before = offset
	}
	return told
}

// moveTask makes the handler of a move of a task, after which a text is said.
func moveTask(move func(context.Context, *core.User, string) error, text messages.Key) func(*request) error {
	return func(r *request) error {
		if err := move(r.Request.Context(), &r.in.User, r.Param("id")); err != nil {
			return err
		}
		return r.done("", r.text(string(text)))
	}
}

func (u *UI) deleteTask(r *request) error {
	if err := u.Manage.Tasks.Delete(r.Request.Context(), &r.in.User, r.Param("id")); err != nil {
		return err
	}
	to := ""
	if strings.HasPrefix(r.here(), tasksAt+"/") { // its own page is gone
		to = tasksAt
	}
	return r.done(to, r.text("The task was deleted."))
}

// runTask fires a task now. From its page it may be given something in place of what it says; then the reader is led to the run.
func (u *UI) runTask(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	var given core.Overrides
	if f.Value("given") != "" {
		given = overrides(f)
	}
	run, err := u.Manage.Tasks.RunWith(r.Request.Context(), &r.in.User, r.Param("id"), given)
	if err != nil {
		return err
	}
	to := ""
	if f.Value("given") != "" {
		to = "/runs/" + run.ID
	}
	return r.done(to, r.text("The task runs now."))
}

// overrides reads what a firing is given: rows of keys and values, of which those without a key are left out, or a body.
func overrides(f *form) (given core.Overrides) {
	if f.Value("given") == "body" {
		// Browsers send lines with a carriage return.
		body := strings.ReplaceAll(f.Value("body"), "\r\n", "\n")
		given.Body = &body
		return given
	}
	given.Params = []core.Param{}
	values := f.All("value")
	for i, key := range f.All("key") {
		if key != "" && i < len(values) {
			given.Params = append(given.Params, core.Param{Key: key, Value: values[i]})
		}
	}
	return given
}
