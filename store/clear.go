package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// ClearFilter says which ended runs are deleted by hand. Empty fields do not narrow.
type ClearFilter struct {
	TaskID string
	States []core.RunState
	// From and To leave the runs due at or after the one and before the other, to the millisecond.
	From, To time.Time
}

// clearRest is how long ago an ended run must have been recorded to be deleted by hand. Until then its end may still be looked
// at: by a late report of it, or by what it caused.
const clearRest = time.Minute

// Runs whose answer or outcome an open run will ask for are left: the parent of one, and the other shards of its firing.
const notAskedFor = `recorded_at < ? AND NOT EXISTS (SELECT 1 FROM runs c WHERE c.parent_run_id = run_history.id AND c.parent_run_id <> '')
	AND (shards = 0 OR NOT EXISTS (SELECT 1 FROM runs o WHERE o.task_id = run_history.task_id AND o.task_id <> '' AND o.shards > 0))`

// each gives the conditions of the filter, for each of its states by itself, so that an index leads to each.
func (f ClearFilter) each() [][]condition {
	var bounds []condition
	if !f.From.IsZero() {
		bounds = append(bounds, condition{clause: "id >= ?", value: core.FirstRunID(f.From)})
	}
	if !f.To.IsZero() {
		bounds = append(bounds, condition{clause: "id < ?", value: core.FirstRunID(f.To)})
	}
	ofState := "state = ?"
	if f.TaskID != "" {
		bounds = append(bounds, condition{clause: ofTask, value: f.TaskID})
		ofState = "coalesce(state, '') = ?" // as bySchedule
	}
	if len(f.States) == 0 {
		return [][]condition{bounds}
	}
	var all [][]condition
	for _, s := range f.States {
		all = append(all, append([]condition{{clause: ofState, value: string(s)}}, bounds...))
	}
	return all
}

// CountEnded counts the ended runs that a filter leaves, up to most. Those that a clearing would still leave are among them.
func (s *Store) CountEnded(ctx context.Context, f ClearFilter, most int) (total int, err error) {
	t := s.read(ctx)
	for _, conditions := range f.each() {
		var n int
		where, args := all(conditions)
		if _, err := t.one([]any{&n}, "SELECT count(*) FROM (SELECT id FROM run_history "+where+" ORDER BY id LIMIT ?) w", append(args, most-total)...); err != nil {
			return 0, s.edge(err)
		}
		if total += n; total >= most {
			break
		}
	}
	return total, nil
}

// ClearRuns deletes up to limit ended runs that a filter leaves, the oldest first, with their logs. It gives how many it
// deleted; fewer than limit means that it is done. Open runs are in another table, which it does not touch. begins says
// that it is the first of a request, which the audit keeps.
func (s *Store) ClearRuns(ctx context.Context, f ClearFilter, limit int, begins bool) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		var ids []string
		for _, conditions := range f.each() {
			where, args := all(conditions)
			more, err := t.strings("SELECT id FROM run_history "+where+" AND "+notAskedFor+" ORDER BY id LIMIT ?",
				append(args, micros(now.Add(-clearRest)), limit-len(ids))...)
			if err != nil {
				return err
			}
			if ids = append(ids, more...); len(ids) >= limit {
				break
			}
		}
		n = len(ids)
		if err := t.deleteEnded(ids); err != nil || !begins {
			return err
		}
		return t.audit(now, "clear", core.AuditRun, "", "", core.Changes(nil, f))
	})
	return n, err
}

// deleteEnded deletes ended runs with their logs.
func (t tx) deleteEnded(ids []string) error {
	return eachIn(ids, func(list string, args []any) error {
		if _, err := t.exec("DELETE FROM run_history WHERE id IN "+list, args...); err != nil {
			return err
		}
		_, err := t.exec("DELETE FROM run_logs WHERE run_id IN "+list, args...)
		return err
	})
}
