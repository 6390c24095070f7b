package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// LateTasks lists the tasks, by id, that have an open run which was due before an instant. Ids begin with the due
// instant, and the index by task holds nothing else, so no run itself is read.
func (s *Store) LateTasks(ctx context.Context, before time.Time) ([]string, error) {
	ids, err := s.read(ctx).strings("SELECT task_id FROM runs WHERE task_id <> '' GROUP BY task_id HAVING min(id) < ? ORDER BY task_id",
		core.FirstRunID(before))
	return ids, s.edge(err)
}

// LateRuns gives up to limit runs that a task's schedule planned and that nobody holds, due at or after from and before
// an instant, and not put off to a later one, the longest due first.
func (s *Store) LateRuns(ctx context.Context, taskID string, from, before time.Time, limit int) ([]*core.Run, error) {
	runs, err := s.read(ctx).selectRuns(ofTask+` AND state = 'planned' AND holder = '' AND triggered_by = 'schedule'
		AND due_at >= ? AND due_at < ? AND fire_at < ? ORDER BY due_at LIMIT ?`, taskID, micros(from), micros(before), micros(before), limit)
	return runs, s.edge(err)
}

// joinMissed gives the rows that ended runs have in the history. Missed firings with no other run of their task between
// them are one row, a stretch with its count, first and last, under the id of the first; and where the task's newest row
// is such a stretch, that one is lengthened instead. So an outage of hours is one line of a task's history, whoever
// judges its firings and however often, and a task that fires every second does not bury it under thousands.
//
// The runs stay as they are: the counters count each firing. A firing that goes to several workers has a row for each of
// its runs, missed or not: what one of them missed is no stretch of the task's.
func (t tx) joinMissed(runs []*core.Run) ([]*core.Run, error) {
	isMissed := func(r *core.Run) bool { return r.State == core.RunMissed && r.TaskID != "" && r.Shards == 0 }
	if !slices.ContainsFunc(runs, isMissed) {
		return runs, nil
	}
	var rows, missed []*core.Run
	for _, r := range runs {
		if isMissed(r) {
			missed = append(missed, r)
		} else {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(missed, func(a, b *core.Run) int {
		return cmp.Or(cmp.Compare(a.TaskID, b.TaskID), cmp.Compare(a.TaskVersion, b.TaskVersion), a.FirstDue.Compare(b.FirstDue))
	})
	for len(missed) > 0 {
		n := 1
		for n < len(missed) && missed[n].TaskID == missed[0].TaskID && missed[n].TaskVersion == missed[0].TaskVersion {
			n++
		}
		fresh, err := t.joinStretches(missed[:n])
		if err != nil {
			return nil, err
		}
		rows, missed = append(rows, fresh...), missed[n:]
	}
	return rows, nil
}

// joinStretches joins the missed firings of one task and version, in order of due, and lengthens the task's newest row
// when they go on where it ends. It gives the rows that are new.
func (t tx) joinStretches(runs []*core.Run) (fresh []*core.Run, err error) {
	taskID, first, last := runs[0].TaskID, runs[0].FirstDue, runs[len(runs)-1].FirstDue
	newest, err := t.history(false, "WHERE "+ofTask+" AND id < ? ORDER BY id DESC LIMIT 1", taskID, core.FirstRunID(first))
	if err != nil {
		return nil, err
	}
	var stored, stretch *core.Run // the row to lengthen; the stretch that may go on
	from := first
	if len(newest) == 1 && newest[0].State == core.RunMissed && newest[0].Shards == 0 && newest[0].TaskVersion == runs[0].TaskVersion {
		stored, stretch, from = newest[0], newest[0], newest[0].LastDue
	}
	others, err := t.duesBetween(taskID, from, first, last)
	if err != nil {
		return nil, err
	}
	added := 0
	for _, r := range runs {
		if stretch == nil || anyBetween(others, stretch.LastDue, r.FirstDue) {
			row := *r
			stretch = &row
			fresh = append(fresh, stretch)
			continue
		}
		lengthen(stretch, r)
		if stretch == stored {
			added += r.Count
		}
	}
	if added == 0 {
		return fresh, nil
	}
	// Two masters may lengthen it at once: the count is added to, and the last instant never falls.
	_, err = t.exec(`UPDATE run_history SET missed_count = missed_count + ?, last_due_at = CASE WHEN last_due_at < ? THEN ? ELSE last_due_at END,
		recorded_at = ?, reason = ? WHERE id = ?`, added, micros(stored.LastDue), micros(stored.LastDue), micros(stored.RecordedAt),
		stored.Result.Reason, stored.ID)
	return fresh, err
}

// lengthen adds missed firings to the end of a stretch. Reasons that differ are told one after the other.
func lengthen(stretch, r *core.Run) {
	stretch.Count += r.Count
	if r.LastDue.After(stretch.LastDue) {
		stretch.LastDue = r.LastDue
	}
	if r.RecordedAt.After(stretch.RecordedAt) {
		stretch.RecordedAt = r.RecordedAt
	}
	if !strings.Contains(stretch.Result.Reason, r.Result.Reason) {
		stretch.Result.Reason += "; " + r.Result.Reason
	}
}

// duesBetween gives, in order, the due instants of a task's open runs after from and before last, and those of its ended
// ones after first and before last: what may lie between the firings of a stretch.
func (t tx) duesBetween(taskID string, from, first, last time.Time) ([]time.Time, error) {
	var dues []time.Time
	scan := func(rows *sql.Rows) error {
		var due int64
		err := rows.Scan(&due)
		dues = append(dues, instant(due))
		return err
	}
	if from.Before(last) {
		if err := t.each(scan, "SELECT due_at FROM runs WHERE "+ofTask+" AND due_at > ? AND due_at < ?", taskID, micros(from), micros(last)); err != nil {
			return nil, err
		}
	}
	if first.Before(last) {
		if err := t.each(scan, "SELECT due_at FROM run_history WHERE "+ofTask+" AND id >= ? AND id < ? AND due_at > ? AND due_at < ?",
			taskID, core.FirstRunID(first), core.FirstRunID(last.Add(time.Millisecond)), micros(first), micros(last)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(dues, time.Time.Compare)
	return dues, nil
}

// anyBetween says whether one of some instants, in order, lies after a and before b.
func anyBetween(instants []time.Time, a, b time.Time) bool {
	i, found := slices.BinarySearchFunc(instants, a, time.Time.Compare)
	for found && i < len(instants) && instants[i].Equal(a) {
		i++
	}
	return i < len(instants) && instants[i].Before(b)
}
