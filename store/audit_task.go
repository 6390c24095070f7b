package store

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// auditEdit keeps what an edit changes. It comes before the definition is written and behind the lock of the task's plan,
// so what it reads is what the edit replaces.
func (t tx) auditEdit(now time.Time, edited *core.Task) error {
	if !t.audits() {
		return nil
	}
	found, err := t.tasks("WHERE t.id = ?", edited.ID)
	if err != nil || len(found) == 0 {
		return err
	}
	before := *found[0]
	before.Version = edited.Version // the plan's is raised already
	after := *edited
	after.Namespace, after.State, after.Version = before.Namespace, before.State, edited.Version+1
	if after.Labels == nil {
		after.Labels = before.Labels
	}
	return t.audit(now, "edit", core.AuditTask, edited.ID, edited.Title, core.Changes(&before, &after))
}

// taskStanding is what a move changes of a task.
type taskStanding struct {
	State   core.TaskState
	Version int64
}

// auditMove keeps a move of a task.
func (t tx) auditMove(now time.Time, m TaskMove) error {
	if !t.audits() {
		return nil
	}
	title, err := t.title(m.TaskID)
	if err != nil {
		return err
	}
	before, after := taskStanding{m.From[0], m.Version}, taskStanding{m.To, m.Version}
	if m.Raise {
		after.Version++
	}
	return t.audit(now, moveAction(before.State, m.To), core.AuditTask, m.TaskID, title, core.Changes(before, after))
}

func moveAction(from, to core.TaskState) string {
	switch to {
	case core.TaskRunning:
		if from == core.TaskPaused {
			return "resume"
		}
		return "start"
	case core.TaskPaused:
		return "pause"
	case core.TaskDeleted:
		return "delete"
	}
	return "stop"
}

// title is what people know a task by; empty for one that is not there.
func (t tx) title(taskID string) (title string, err error) {
	_, err = t.one([]any{&title}, "SELECT title FROM tasks WHERE id = ?", taskID)
	return title, err
}
