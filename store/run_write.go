package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// RunTask plans a run of a task asked for by hand, to be sent at once. request is unique to the asking. When the firing goes
// to several workers it gives the run for the first.
func (s *Store) RunTask(ctx context.Context, task *core.Task, request string, user int64, route Route) (*core.Run, error) {
	return s.RunTaskWith(ctx, task, request, user, route, core.Overrides{})
}

// RunTaskWith is RunTask with something given in place of what the task says, which must fit it.
func (s *Store) RunTaskWith(ctx context.Context, task *core.Task, request string, user int64, route Route, given core.Overrides) (*core.Run, error) {
	now := s.Now()
	r := newRun(core.ManualKey(request), core.TriggerManual, now, now)
	r.Namespace, r.TaskID, r.TaskVersion, r.RequestedBy = task.Namespace, task.ID, task.Version, user
	runs := fire(r, &task.Definition, route)
	err := s.write(ctx, func(t tx) error {
		if err := t.inForce(task); err != nil {
			return err
		}
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		if err := t.noteOverrides(r, &given); err != nil || !t.audits() {
			return err
		}
		title, err := t.title(task.ID)
		if err != nil {
			return err
		}
		return t.audit(now, "run", core.AuditTask, task.ID, title, append([]core.FieldChange{{Field: "run", After: r.ID}}, core.Changes(nil, given)...))
	})
	return r, err
}

// inForce refuses a task that is not running under the version at hand, and has it stay so until the commit.
func (t tx) inForce(task *core.Task) error {
	var state core.TaskState
	var version int64
	if _, err := t.one([]any{&state, &version}, "SELECT state, version FROM task_plans WHERE task_id = ? FOR SHARE", task.ID); err != nil {
		return err
	}
	if state != core.TaskRunning || version != task.Version {
		return core.Conflict("the task was changed by somebody else meanwhile: look again")
	}
	return nil
}

// CancelRun withdraws a planned run. Of a run that is with a worker it notes that it is to be ended, and gives the run.
func (s *Store) CancelRun(ctx context.Context, id, reason string) (underWay *core.Run, err error) {
	err = s.write(ctx, func(t tx) error {
		if err := t.lockFirings("id = ?", id); err != nil {
			return err
		}
		open, err := t.lockRuns("id = ?", id)
		if err != nil {
			return err
		}
		if len(open) == 0 {
			ended, err := t.history(false, "WHERE id = ?", id)
			if err != nil {
				return err
			}
			if len(ended) == 0 {
				return core.NotFound("there is no run %s", id)
			}
			return core.Conflict("the run has ended: it is %s", ended[0].State)
		}
		r := open[0]
		if err := t.audit(s.Now(), "cancel", core.AuditRun, id, "", []core.FieldChange{{Field: "reason", After: reason}}); err != nil {
			return err
		}
		if r.State != core.RunPlanned {
			underWay = r
			return t.askCancel(id, reason, s.Now())
		}
		if _, err := t.exec("DELETE FROM runs WHERE id = ?", id); err != nil {
			return err
		}
		r.State, r.Result.Reason, r.RecordedAt = core.RunCancelled, reason, s.Now()
		return s.newEnding(t, r.RecordedAt, nil).end([]ended{{Run: r}})
	})
	return underWay, err
}

// Prune deletes up to limit ended runs that were due and recorded before an instant, with their logs. It gives how many
// it deleted; fewer than limit means that it is done.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.prune(ctx, "SELECT id FROM run_history WHERE id < ? AND recorded_at < ? ORDER BY id LIMIT ?",
		core.FirstRunID(before), micros(before), limit)
}

// PruneDelayed deletes up to limit delayed tasks that were created and ended before an instant. Their ids begin with the
// instant of creation, as those of runs begin with the due instant.
func (s *Store) PruneDelayed(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.pruneWhere(ctx, "delayed_tasks", "id", "id < ? AND finished_at > 0 AND finished_at < ?", limit, core.FirstRunID(before), micros(before))
}

// PruneTask deletes up to limit ended runs of a task beyond its newest keep, which must be 1 or more.
func (s *Store) PruneTask(ctx context.Context, taskID string, keep, limit int) (int, error) {
	return s.prune(ctx, "SELECT id FROM run_history WHERE "+ofTask+` AND id <
		(SELECT id FROM run_history WHERE `+ofTask+" ORDER BY id DESC LIMIT 1 OFFSET ?) ORDER BY id LIMIT ?", taskID, taskID, keep-1, limit)
}

func (s *Store) prune(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		ids, err := t.strings(query, args...)
		if err != nil {
			return err
		}
		n = len(ids)
		return t.deleteEnded(ids)
	})
	return n, err
}

// CrowdedTasks lists the tasks that have more ended runs than keep.
func (s *Store) CrowdedTasks(ctx context.Context, keep int) ([]string, error) {
	ids, err := s.read(ctx).strings(`SELECT p.task_id FROM task_plans p WHERE EXISTS
		(SELECT 1 FROM run_history h WHERE h.task_id = p.task_id AND h.task_id <> '' ORDER BY h.id DESC LIMIT 1 OFFSET ?) ORDER BY p.task_id`, keep)
	return ids, s.edge(err)
}
