package ui

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

// tasksAt is where tasks are listed; the page of each lies below.
const tasksAt = "/tasks"

const (
	// tasksCounted is how far a list of tasks is counted and paged: nobody turns so many pages.
	tasksCounted = 10_000
	// sparkRuns is how many of the last runs of a task a list shows.
	sparkRuns = 20
	// labelsOffered is how many labels a list offers to be narrowed to.
	labelsOffered = 200
)

func tasksPage(u *UI) *page {
	routes := []route{
		get(tasksAt, core.RoleViewer, u.listTasks),
		post(tasksAt+"/bulk", core.RoleOperator, u.bulkTasks),
	}
	return &page{
		path: tasksAt, title: messages.Key("Tasks"), icon: "checklist", section: sectionWork, role: core.RoleViewer,
		topics: []topic{{name: "tasks", every: 3 * time.Second, look: u.lookAtTasks}},
		routes: append(routes, u.taskRoutes()...),
	}
}

// taskRow is a task as a list shows it.
type taskRow struct {
	*core.Task
	URL    string
	Next   time.Time     // zero for none
	Recent template.HTML // its last runs, drawn
	When   scheduleText
	May    taskMoves
}

// taskMoves are what the reader may have a task do.
type taskMoves struct{ Start, Pause, Resume, Stop, Run, Edit, Delete bool }

func (r *request) taskMoves(t *core.Task) taskMoves {
	var may taskMoves
	if t.State == core.TaskDeleted {
		return may
	}
	if r.may(core.RoleOperator) {
		may.Start, may.Resume = t.State == core.TaskStopped, t.State == core.TaskPaused
		may.Pause, may.Run = t.State == core.TaskRunning, t.State == core.TaskRunning
		may.Stop = t.State == core.TaskRunning || t.State == core.TaskPaused
	}
	may.Edit, may.Delete = r.may(core.RoleDeveloper), r.may(core.RoleDeveloper)
	return may
}

// may says whether the reader has at least a role.
func (r *request) may(role core.Role) bool { return r.in.User.Require(role) == nil }

// Any says whether there is anything to be offered.
func (m taskMoves) Any() bool { return m != taskMoves{} }

type tasksView struct {
	*View
	List    *list
	Rows    []taskRow
	Choices taskChoices
	// Post is where the chosen rows are sent, with what the list is narrowed to.
	Post string
}

// taskChoices are what a list of tasks can be narrowed to.
type taskChoices struct{ States, Kinds, Outcomes, Labels, Workers, Keepers []option }

// Narrowing are the fields that narrow the list, each with its choices, the first of which is all.
func (v tasksView) Narrowing() []narrowing {
	return []narrowing{
		{"state", v.r.text("State"), v.r.text("any state"), v.Choices.States}, {"kind", v.r.text("Kind"), v.r.text("any kind"), v.Choices.Kinds},
		{"outcome", v.r.text("Last run"), v.r.text("any last run"), v.Choices.Outcomes}, {"label", v.r.text("Label"), v.r.text("any label"), v.Choices.Labels},
		{"worker", v.r.text("Worker"), v.r.text("any worker"), v.Choices.Workers}, {"keeper", v.r.text("Keeper"), v.r.text("any keeper"), v.Choices.Keepers},
	}
}

// narrowing is one way to narrow a list.
type narrowing struct {
	Name, Label, All string
	Options          []option
}

func (u *UI) listTasks(r *request) error {
	ctx := r.Request.Context()
	l := r.list("-created", string(store.TasksByTitle), string(store.TasksByState), string(store.TasksByLastRun), string(store.TasksByNextDue), string(store.TasksByRuns))
	f, err := taskFilter(r)
	if err != nil {
		return err
	}
	// A page beyond what can be counted is none.
	l.Page = min(l.Page, tasksCounted/l.Size)
	f.Order, f.Desc, f.Offset, f.Limit = store.TaskOrder(l.Sort), l.Desc, l.Offset(), l.Size
	tasks, total, err := u.Manage.Tasks.Page(ctx, f, tasksCounted)
	if err != nil {
		return err
	}
	l.bound(total, tasksCounted)
	if len(tasks) == 0 && total > 0 { // they have become fewer since the address was made
		l.Page = int((l.Total-1)/int64(l.Size)) + 1
		f.Offset = l.Offset()
		if tasks, _, err = u.Manage.Tasks.Page(ctx, f, tasksCounted); err != nil {
			return err
		}
	}
	l.Shown = len(tasks)
	v := tasksView{View: r.view(r.text("Tasks")), List: l, Post: strings.Replace(l.URL(), tasksAt, tasksAt+"/bulk", 1)}
	if v.Rows, err = u.taskRows(r, tasks); err != nil {
		return err
	}
	if part, ok := r.partial(); !ok || part != "tasks-list" { // which leaves out what the list is narrowed by
		if v.Choices, err = u.taskChoices(r); err != nil {
			return err
		}
	}
	return r.show("tasks", http.StatusOK, v)
}

