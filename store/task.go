package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// CreateTask stores a new task with its plan. When the task is running its next due must be set; runs are those already
// planned within the horizon. It fails with a conflict when a running task's plugin package is not there.
func (s *Store) CreateTask(ctx context.Context, t *core.Task, runs []*core.Run) error {
	return s.write(ctx, func(x tx) error {
		if _, err := x.exec(`INSERT INTO tasks (id,namespace,kind,title,remark,labels,definition,created_by,created_by_name,created_at,updated_at)
			VALUES (?,?,?,?,?,?,?,?,?,?,?)`, t.ID, t.Namespace, string(t.Kind), t.Title, t.Remark, encodeNames(t.Labels), encode(&t.Definition), t.CreatedBy,
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
		if err := x.setMarks(t, true); err != nil {
			return err
		}
		if err := x.noteVersion(t, t.Version, t.CreatedAt); err != nil {
			return err
		}
		if t.Plugin != nil {
			if err := x.setPlugin(t.ID, t.Namespace, t.Plugin); err != nil {
				return err
			}
			if t.State == core.TaskRunning {
				if err := x.needPlugin(PluginNeed{t.Namespace, t.Plugin.Package, t.Plugin.Version}); err != nil {
					return err
				}
			}
		}
		if _, err := x.insertRuns(runs); err != nil {
			return err
		}
		return x.audit(s.Now(), "create", core.AuditTask, t.ID, t.Title, core.Changes(nil, t))
	})
}

// EditTask stores a new definition of a stopped task under the version after t.Version, which it expects to find. Labels that
// are nil stay as they are.
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
		if err := x.auditEdit(s.Now(), t); err != nil {
			return err
		}
		if _, err := x.exec("UPDATE tasks SET kind = ?, title = ?, remark = ?, definition = ?, updated_at = ? WHERE id = ?",
			string(t.Kind), t.Title, t.Remark, encode(&t.Definition), micros(t.UpdatedAt), t.ID); err != nil {
			return err
		}
		if t.Labels != nil {
			if _, err := x.exec("UPDATE tasks SET labels = ? WHERE id = ?", encodeNames(t.Labels), t.ID); err != nil {
				return err
			}
		}
		if err := x.setMarks(t, t.Labels != nil); err != nil {
			return err
		}
		if err := x.noteVersion(t, t.Version+1, t.UpdatedAt); err != nil {
			return err
		}
		if err := x.setPlugin(t.ID, t.Namespace, t.Plugin); err != nil {
			return err
		}
		return x.setChildren(t.ID, t.Children)
	})
}

func (t tx) setChildren(parent string, children []string) error {
	if _, err := t.exec("DELETE FROM task_children WHERE parent_id = ?", parent); err != nil {
		return err
	}
	_, err := insertRows(t, into{table: "task_children", columns: "parent_id,child_id", key: "parent_id,child_id", keep: true}, children,
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
	// Needs is the plugin package without which the move fails; nil for none.
	Needs *PluginNeed
	// Cancel is the reason given to the planned runs that the move withdraws.
	Cancel string
	Now    time.Time
}

// MoveTask changes a task's state and withdraws its planned runs, in one transaction. It fails with a conflict when the
// task is not as the move expects, or a package that it needs is not there.
func (s *Store) MoveTask(ctx context.Context, m TaskMove) error {
	return s.write(ctx, func(x tx) error {
		if m.Needs != nil {
			if err := x.needPlugin(*m.Needs); err != nil {
				return err
			}
		}
		args := []any{string(m.To), 0, nullMicros(m.NextDue), m.TaskID, m.Version}
		if m.Raise {
			args[1] = 1
		}
		for _, from := range m.From {
			args = append(args, string(from))
		}
		n, err := x.exec("UPDATE task_plans SET state = ?, version = version + ?, next_due = ?, problem = '' WHERE task_id = ? AND version = ? AND state IN ("+
			marks(len(m.From))+")", args...)
		if err != nil {
			return err
		}
		if n == 0 {
			return core.Conflict("the task was changed by somebody else meanwhile: look again")
		}
		if m.Cancel != "" {
			if err := x.cancelPlanned(m.Cancel, m.Now, ofTask, m.TaskID); err != nil {
				return err
			}
		}
		if _, err = x.insertRuns(m.Runs); err != nil {
			return err
		}
		return x.auditMove(s.Now(), m)
	})
}

// cancelPlanned ends those runs that are planned. A master that holds one in its memory finds at its instant that it is
// gone.
func (t tx) cancelPlanned(reason string, now time.Time, where string, args ...any) error {
	if err := t.lockFirings(where, args...); err != nil {
		return err
	}
	runs, err := t.takeRuns(where+" AND state = ?", append(slices.Clip(args), string(core.RunPlanned))...)
	if err != nil {
		return err
	}
	for _, r := range runs {
		r.State, r.Result.Reason, r.RecordedAt = core.RunCancelled, reason, now
	}
	if err := t.dropFirings(runs, notStrict); err != nil {
		return err
	}
	return t.close(runs)
}

// LastDue is the latest instant of a task's schedule for which a run was sent; zero when none was. A schedule that
// starts again goes on after it.
func (s *Store) LastDue(ctx context.Context, taskID string) (time.Time, error) {
	last, err := s.read(ctx).lastDue(taskID)
	return last, s.edge(err)
}

func (t tx) lastDue(taskID string) (time.Time, error) {
	var open, ended sql.NullInt64
	_, err := t.one([]any{&open}, "SELECT max(due_at) FROM runs WHERE "+ofTask+" AND triggered_by = 'schedule' AND state <> ?",
		taskID, string(core.RunPlanned))
	if err != nil {
		return time.Time{}, err
	}
	_, err = t.one([]any{&ended}, "SELECT last_due_at FROM run_history WHERE "+ofTask+" AND "+bySchedule+`
		AND (state <> ? OR dispatched_at > 0) ORDER BY id DESC LIMIT 1`, taskID, string(core.RunCancelled))
	return instant(max(open.Int64, ended.Int64)), err
}
