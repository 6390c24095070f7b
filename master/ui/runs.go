package ui

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

const runsPath = "/runs"

func runsPage(u *UI) *page {
	return &page{
		path: runsPath, title: messages.Key("Runs"), icon: "history", section: sectionWork, role: core.RoleViewer,
		topics: []topic{{name: "runs", every: time.Second, look: u.lookAtRuns}},
		routes: []route{
			get(runsPath, core.RoleViewer, u.listRuns),
			get(clearPath, core.RoleAdmin, u.countRuns),
			post(clearPath, core.RoleAdmin, u.clearRuns),
			get(runsPath+"/:id", core.RoleViewer, u.showRun),
			post(runsPath+"/:id/cancel", core.RoleOperator, u.cancelRun),
			post(runsPath+"/:id/replay", core.RoleOperator, u.replayRun),
		},
	}
}

// runRow is a run as a list shows it.
type runRow struct {
	*core.Run
	Title string // of its task or delayed task; empty when that has been deleted
}

// URL leads to the run.
func (r runRow) URL() string { return runsPath + "/" + r.ID }

// Of leads to what the run is of.
func (r runRow) Of() string {
	if r.TaskID == "" {
		return delayedPath + "/" + r.DelayedID
	}
	return "/tasks/" + r.TaskID
}

// Number is the number of the shard, counted from 1 as people count.
func (r runRow) Number() int { return r.Shard + 1 }

// Late is how long after it was to be sent the run was.
func (r runRow) Late() time.Duration {
	if r.SentAt.IsZero() {
		return 0
	}
	return max(r.SentAt.Sub(r.FireAt), 0)
}

// Took is how long the target, or the plugin, took; of a run under way it goes on.
func (r runRow) Took(now time.Time) time.Duration {
	switch {
	case r.SentAt.IsZero():
		return 0
	case r.AnsweredAt.IsZero() && !r.State.Final():
		return max(now.Sub(r.SentAt), 0)
	case r.AnsweredAt.IsZero():
		return 0
	}
	return r.AnsweredAt.Sub(r.SentAt)
}

func rowsOf(runs []*core.Run, titles map[string]string) []runRow {
	rows := make([]runRow, len(runs))
	for i, run := range runs {
		rows[i] = runRow{run, titles[cmp.Or(run.TaskID, run.DelayedID)]}
	}
	return rows
}

type runsView struct {
	*View
	List *keyset
	Form *form
	Runs []runRow
	// Tasks are those that the words in the filter may mean, when they mean several; None says that they mean none.
	Tasks []*core.Task
	None  bool
	Names []string // of workers
}

func (u *UI) listRuns(r *request) error {
	ctx := r.Request.Context()
	k := r.keyset()
	v := runsView{View: r.view(r.text("Runs")), List: k, Form: k.form()}
	nodes, err := u.Manage.Nodes.List(ctx)
	if err != nil {
		return err
	}
	for i := range nodes {
		if nodes[i].Kind == core.NodeWorker {
			v.Names = append(v.Names, nodes[i].Name)
		}
	}
	f := store.RunFilter{
		State: core.RunState(k.Is("state")), Trigger: core.Trigger(k.Is("trigger")), Worker: strings.TrimSpace(k.Is("worker")),
		DelayedID: k.Is("delayed"), Before: k.Begin, Limit: k.Wanted(),
	}
	if f.From, err = r.instant("from", k.Is("from")); err == nil {
		f.To, err = r.instant("to", k.Is("to"))
	}
	if err == nil && f.State != "" && !slices.Contains(core.RunStates(), f.State) {
		err = core.Malformed("state", "is no state of a run")
	}
	if err != nil {
		return err
	}
	if f.TaskID, v.Tasks, err = u.taskMeant(ctx, k.Is("task")); err != nil {
		return err
	}
	v.None = k.Is("task") != "" && f.TaskID == "" && len(v.Tasks) == 0
	if k.Is("task") != "" && f.TaskID == "" {
		return r.show("runs", http.StatusOK, v)
	}
	runs, reached, err := u.Manage.Runs.List(ctx, f)
	if err != nil {
		return err
	}
	runs = cut(k, runs, reached, func(run *core.Run) string { return run.ID })
	titles, err := u.Manage.Runs.Titles(ctx, runs)
	if err != nil {
		return err
	}
	v.Runs = rowsOf(runs, titles)
	return r.show("runs", http.StatusOK, v)
}

// tasksMeant is how many tasks are offered that a word may mean.
const tasksMeant = 20

// taskMeant finds the task that somebody names by its id or a part of its title, or those that it may be.
func (u *UI) taskMeant(ctx context.Context, words string) (id string, several []*core.Task, err error) {
	words = strings.TrimSpace(words)
	if words == "" {
		return "", nil, nil
	}
	if uuid.Validate(words) == nil {
		return words, nil, nil
	}
	tasks, err := u.Manage.Tasks.List(ctx, store.TaskFilter{Title: words, Limit: tasksMeant})
	if err != nil || len(tasks) != 1 {
		return "", tasks, err
	}
	return tasks[0].ID, nil, nil
}

// TaskURL narrows the list to one of the tasks that may be meant.
func (v runsView) TaskURL(id string) string { return v.List.URL("task", id) }

// ForStates are the choices of the filter by state.
func (v runsView) ForStates() []option {
	options := []option{{"", v.r.text("Any state")}}
	for _, s := range core.RunStates() {
		options = append(options, option{string(s), messages.Name(v.r.lang, s)})
	}
	return options
}

// ForTriggers are the choices of the filter by trigger.
func (v runsView) ForTriggers() []option {
	options := []option{{"", v.r.text("Any trigger")}}
	for _, t := range core.Triggers() {
		options = append(options, option{string(t), messages.Name(v.r.lang, t)})
	}
	return options
}

// lookAtRuns sums up what changes as runs are planned and end.
func (u *UI) lookAtRuns(ctx context.Context) (string, error) {
	moved, err := u.Manage.Runs.Moved(ctx)
	return fmt.Sprint(moved), err
}
