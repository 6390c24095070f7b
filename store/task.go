package store

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// CreateTask stores a new task with its plan. When the task is running its next due must be set; runs are those already
// planned within the horizon.
func (s *Store) CreateTask(ctx context.Context, t *core.Task, runs []*core.Run) error {
	return s.write(ctx, func(x tx) error {
		if _, err := x.exec(`INSERT INTO tasks (id,namespace,kind,title,remark,definition,created_by,created_by_name,created_at,updated_at)
			VALUES (?,?,?,?,?,?,?,?,?,?)`, t.ID, t.Namespace, string(t.Kind), t.Title, t.Remark, encode(&t.Definition), t.CreatedBy,
			t.CreatedByName, micros(t.CreatedAt), micros(t.UpdatedAt)); err != nil {
			return err
		}
		if _, err := x.exec("INSERT INTO task_plans (task_id,namespace,state,version,next_due) VALUES (?,?,?,?,?)",
			t.ID, t.Namespace, string(t.State), t.Version, nullMicros(t.NextDue)); err != nil {
			return err
		}
		if err := x.setChildren(t.ID, t.Children); err != nil {
			return err
		}
		_, err := x.insertRuns(runs)
		return err
	})
}

// EditTask stores a new definition of a stopped task under the version after t.Version, which it expects to find.
func (s *Store) EditTask(ctx context.Context, t *core.Task) error {
	return s.write(ctx, func(x tx) error {
		n, err := x.exec("UPDATE task_plans SET version = version + 1, next_due = NULL, problem = '' WHERE task_id = ? AND state = ? AND version = ?",
			t.ID, string(core.TaskStopped), t.Version)
		if err != nil {
			return err
		}
		if n == 0 {
			return core.Conflict("the task was changed by somebody else, or is not stopped")
		}
		if _, err := x.exec("UPDATE tasks SET kind = ?, title = ?, remark = ?, definition = ?, updated_at = ? WHERE id = ?",
			string(t.Kind), t.Title, t.Remark, encode(&t.Definition), micros(t.UpdatedAt), t.ID); err != nil {
			return err
		}
		return x.setChildren(t.ID, t.Children)
	})
}

func (t tx) setChildren(parent string, children []string) error {
	if _, err := t.exec("DELETE FROM task_children WHERE parent_id = ?", parent); err != nil {
		return err
	}
	_, err := insertRows(t, "INSERT INTO task_children (parent_id,child_id) VALUES", "ON CONFLICT DO NOTHING", 2, children,
		func(child string, args []any) []any { return append(args, parent, child) })
	return err
}

// TaskMove is a change of a task's state.
type TaskMove struct {
	TaskID  string
	From    []core.TaskState // states it may be in
	Version int64            // version it must have
	To      core.TaskState
	// Raise gives the task a new version.
	Raise bool
	// NextDue is the first due instant to plan; zero for none. Runs are those already planned within the horizon.
	NextDue time.Time
	Runs    []*core.Run
	// Cancel is the reason given to the planned runs that the move withdraws.
	Cancel string
	Now    time.Time
}

// MoveTask changes a task's state and withdraws its planned runs, in one transaction. It fails with a conflict when the
// task is not as the move expects.
func (s *Store) MoveTask(ctx context.Context, m TaskMove) error {
	return s.write(ctx, func(x tx) error {
		args := []any{string(m.To), 0, nullMicros(m.NextDue), m.TaskID, m.Version}
		if m.Raise {
			args[1] = 1
		}
		for _, from := range m.From {
			args = append(args, string(from))
		}
		n, err := x.exec("UPDATE task_plans SET state = ?, version = version + ?, next_due = ?, problem = '' WHERE task_id = ? AND version = ? AND state IN ("+
			strings.TrimSuffix(strings.Repeat("?,", len(m.From)), ",")+")", args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return core.Conflict("the task was changed by somebody else meanwhile: look again")
		}
		if m.Cancel != "" {
			if err := x.cancelPlanned(ofTask, m.TaskID, m.Cancel, m.Now); err != nil {
				return err
			}
		}
		_, err = x.insertRuns(m.Runs)
		return err
	})
}

// cancelPlanned ends the planned runs of a task or delayed task. A master that holds one in its memory finds at its
// instant that it is gone.
func (t tx) cancelPlanned(where, id, reason string, now time.Time) error {
	runs, err := t.collectRuns("DELETE FROM runs WHERE "+where+" AND state = ? RETURNING "+runColumns, id, string(core.RunPlanned))
	if err != nil {
		return err
	}
	for _, r := range runs {
		r.State, r.Result.Reason, r.RecordedAt = core.RunCancelled, reason, now
	}
	return t.close(runs)
}

// LastDue is the latest instant of a task's schedule for which a run was sent; zero when none was. A schedule that
// starts again goes on after it.
func (s *Store) LastDue(ctx context.Context, taskID string) (time.Time, error) {
	t := s.read(ctx)
	var open, ended sql.NullInt64
	_, err := t.one([]any{&open}, "SELECT max(due_at) FROM runs WHERE "+ofTask+" AND triggered_by = 'schedule' AND state <> ?",
		taskID, string(core.RunPlanned))
	if err != nil {
		return time.Time{}, s.edge(err)
	}
	_, err = t.one([]any{&ended}, "SELECT last_due_at FROM run_history WHERE "+ofTask+` AND triggered_by = 'schedule'
		AND (state <> ? OR dispatched_at > 0) ORDER BY id DESC LIMIT 1`, taskID, string(core.RunCancelled))
	return instant(max(open.Int64, ended.Int64)), s.edge(err)
}
