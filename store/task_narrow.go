package store

import (
	"slices"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// fewTasks is up to how many tasks a filter leaves that they are found first, and then put in order.
const fewTasks = 2000

// taskStates are all states of tasks.
var taskStates = [...]core.TaskState{core.TaskStopped, core.TaskRunning, core.TaskPaused, core.TaskDeleted}

// taskTable is a table that lists of tasks read, with the column that holds the task's id.
type taskTable struct{ alias, from, id string }

// taskTables are these tables, in the order in which a search without an order begins with them.
var taskTables = [...]taskTable{
	{"m", "task_marks m", "m.task_id"}, {"t", "tasks t", "t.id"}, {"s", "task_stats s", "s.task_id"}, {"p", "task_plans p", "p.task_id"},
}

func tableOf(alias string) taskTable {
	return taskTables[slices.IndexFunc(taskTables[:], func(t taskTable) bool { return t.alias == alias })]
}

// narrowed is a query for the tasks that a filter leaves; id is the column that holds the id.
type narrowed struct {
	id, from, where string
	args            []any
}

// selective says whether the filter may leave so few tasks that looking for them in an order would be long.
func (f TaskFilter) selective() bool {
	return f.Title != "" || f.Search != "" || f.State != "" || f.Outcome != "" || f.Kind != "" || len(f.marks()) > 0
}

// narrowing collects the conditions of a filter and the tables that they are about. Only those are read: each costs a look-up
// for every task.
type narrowing struct {
	needs      []string
	conditions []string
	args       []any
}

func (n *narrowing) add(table, clause string, args ...any) {
	n.needs = append(n.needs, table)
	n.conditions = append(n.conditions, clause)
	n.args = append(n.args, args...)
}

// narrowed gives the query. With walk the tables are read from the first on, in its order, until enough are found; then the
// conditions are said so that no database begins elsewhere and sorts what it finds.
func (f TaskFilter) narrowed(first string, walk bool) narrowed {
	n, ofTask := &narrowing{}, &narrowing{}
	f.ofTask(ofTask)
	switch {
	case len(ofTask.conditions) == 0:
	case walk && first != "t":
		n.add("", "EXISTS (SELECT 1 FROM tasks t WHERE t.id = "+tableOf(first).id+" AND "+strings.Join(ofTask.conditions, " AND ")+")", ofTask.args...)
	default:
		n = ofTask
	}
	f.ofOutcome(n, walk && first != "s")
	f.ofState(n, walk && (first != "p" || f.Order != TasksByState))
	if walk && first == "t" { // one in the order of an index ends early, so that looking at the plan of each task costs least
		n.needs = append(n.needs, "p")
	}
	marks := f.marks()
	if !walk && len(marks) > 0 {
		n.add("m", "m.kind = ? AND m.mark = ?", marks[0].kind, marks[0].mark)
		marks = marks[1:]
	}
	if first == "" {
		first = "p"
		for _, table := range taskTables {
			if slices.Contains(n.needs, table.alias) {
				first = table.alias
				break
			}
		}
	}
	q := narrowed{id: tableOf(first).id, from: " FROM " + tableOf(first).from}
	for _, table := range taskTables {
		if table.alias == first || !slices.Contains(n.needs, table.alias) {
			continue
		}
		join := " JOIN "
		if walk && table.alias == "s" {
			join = " LEFT JOIN "
		}
		q.from += join + table.from + " ON " + table.id + " = " + q.id
	}
	for _, m := range marks {
		n.conditions = append(n.conditions, "EXISTS (SELECT 1 FROM task_marks x WHERE x.kind = ? AND x.mark = ? AND x.task_id = "+q.id+")")
		n.args = append(n.args, m.kind, m.mark)
	}
	switch {
	case f.State != "" && f.State != core.TaskDeleted:
	case first == "p" || slices.Contains(n.needs, "p"):
		n.add("p", "p.state <> ?", string(core.TaskDeleted))
	default: // cheaper than a look at the plan of every task
		n.add("", q.id+" NOT IN (SELECT task_id FROM task_plans WHERE state = ?)", string(core.TaskDeleted))
	}
	q.where, q.args = " WHERE "+strings.Join(n.conditions, " AND "), n.args
	return q
}

func (f TaskFilter) ofTask(n *narrowing) {
	if f.Namespace != "" {
		n.add("t", "t.namespace = ?", f.Namespace)
	}
	if f.Title != "" {
		n.add("t", `lower(t.title) LIKE lower(?) ESCAPE '!'`, "%"+escapeLike(f.Title)+"%")
	}
	if f.Search != "" {
		n.add("t", `(lower(t.title) LIKE lower(?) ESCAPE '!' OR t.id = ?)`, "%"+escapeLike(f.Search)+"%", strings.ToLower(f.Search))
	}
	if f.Kind != "" {
		n.add("t", "t.kind = ?", string(f.Kind))
	}
}

func (f TaskFilter) ofOutcome(n *narrowing, beside bool) {
	switch {
	case f.Outcome == "":
	case beside:
		n.add("s", "coalesce(s.last_outcome, '') = ?", string(f.Outcome))
	default:
		n.add("s", "s.last_outcome = ?", string(f.Outcome))
	}
}

func (f TaskFilter) ofState(n *narrowing, beside bool) {
	switch {
	case f.State == "":
	case beside:
		for _, other := range taskStates {
			if other != f.State {
				n.add("p", "p.state <> ?", string(other))
			}
		}
	default:
		n.add("p", "p.state = ?", string(f.State))
	}
}

// marks are what the filter looks for among the marks of tasks.
func (f TaskFilter) marks() (marks []taskMark) {
	if f.Label != "" {
		marks = append(marks, taskMark{markLabel, f.Label})
	}
	if f.Worker != "" {
		marks = append(marks, taskMark{markWorker, f.Worker})
	}
	if f.Keeper != 0 {
		marks = append(marks, taskMark{markKeeper, strconv.FormatInt(f.Keeper, 10)})
	}
	return marks
}
