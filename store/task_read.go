package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/carillonhq/carillon/core"
)

const taskColumns = `t.id, t.namespace, t.kind, t.title, t.remark, t.labels, t.definition, t.created_by, t.created_by_name, t.created_at,
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

// RecentOutcomes gives how the last runs of tasks ended, at most n of each, the latest last. Tasks that never ran are left
// out.
func (s *Store) RecentOutcomes(ctx context.Context, ids []string, n int) (map[string][]core.RunState, error) {
	recent := map[string][]core.RunState{}
	t := s.read(ctx)
	for _, id := range ids { // each is a few rows of an index; a query for all would read the whole history of each
		var states []core.RunState
		if err := t.each(func(rows *sql.Rows) error {
			var state core.RunState
			err := rows.Scan(&state)
			states = append(states, state)
			return err
		}, "SELECT state FROM run_history WHERE "+ofTask+" ORDER BY id DESC LIMIT ?", id, n); err != nil {
			return nil, s.edge(err)
		}
		if len(states) > 0 {
			slices.Reverse(states)
			recent[id] = states
		}
	}
	return recent, nil
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

// escapeLike makes s stand for itself inside a LIKE pattern with the escape character "!". To SQL Server "[" has a meaning
// too.
func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_", "[", "![").Replace(s)
}

func (t tx) tasks(rest string, args ...any) ([]*core.Task, error) {
	var tasks []*core.Task
	err := t.each(func(rows *sql.Rows) error {
		var (
			k                  core.Task
			def, labels        string
			created, updated   int64
			nextDue, runs, ran sql.NullInt64
			outcome            sql.NullString
		)
		if err := rows.Scan(&k.ID, &k.Namespace, &k.Kind, &k.Title, &k.Remark, &labels, &def, &k.CreatedBy, &k.CreatedByName, &created,
			&updated, &k.State, &k.Version, &nextDue, &runs, &ran, &outcome); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(def), &k.Definition); err != nil {
			return fmt.Errorf("definition of task %s: %w", k.ID, err)
		}
		var err error
		if k.Labels, err = decodeNames(labels); err != nil {
			return fmt.Errorf("labels of task %s: %w", k.ID, err)
		}
		k.CreatedAt, k.UpdatedAt, k.NextDue = instant(created), instant(updated), instant(nextDue.Int64)
		k.Stats = core.TaskStats{Runs: runs.Int64, LastRunAt: instant(ran.Int64), LastOutcome: core.RunState(outcome.String)}
		tasks = append(tasks, &k)
		return nil
	}, "SELECT "+taskColumns+taskFrom+rest, args...)
	return tasks, err
}
