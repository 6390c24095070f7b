package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// ResetDelayed takes a delayed task that succeeded, failed or was voided back to ready, to be called at due.
func (s *Store) ResetDelayed(ctx context.Context, id string, due time.Time, route Route) error {
	return s.write(ctx, func(t tx) error {
		d, err := t.lockDelayed(id)
		if err != nil {
			return err
		}
		switch d.State {
		case core.DelayedSucceeded, core.DelayedFailed, core.DelayedVoided:
		default:
			return core.Conflict("the delayed task is %s: only one that succeeded, failed or was voided can be reset", d.State)
		}
		open, err := t.selectRuns(ofDelayed, id)
		if err != nil {
			return err
		}
		if len(open) > 0 { // voided while its run was with a worker, which has not answered yet
			return core.Conflict("a run of the delayed task is still under way: wait until it has ended")
		}
		if err := t.auditDelayed(s.Now(), "reset", d, core.DelayedReady, dueChange(d.Due, due)...); err != nil {
			return err
		}
		d.Resets++
		d.Due = due
		if _, err := t.exec("UPDATE delayed_tasks SET state = 'ready', resets = ?, due_at = ?, next_due = NULL, runs = 0, finished_at = 0 WHERE id = ?",
			d.Resets, micros(due), id); err != nil {
			return err
		}
		_, err = t.insertRuns([]*core.Run{DelayedRun(d, s.Now(), route)})
		return err
	})
}

// ExecuteDelayed moves the open run of a delayed task to now. It adds none: when the run is with a worker already
// there is nothing to do.
func (s *Store) ExecuteDelayed(ctx context.Context, id string, route Route) error {
	return s.write(ctx, func(t tx) error {
		d, err := t.lockDelayed(id)
		if err != nil {
			return err
		}
		now := s.Now()
		if d.State == core.DelayedCreated || d.State == core.DelayedReady {
			if err := t.auditDelayed(now, "execute", d, core.DelayedReady); err != nil {
				return err
			}
		}
		switch d.State {
		case core.DelayedCreated:
			run := DelayedRun(d, now, route)
			run.FireAt = now
			if _, err := t.exec("UPDATE delayed_tasks SET state = 'ready', next_due = NULL WHERE id = ?", id); err != nil {
				return err
			}
			_, err = t.insertRuns([]*core.Run{run})
			return err
		case core.DelayedReady:
			// Taking the run from the master that may have reserved it makes that master's timer send nothing.
			_, err := t.exec("UPDATE runs SET fire_at = ?, claim_at = ?, holder = '' WHERE "+ofDelayed+" AND state = 'planned' AND fire_at > ?",
				micros(now), micros(now), id, micros(now))
			return err
		default:
			return core.Conflict("the delayed task is %s: reset it to have it called again", d.State)
		}
	})
}

// VoidDelayed withdraws a delayed task that has not ended, with its planned run. Of a run that is with a worker it notes
// that it is to be ended, and gives that run.
func (s *Store) VoidDelayed(ctx context.Context, id, reason string) (underWay *core.Run, err error) {
	err = s.write(ctx, func(t tx) error {
		underWay = nil
		now := s.Now()
		// Runs come before their delayed task, as they do where their end is recorded: so neither waits for the other.
		open, err := t.lockRuns(ofDelayed, id)
		if err != nil {
			return err
		}
		if err := t.auditVoid(now, id); err != nil {
			return err
		}
		n, err := t.exec("UPDATE delayed_tasks SET state = 'voided', next_due = NULL, finished_at = ? WHERE id = ? AND state IN ('created','ready')",
			micros(now), id)
		if err != nil {
			return err
		}
		if n == 0 {
			d, err := t.lockDelayed(id)
			if err != nil {
				return err
			}
			return core.Conflict("the delayed task is %s: only one that has not ended can be voided", d.State)
		}
		if err := t.cancelPlanned(reason, now, ofDelayed, id); err != nil {
			return err
		}
		for _, r := range open {
			if r.State == core.RunPlanned {
				continue
			}
			underWay = r
			if err := t.askCancel(r.ID, reason, now); err != nil {
				return err
			}
		}
		return nil
	})
	return underWay, err
}
