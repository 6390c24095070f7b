package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// ReplayRun plans a run that does an ended run of a task again, to be sent at once: another occurrence, with the result of the
// same parent and what the ended one was given in place of what its task says. request is unique to the asking. When the task's firings go to several workers it gives the run for the first.
func (s *Store) ReplayRun(ctx context.Context, ended *core.Run, task *core.Task, request string, user int64, route Route) (*core.Run, error) {
	now := s.Now()
	r := newRun(core.ReplayKey(ended.ID, request), core.TriggerReplay, now, now)
	r.Namespace, r.TaskID, r.TaskVersion, r.RequestedBy = task.Namespace, task.ID, task.Version, user
	r.ReplayOf, r.ParentRunID = ended.ID, ended.ParentRunID
	runs := fire(r, &task.Definition, route)
	err := s.write(ctx, func(t tx) error {
		if err := t.inForce(task); err != nil {
			return err
		}
		given, err := t.overrides([]*core.Run{ended})
		if err != nil {
			return err
		}
		if err := t.noteOverrides(r, given[ended.Firing()]); err != nil {
			return err
		}
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		return t.audit(now, "replay", core.AuditRun, ended.ID, task.Title, []core.FieldChange{{Field: "run", After: r.ID}})
	})
	return r, err
}
