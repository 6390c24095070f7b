package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// PlanDelayed plans up to limit delayed tasks that are due at or before until, in one transaction. When the database
// refuses that, it does so in smaller ones, and the delayed task that is refused by itself fails. It gives how many it saw
// to, and the instant of the earliest run.
func (s *Store) PlanDelayed(ctx context.Context, until time.Time, limit int, route Route) (n int, first time.Time, err error) {
	// The look before keeps the writer free when nothing is due.
	if due, err := s.dueDelayed(s.read(ctx), until, 1, ""); err != nil || len(due) == 0 {
		return 0, time.Time{}, s.edge(err)
	}
	for size := limit; n < limit; {
		size = min(size, limit-n)
		due, at, err := s.planDelayed(ctx, until, size, route)
		switch {
		case err == nil:
			n, first = n+len(due), earlier(first, at)
			if len(due) < size {
				return n, first, nil
			}
		case len(due) == 0 || !s.refuses(ctx, err):
			return n, first, err
		case len(due) > 1:
			size = len(due) / 2
		default:
			if err := s.failDelayed(ctx, due[0], err); err != nil {
				return n, first, err
			}
			n, size = n+1, limit
		}
	}
	return n, first, nil
}

// planDelayed plans up to limit delayed tasks, the longest due first, and gives them also when it could not.
func (s *Store) planDelayed(ctx context.Context, until time.Time, limit int, route Route) (due []*core.DelayedTask, first time.Time, err error) {
	err = s.write(ctx, func(t tx) error {
		// Those that another master is planning at this moment are passed over.
		if due, err = s.dueDelayed(t, until, limit, " FOR UPDATE SKIP LOCKED"); err != nil {
			return err
		}
		now := s.Now()
		runs := make([]*core.Run, len(due))
		ids := make([]string, len(due))
		for i, d := range due {
			runs[i] = DelayedRun(d, now, route)
			ids[i] = d.ID
		}
		first = earliest(runs)
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("UPDATE delayed_tasks SET next_due = NULL, state = 'ready' WHERE id IN "+list, args...)
			return err
		})
	})
	return due, first, err
}

// failDelayed ends a delayed task whose run was refused as failed: with the record of a run that failed before it was
// planned, or where that is refused too by itself, so that it keeps no other from being planned.
func (s *Store) failDelayed(ctx context.Context, d *core.DelayedTask, refusal error) error {
	s.log.Error("a delayed task failed: its run could not be planned", "delayed", d.ID, "error", refusal)
	err := s.write(ctx, func(t tx) error {
		now := s.Now()
		if _, err := t.exec("UPDATE delayed_tasks SET next_due = NULL, state = 'ready' WHERE id = ?", d.ID); err != nil {
			return err
		}
		r := DelayedRun(d, now, firstNamed)
		r.Queue, r.State, r.RecordedAt = core.QueueDefault, core.RunFailed, now
		r.Result.Reason = "it could not be planned: " + plain(refusal)
		return s.newEnding(t, now, nil).end([]ended{{Run: r}})
	})
	if !s.refuses(ctx, err) {
		return err
	}
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("UPDATE delayed_tasks SET next_due = NULL, state = 'failed', finished_at = ? WHERE id = ?", micros(s.Now()), d.ID)
		return err
	})
}

func (s *Store) dueDelayed(t tx, until time.Time, limit int, lock string) ([]*core.DelayedTask, error) {
	var due []*core.DelayedTask
	err := t.each(func(rows *sql.Rows) error {
		var (
			d         core.DelayedTask
			at        int64
			executors string
		)
		if err := rows.Scan(&d.ID, &d.Namespace, &at, &d.Resets, &executors); err != nil {
			return err
		}
		d.Due = instant(at)
		var err error
		if d.Executors, err = decodeNames(executors); err != nil {
			// One list that cannot be read must not keep others from being planned: any worker may do it.
			s.log.Error("the executors of a delayed task cannot be read", "delayed", d.ID, "error", err)
		}
		due = append(due, &d)
		return nil
	}, "SELECT id, namespace, due_at, resets, executors FROM delayed_tasks WHERE next_due <= ? ORDER BY next_due LIMIT ?"+lock,
		micros(until), limit)
	return due, err
}
