package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/carillonhq/carillon/core"
)

const taskColumns = `t.id, t.namespace, t.kind, t.title, t.remark, t.definition, t.created_by, t.created_by_name, t.created_at,
	t.updated_at, p.state, p.version, p.next_due, s.runs, s.last_run_at, s.last_outcome`

const taskFrom = " FROM tasks t JOIN task_plans p ON p.task_id = t.id LEFT JOIN task_stats s ON s.task_id = t.id "

// Task reads one task, deleted ones too.
func (s *Store) Task(ctx context.Context, id string) (*core.Task, error) {
	tasks, err := s.read(ctx).tasks("WHERE t.id = ?", id)
	if err != nil {
		return nil, s.edge(err)
	}
	if len(tasks) == 0 {
		return nil, core.NotFound("there is no task %s", id)
	}
	return tasks[0], nil
}

// TaskFilter narrows a list of tasks. Empty fields do not narrow.
type TaskFilter struct {
	Namespace string
	Title     string // part of the title
	State     core.TaskState
	Kind      core.TaskKind
	// After is the id of the last task of the page before: tasks are listed from the newest.
	After  string
	Offset int
	Limit  int
}

// Tasks lists tasks from the newest, without deleted ones.
func (s *Store) Tasks(ctx context.Context, f TaskFilter) ([]*core.Task, error) {
	where, args := f.where()
	if f.After != "" {
		where += " AND (t.created_at, t.id) < (SELECT created_at, id FROM tasks WHERE id = ?)"
		args = append(args, f.After)
	}
	args = append(args, f.Limit, f.Offset)
	tasks, err := s.read(ctx).tasks(where+" ORDER BY t.created_at DESC, t.id DESC LIMIT ? OFFSET ?", args...)
	return tasks, s.edge(err)
}

// CountTasks counts the tasks that a filter leaves, whatever its page.
func (s *Store) CountTasks(ctx context.Context, f TaskFilter) (int64, error) {
	where, args := f.where()
	var n int64
	_, err := s.read(ctx).one([]any{&n}, "SELECT count(*) FROM tasks t JOIN task_plans p ON p.task_id = t.id "+where, args...)
	return n, s.edge(err)
}

// TaskStates gives the states of tasks by id; those that do not exist are left out.
func (s *Store) TaskStates(ctx context.Context, ids []string) (map[string]core.TaskState, error) {
	states := map[string]core.TaskState{}
	t := s.read(ctx)
	err := eachIn(ids, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var (
				id    string
				state core.TaskState
			)
			err := rows.Scan(&id, &state)
			states[id] = state
			return err
		}, "SELECT task_id, state FROM task_plans WHERE task_id IN "+list, args...)
	})
	return states, s.edge(err)
}

// Children gives the children of tasks, by parent id.
func (s *Store) Children(ctx context.Context, parents []string) (map[string][]string, error) {
	children := map[string][]string{}
	t := s.read(ctx)
	err := eachIn(parents, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var parent, child string
			err := rows.Scan(&parent, &child)
			children[parent] = append(children[parent], child)
			return err
		}, "SELECT parent_id, child_id FROM task_children WHERE parent_id IN "+list, args...)
	})
	return children, s.edge(err)
}

func (f TaskFilter) where() (string, []any) {
	where, args := "WHERE p.state <> ?", []any{string(core.TaskDeleted)}
	add := func(clause string, arg any) {
		where += " AND " + clause
		args = append(args, arg)
	}
	if f.Namespace != "" {
		add("t.namespace = ?", f.Namespace)
	}
	if f.Title != "" {
		add(`t.title LIKE ? ESCAPE '!'`, "%"+escapeLike(f.Title)+"%")
	}
	if f.State != "" {
		add("p.state = ?", string(f.State))
	}
	if f.Kind != "" {
		add("t.kind = ?", string(f.Kind))
	}
	return where, args
}

// escapeLike makes s stand for itself inside a LIKE pattern with the escape character "!".
func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func (t tx) tasks(rest string, args ...any) ([]*core.Task, error) {
	var tasks []*core.Task
	err := t.each(func(rows *sql.Rows) error {
		var (
			k                  core.Task
			def                string
			created, updated   int64
			nextDue, runs, ran sql.NullInt64
			outcome            sql.NullString
		)
		if err := rows.Scan(&k.ID, &k.Namespace, &k.Kind, &k.Title, &k.Remark, &def, &k.CreatedBy, &k.CreatedByName, &created,
			&updated, &k.State, &k.Version, &nextDue, &runs, &ran, &outcome); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(def), &k.Definition); err != nil {
			return fmt.Errorf("definition of task %s: %w", k.ID, err)
		}
		k.CreatedAt, k.UpdatedAt, k.NextDue = instant(created), instant(updated), instant(nextDue.Int64)
		k.Stats = core.TaskStats{Runs: runs.Int64, LastRunAt: instant(ran.Int64), LastOutcome: core.RunState(outcome.String)}
		tasks = append(tasks, &k)
		return nil
	}, "SELECT "+taskColumns+taskFrom+rest, args...)
	return tasks, err
}
