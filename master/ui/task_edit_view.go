package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

// taskEditView is the page on which a task is made or changed.
type taskEditView struct {
	*View
	Form *form
	// Task is the one that is changed; nil for a new one.
	Task *core.Task
	// Workers, Users and Children are what can be chosen, those chosen first.
	Workers, Users, Children []choice
	// Labels are those that workers have.
	Labels []string
	// More says that more tasks are found than are shown.
	More   bool
	Plugin pluginView
	// Imported says that a curl command was taken; Left is what of it was not.
	Imported bool
	Left     []string
	schedulePreview
}

// choice is something that can be chosen, by a box that is ticked.
type choice struct {
	Value, Label, Note string
	Chosen             bool
}

// childrenFound is how many tasks a search for children shows.
const childrenFound = 20

// boxes are choices as a template shows them: the field that they are of, and what is said when there are none.
type boxes struct {
	Name  string
	List  []choice
	Empty string
}

// showTaskForm shows the form for a new task, or for one that is changed.
func (u *UI) showTaskForm(r *request, f *form, t *core.Task) error {
	r.under(r.text("Tasks"), tasksPath)
	title := r.text("New task")
	if t != nil {
		r.under(t.Title, taskPath(t.ID))
		title = r.text("Edit task")
	}
	v, err := u.taskEdit(r, f, t, title)
	if err != nil {
		return err
	}
	return r.show("task-edit", f.status(), v)
}

// taskPart makes a part of the page anew, out of what stands in the form.
func (u *UI) taskPart(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	switch r.Query("by") {
	case "format":
		f.formatBody()
	case "builder":
		f.takes(f.build())
	}
	v, err := u.taskEdit(r, f, nil, "")
	if err != nil {
		return err
	}
	return r.show("task-edit", http.StatusOK, v)
}

func (u *UI) taskEdit(r *request, f *form, t *core.Task, title string) (*taskEditView, error) {
	ctx := r.Request.Context()
	v := &taskEditView{View: r.view(title), Form: f, Task: t}
	if f.refuse == nil || f.refuse.Field != builderField { // what was chosen and could not be written stays to be mended
		f.readBuilder()
	}
	u.preview(v)
	nodes, err := u.Manage.Nodes.List(ctx)
	if err != nil {
		return nil, err
	}
	v.takeWorkers(nodes)
	users, err := u.Manage.Tasks.MayKeep(ctx)
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		v.Users = append(v.Users, choice{Value: strconv.FormatInt(user.ID, 10), Label: cmp.Or(user.DisplayName, user.Name), Note: user.Email})
	}
	v.Users = chosenFirst(v.Users, f.All("keepers"))
	if v.Plugin, err = u.plugins(ctx, f); err != nil {
		return nil, err
	}
	return v, u.takeChildren(r, v)
}

// takeWorkers lists the workers that may be named, and the labels that they have.
func (v *taskEditView) takeWorkers(nodes []core.Node) {
	for i := range nodes {
		n := &nodes[i]
		if n.Kind != core.NodeWorker {
			continue
		}
		note := strings.Join(n.Labels, ", ")
		if !n.Alive(v.Now()) {
			note = v.r.text("gone")
		}
		v.Workers = append(v.Workers, choice{Value: n.Name, Label: n.Name, Note: note})
		v.Labels = append(v.Labels, n.Labels...)
	}
	slices.Sort(v.Labels)
	v.Labels = slices.Compact(v.Labels)
	v.Workers = chosenFirst(v.Workers, v.Form.All("executors"))
}

// takeChildren lists the tasks that are children, and those that a search finds.
func (u *UI) takeChildren(r *request, v *taskEditView) error {
	ctx := r.Request.Context()
	chosen := v.Form.All("children")
	titles, err := u.Manage.Tasks.Titles(ctx, chosen)
	if err != nil {
		return err
	}
	for _, id := range chosen {
		v.Children = append(v.Children, choice{Value: id, Label: cmp.Or(titles[id], id), Chosen: true})
	}
	search := strings.TrimSpace(v.Form.Value("search"))
	if search == "" {
		return nil
	}
	found, err := u.Manage.Tasks.List(ctx, store.TaskFilter{Title: search, Limit: childrenFound + 1})
	if err != nil {
		return err
	}
	if v.More = len(found) > childrenFound; v.More {
		found = found[:childrenFound]
	}
	for _, t := range found {
		if !slices.Contains(chosen, t.ID) && t.ID != v.Form.Value("id") {
			v.Children = append(v.Children, choice{Value: t.ID, Label: t.Title, Note: messages.Name(r.lang, t.State)})
		}
	}
	return nil
}

// chosenFirst ticks those of a list that are chosen and puts them first; what is chosen and not in the list is added.
func chosenFirst(list []choice, chosen []string) []choice {
	var first, rest []choice
	for _, value := range chosen {
		if i := slices.IndexFunc(list, func(c choice) bool { return c.Value == value }); i >= 0 {
			first = append(first, list[i])
		} else {
			first = append(first, choice{Value: value, Label: value})
		}
		first[len(first)-1].Chosen = true
	}
	for _, c := range list {
		if !slices.Contains(chosen, c.Value) {
			rest = append(rest, c)
		}
	}
	return append(first, rest...)
}

// Action is where the form is sent.
func (v *taskEditView) Action() string {
	if v.Task == nil {
		return newTaskPath
	}
	return taskPath(v.Task.ID) + "/edit"
}

// Back is where who does not save goes.
func (v *taskEditView) Back() string {
	if v.Task == nil {
		return tasksPath
	}
	return taskPath(v.Task.ID)
}

// Wrong is what was wrong with a field that has several inputs; empty when nothing was.
func (v *taskEditView) Wrong(field string) string {
	if e := v.Form.refuse; e != nil && e.Field == field {
		return messages.Text(v.r.lang, e.Format, e.Args...)
	}
	return ""
}

// Is says whether a field has a value.
func (v *taskEditView) Is(field, value string) bool { return v.Form.Value(field) == value }

// Any says whether something stands in one of some fields, or is wrong there, so that what hides them is open.
func (v *taskEditView) Any(fields ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool {
		return strings.Join(v.Form.All(field), "") != "" || v.Wrong(field) != ""
	})
}

// formRow is one row of names and values.
type formRow struct{ Name, Value, Remark, Kind string }

// Headers are the rows of headers.
func (v *taskEditView) Headers() []formRow {
	return v.rows("callback.headers", ".name")
}

// Fields are the rows of the form that is sent.
func (v *taskEditView) Fields() []formRow { return v.rows("callback.form", ".key") }

func (v *taskEditView) rows(name, key string) []formRow {
	var rows []formRow
	values, remarks, kinds := v.Form.All(name+".value"), v.Form.All(name+".remark"), v.Form.All(name+".row")
	for i, key := range v.Form.All(name + key) {
		if row := (formRow{key, nth(values, i), nth(remarks, i), nth(kinds, i)}); row != (formRow{}) {
			rows = append(rows, row)
		}
	}
	return rows
}

// NewRow is a row in which nothing stands yet.
func (v *taskEditView) NewRow() formRow { return formRow{} }

// NewParameter is a parameter of which nothing is known yet.
func (v *taskEditView) NewParameter() parameter { return parameter{Input: "textarea"} }

// Boxes are choices of a field.
func (v *taskEditView) Boxes(name string, list []choice, empty string) boxes {
	return boxes{name, list, empty}
}

// ServerZone is the zone of schedules that name none.
func (v *taskEditView) ServerZone() string { return v.r.scheduleZone(v.r.ui.Zone, "") }
