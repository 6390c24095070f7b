package store

import (
	"context"
	"math"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// TaskFilter narrows a list of tasks. Empty fields do not narrow.
type TaskFilter struct {
	Namespace string
	Title     string // part of the title
	// Search is part of the title, or the whole id.
	Search  string
	State   core.TaskState
	Kind    core.TaskKind
	Outcome core.RunState // of the last run
	Label   string
	Worker  string // one of those that alone may run the task
	Keeper  int64
	// After is the id of the last task of the page before; only where tasks are listed from the newest. Behind is the place
	// of that task, in any order.
	After  string
	Behind *TaskPlace
	Offset int
	Limit  int
	// Order is what tasks are listed by, from the least; Desc from the greatest. Empty lists them from the newest.
	Order TaskOrder
	Desc  bool
}

// TaskOrder is what tasks are listed by.
type TaskOrder string

// The orders of tasks. Those that have nothing to be listed by, such as a last run, come after all others, both ways round.
const (
	TasksByTitle   TaskOrder = "title"
	TasksByState   TaskOrder = "state"
	TasksByNextDue TaskOrder = "next"
	TasksByLastRun TaskOrder = "last"
	TasksByRuns    TaskOrder = "runs"
	TasksByCreated TaskOrder = "created"
)

// TaskOrders are all orders.
func TaskOrders() []TaskOrder {
	return []TaskOrder{TasksByTitle, TasksByState, TasksByNextDue, TasksByLastRun, TasksByRuns, TasksByCreated}
}

// lane is a part of a list: the tasks of one table, in the order of one of its columns. A list whose order not all tasks
// have a place in is two lanes, one after the other, for databases disagree on where an absent value comes.
type lane struct {
	table, column string
	only          string // a condition; empty for none
}

// lanes are the parts of a list, in their order. Each is read by an index, but those of what recording counts: an index that
// every run writes would cost more than the reading of a narrow table does.
func (f TaskFilter) lanes() []lane {
	switch f.Order {
	case TasksByTitle:
		return []lane{{table: "t", column: "t.title"}}
	case TasksByState:
		return []lane{{table: "p", column: "p.state"}}
	case TasksByNextDue:
		return []lane{{"p", "p.next_due", "p.next_due IS NOT NULL"}, {"p", "", "p.next_due IS NULL"}}
	case TasksByLastRun, TasksByRuns:
		column := map[TaskOrder]string{TasksByLastRun: "s.last_run_at", TasksByRuns: "s.runs"}[f.Order]
		first := []lane{{table: "s", column: column}}
		if f.Outcome != "" { // which a task that never ran has not
			return first
		}
		return append(first, lane{"p", "", "NOT EXISTS (SELECT 1 FROM task_stats n WHERE n.task_id = p.task_id)"})
	}
	return []lane{{table: "t", column: "t.created_at"}}
}

// Tasks lists tasks, without deleted ones.
func (s *Store) Tasks(ctx context.Context, f TaskFilter) ([]*core.Task, error) {
	t := s.read(ctx)
	few, err := t.fewTasks(f)
	if err != nil {
		return nil, s.edge(err)
	}
	tasks, err := t.taskPage(f, few)
	return tasks, s.edge(err)
}

// fewTasks says whether a filter leaves so few tasks that they are found first, and then put in order.
func (t tx) fewTasks(f TaskFilter) (bool, error) {
	if !f.selective() {
		return false, nil
	}
	n, err := t.countTasks(f, fewTasks+1)
	return n <= fewTasks, err
}

// TaskPage lists tasks and counts those that the filter leaves, up to most: a count of most+1 stands for all beyond.
func (s *Store) TaskPage(ctx context.Context, f TaskFilter, most int64) (tasks []*core.Task, total int64, err error) {
	t := s.read(ctx)
	if total, err = t.countTasks(f, most+1); err == nil {
		tasks, err = t.taskPage(f, f.selective() && total <= fewTasks)
	}
	return tasks, total, s.edge(err)
}

// CountTasks counts the tasks that a filter leaves, whatever its page.
func (s *Store) CountTasks(ctx context.Context, f TaskFilter) (int64, error) {
	n, err := s.read(ctx).countTasks(f, math.MaxInt64)
	return n, s.edge(err)
}

// countTasks counts up to most.
func (t tx) countTasks(f TaskFilter, most int64) (n int64, err error) {
	q := f.narrowed("", false)
	if most < math.MaxInt64 {
		_, err = t.one([]any{&n}, "SELECT count(*) FROM (SELECT "+q.id+q.from+q.where+" LIMIT ?) counted", append(q.args, most)...)
	} else {
		_, err = t.one([]any{&n}, "SELECT count(*)"+q.from+q.where, q.args...)
	}
	return n, err
}

func (t tx) taskPage(f TaskFilter, few bool) ([]*core.Task, error) {
	places, err := t.taskPlaces(f, few)
	if err != nil {
		return nil, err
	}
	return t.tasksAt(places)
}

// tasksAt reads the tasks at places, those that are still there.
func (t tx) tasksAt(places []TaskPlace) ([]*core.Task, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	// What is shown of tasks is read only of those that are: definitions are wide.
	byID := make(map[string]*core.Task, len(ids))
	if err := eachIn(ids, func(list string, args []any) error {
		tasks, err := t.tasks("WHERE t.id IN "+list, args...)
		for _, k := range tasks {
			byID[k.ID] = k
		}
		return err
	}); err != nil {
		return nil, err
	}
	var tasks []*core.Task
	for _, id := range ids {
		if k := byID[id]; k != nil {
			tasks = append(tasks, k)
		}
	}
	return tasks, nil
}

// taskPlaces lists the places of the tasks on a page. Those that are few are found first and then put in order; among many, the
// first in the order are tried one after the other.
func (t tx) taskPlaces(f TaskFilter, few bool) (places []TaskPlace, err error) {
	offset := f.Offset
	for _, l := range f.lanes() {
		if l.over(f.Behind) {
			continue
		}
		q, err := t.lane(f, l, few)
		if err != nil {
			return nil, err
		}
		these, err := t.places(l, q, f.by(l, q.id), f.Limit-len(places), offset)
		if err != nil {
			return nil, err
		}
		places = append(places, these...)
		if len(places) >= f.Limit {
			return places, nil
		}
		// The lane has ended: the next one goes on from where it did.
		before := offset + len(these)
		if offset > 0 && len(these) == 0 {
			if _, err := t.one([]any{&before}, "SELECT count(*)"+q.from+q.where, q.args...); err != nil {
				return nil, err
			}
		}
		offset = max(offset-before, 0)
	}
	return places, nil
}

// lane is the query of one part of a list.
func (t tx) lane(f TaskFilter, l lane, few bool) (q narrowed, err error) {
	if few {
		found := f.narrowed("", false)
		q.id, q.from = tableOf(l.table).id, " FROM "+tableOf(l.table).from
		q.where, q.args = " WHERE "+q.id+" IN (SELECT "+found.id+found.from+found.where+")", found.args
	} else {
		q = f.narrowed(l.table, true)
	}
	if l.only != "" {
		q.where += " AND " + l.only
	}
	q.behind(f.Behind, l, f.desc())
	if f.After == "" || l.column != "t.created_at" {
		return q, nil
	}
	var created int64
	found, err := t.one([]any{&created}, "SELECT created_at FROM tasks WHERE id = ?", f.After)
	if !found {
		q.where += " AND 1 = 0"
		return q, err
	}
	q.where += " AND (t.created_at < ? OR t.created_at = ? AND t.id < ?)"
	q.args = append(slices.Clone(q.args), created, created, f.After)
	return q, err
}

// by is the order of a lane as SQL. Equal tasks are told apart by their ids, or a page could show one again.
func (f TaskFilter) by(l lane, id string) string {
	desc := ""
	if f.desc() {
		desc = " DESC"
	}
	if l.column == "" {
		return " ORDER BY " + id + desc
	}
	return " ORDER BY " + l.column + desc + ", " + id + desc
}

// desc says whether tasks are listed from the greatest.
func (f TaskFilter) desc() bool { return f.Desc || f.Order == "" }