// taskFilter reads what the address narrows the list to.
func taskFilter(r *request) (store.TaskFilter, error) {
	f := store.TaskFilter{
		Search: strings.TrimSpace(r.Query("search")), State: core.TaskState(r.Query("state")), Kind: core.TaskKind(r.Query("kind")),
		Outcome: core.RunState(r.Query("outcome")), Label: r.Query("label"), Worker: r.Query("worker"),
	}
	if keeper := r.Query("keeper"); keeper != "" {
		if _, err := fmt.Sscan(keeper, &f.Keeper); err != nil || f.Keeper < 1 {
			return f, core.Malformed("keeper", "must be the id of a user")
		}
	}
	return f, nil
}

// taskRows are tasks with what a list shows of them.
func (u *UI) taskRows(r *request, tasks []*core.Task) ([]taskRow, error) {
	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.ID
	}
	recent, err := u.Manage.Tasks.Recent(r.Request.Context(), ids, sparkRuns)
	if err != nil {
		return nil, err
	}
	rows := make([]taskRow, len(tasks))
	for i, t := range tasks {
		rows[i] = taskRow{Task: t, URL: tasksAt + "/" + t.ID, Recent: r.spark(recent[t.ID]), When: r.scheduleText(&t.Schedule), May: r.taskMoves(t)}
		if next := u.Manage.Tasks.Next(t, 1); len(next) > 0 {
			rows[i].Next = next[0]
		}
	}
	return rows, nil
}

// taskChoices reads what a list of tasks can be narrowed to.
func (u *UI) taskChoices(r *request) (c taskChoices, err error) {
	ctx := r.Request.Context()
	for _, s := range []core.TaskState{core.TaskRunning, core.TaskPaused, core.TaskStopped} {
		c.States = append(c.States, option{string(s), messages.Name(r.lang, s)})
	}
	c.Kinds = []option{{string(core.KindHTTP), "HTTP"}, {string(core.KindPlugin), r.text("Plugin")}}
	for _, s := range []core.RunState{core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunLost} {
		c.Outcomes = append(c.Outcomes, option{string(s), messages.Name(r.lang, s)})
	}
	labels, err := u.Manage.Tasks.Labels(ctx, labelsOffered)
	if err != nil {
		return c, err
	}
	for _, l := range labels {
		c.Labels = append(c.Labels, option{l, l})
	}
	nodes, err := u.Manage.Nodes.List(ctx)
	if err != nil {
		return c, err
	}
	for i := range nodes {
		if nodes[i].Kind == core.NodeWorker {
			c.Workers = append(c.Workers, option{nodes[i].Name, nodes[i].Name})
		}
	}
	keepers, err := u.Manage.Tasks.Keepers(ctx)
	for _, k := range keepers {
		c.Keepers = append(c.Keepers, option{fmt.Sprint(k.ID), k.Name})
	}
	return c, err
}

// lookAtTasks sums up what changes of lists of tasks by itself: states, and runs that end.
func (u *UI) lookAtTasks(ctx context.Context) (string, error) {
	states, runs, err := u.Manage.Tasks.Pulse(ctx)
	return fmt.Sprint(states, runs), err
}

// bulkTasks does an action with the rows that are chosen, or with all that the list is narrowed to.
func (u *UI) bulkTasks(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	b := manage.TaskBulk{Action: manage.TaskAction(f.Value("action")), IDs: f.All(chosenField)}
	switch words := labelWords(f.Value("labels")); b.Action {
	case "unlabel":
		b.Action, b.Remove = manage.ActLabel, words
	case manage.ActLabel:
		b.Add = words
	}
	if f.Value("all") == "true" {
		b.IDs = nil
		if b.Filter, err = taskFilter(r); err != nil {
			return err
		}
	} else if len(b.IDs) == 0 {
		return core.Broken("", "choose at least one task")
	}
	done, err := u.Manage.Tasks.Bulk(r.Request.Context(), &r.in.User, b)
	if err != nil {
		return err
	}
	return r.told("", r.bulkToast(done))
}

// labelWords are the labels that somebody wrote side by side.
func labelWords(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == ',' || c == '，' || c == '\u3000' })
}

// refusalsTold is how many refusals a message tells of one by one.
const refusalsTold = 3

// bulkToast tells how many were done, and which were refused why.
func (r *request) bulkToast(done manage.TaskBulkDone) toast {
	message := toast{"success", r.text("Done: %s.", grouped(done.Done))}
	if n := len(done.Refused); n > 0 {
		message.Kind = "warning"
		message.Text += " " + r.text("Refused: %s.", grouped(n))
		for _, refused := range done.Refused[:min(n, refusalsTold)] {
			message.Text += "\n" + orID(refused.Title, refused.ID) + ": " + messages.Error(r.lang, refused.Err)
		}
		if n > refusalsTold {
			message.Text += "\n" + r.text("and %s more", grouped(n-refusalsTold))
		}
	}
	if done.Next != "" {
		message.Kind = "warning"
		message.Text += "\n" + r.text("%s at a time: do it again for the others.", grouped(manage.MaxBulk))
	}
	return message
}

// orID is a title, or the id of what has none.
func orID(title, id string) string {
	if title == "" {
		return id
	}
	return title
}
