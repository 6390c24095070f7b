package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// PostponeDelayed has a delayed task that has not ended called at another instant. What holds before and after:
//
//   - It is created, or ready with a run that is planned: one that a worker has is left alone, and one that has ended is
//     reset instead. A run that a master has reserved is still planned; without its row, that master's timer sends nothing.
//   - A run that was planned is withdrawn and recorded as cancelled, for every planned firing has an outcome. The next one
//     counts as after a reset, which makes its key a new one: the one withdrawn keeps its id, even when both are due at the
//     same instant. So a retry that was postponed begins anew with the whole retry policy.
//   - There is then one open run when the new instant lies within the horizon, and none before the planner makes it otherwise.
//
// All of it is one transaction. The reason is recorded with the run withdrawn. soon says that a run is planned already.
func (s *Store) PostponeDelayed(ctx context.Context, id string, due time.Time, reason string, plan PlanAhead) (soon bool, err error) {
	err = s.write(ctx, func(t tx) error {
		soon = false
		// Runs come before their delayed task, as they do where their end is recorded.
		open, err := t.lockRuns(ofDelayed, id)
		if err != nil {
			return err
		}
		d, err := t.lockDelayed(id)
		if err != nil {
			return err
		}
		switch {
		case d.State != core.DelayedCreated && d.State != core.DelayedReady:
			return core.Conflict("the delayed task is %s: only one that has not ended can be postponed", d.State)
		case d.State == core.DelayedReady && len(open) == 0: // it was planned between the two looks
			if open, err = t.lockRuns(ofDelayed, id); err != nil {
				return err
			}
		}
		for _, r := range open {
			if r.State != core.RunPlanned {
				return core.Conflict("a run of the delayed task is under way: it cannot be postponed any more")
			}
		}
		now := s.Now()
		if err := t.auditDelayed(now, "postpone", d, d.State, dueChange(d.Due, due)...); err != nil {
			return err
		}
		if len(open) > 0 {
			if err := t.cancelPlanned(reason, now, ofDelayed, id); err != nil {
				return err
			}
			d.Resets, d.Runs = d.Resets+1, 0
		}
		d.Due, d.State = due, core.DelayedCreated
		next := nullMicros(due)
		if !due.After(plan.Until) {
			d.State, next, soon = core.DelayedReady, sql.NullInt64{}, true
			if _, err := t.insertRuns([]*core.Run{DelayedRun(d, now, plan.Route)}); err != nil {
				return err
			}
		}
		_, err = t.exec("UPDATE delayed_tasks SET state = ?, due_at = ?, next_due = ?, resets = ?, runs = ? WHERE id = ?",
			string(d.State), micros(due), next, d.Resets, d.Runs, id)
		return err
	})
	return soon, err
}
