package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"github.com/carillonhq/carillon/core"
)

// The kinds of marks that tasks are found by.
const (
	markLabel  = "label"
	markWorker = "worker" // a worker that alone may run the task, or one of several
	markKeeper = "keeper"
)

// taskMark is something that tasks are found by.
type taskMark struct{ kind, mark string }

// setMarks writes what a task is found by. Its labels stay as they are when they are not given.
func (t tx) setMarks(k *core.Task, labels bool) error {
	kept := markLabel
	if labels {
		kept = ""
	}
	if _, err := t.exec("DELETE FROM task_marks WHERE task_id = ? AND kind <> ?", k.ID, kept); err != nil {
		return err
	}
	var marks []taskMark
	if labels {
		for _, l := range k.Labels {
			marks = append(marks, taskMark{markLabel, l})
		}
	}
	for _, name := range k.Executors {
		marks = append(marks, taskMark{markWorker, name})
	}
	for _, id := range k.Keepers {
		marks = append(marks, taskMark{markKeeper, strconv.FormatInt(id, 10)})
	}
	return t.addMarks(k.ID, marks)
}

func (t tx) addMarks(taskID string, marks []taskMark) error {
	slices.SortFunc(marks, func(a, b taskMark) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.mark, b.mark)) })
	_, err := insertRows(t, into{table: "task_marks", columns: "kind,mark,task_id", key: "kind,mark,task_id", keep: true}, slices.Compact(marks),
		func(m taskMark, args []any) []any { return append(args, m.kind, m.mark, taskID) })
	return err
}

// RelabelTask adds labels to a task and takes others from it, and gives those that it has then. It fails with a conflict
// for a task that has been deleted, and as core.CheckTaskLabels does when there are too many.
func (s *Store) RelabelTask(ctx context.Context, id string, add, remove []string) (labels []string, err error) {
	err = s.write(ctx, func(x tx) error {
		var state core.TaskState
		// Behind the lock of its plan, as an edit is.
		found, err := x.one([]any{&state}, "SELECT state FROM task_plans WHERE task_id = ? FOR UPDATE", id)
		switch {
		case err != nil:
			return err
		case !found:
			return core.NotFound("there is no task %s", id)
		case state == core.TaskDeleted:
			return core.Conflict("the task has been deleted already")
		}
		var title, stored string
		if _, err := x.one([]any{&title, &stored}, "SELECT title, labels FROM tasks WHERE id = ?", id); err != nil {
			return err
		}
		before, err := decodeNames(stored)
		if err != nil {
			return err
		}
		labels = core.Relabel(before, add, remove)
		if slices.Equal(labels, before) {
			return nil
		}
		if err := core.CheckTaskLabels(labels); err != nil {
			return err
		}
		if _, err := x.exec("UPDATE tasks SET labels = ? WHERE id = ?", encodeNames(labels), id); err != nil {
			return err
		}
		if _, err := x.exec("DELETE FROM task_marks WHERE task_id = ? AND kind = ?", id, markLabel); err != nil {
			return err
		}
		marks := make([]taskMark, len(labels))
		for i, l := range labels {
			marks[i] = taskMark{markLabel, l}
		}
		if err := x.addMarks(id, marks); err != nil {
			return err
		}
		type standing struct{ Labels []string }
		return x.audit(s.Now(), "label", core.AuditTask, id, title, core.Changes(standing{before}, standing{labels}))
	})
	return labels, err
}

// Labels lists the labels that tasks have, in order, at most limit.
func (s *Store) Labels(ctx context.Context, limit int) ([]string, error) {
	labels, err := s.read(ctx).strings("SELECT DISTINCT mark FROM task_marks WHERE kind = ? ORDER BY mark LIMIT ?", markLabel, limit)
	return labels, s.edge(err)
}
