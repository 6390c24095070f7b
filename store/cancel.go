package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// A run that is with a worker is ended there, and the master that takes the request may not be the one that has the
// worker's stream. So the request is a row of cancels, on disk before it is answered with success: every master reads the
// table and passes on what it can. Whatever becomes of the run meanwhile, it is not done again (heedCancels, endAsked).
//
// A row leaves when a reader of the table finds that its run has ended. The transactions that record outcomes do not look
// for it: they are the hot path, and the table is empty most of the time.

// Cancel is a request to end a run that is with a worker.
type Cancel struct {
	Held
	// Holder is the incarnation that has the run.
	Holder string
	// Reason says who asked, and why.
	Reason string
}

// Cancels gives the requests whose run has not ended, the oldest first, and forgets the others.
func (s *Store) Cancels(ctx context.Context) ([]Cancel, error) {
	var ids []string
	var asked []Cancel
	t := s.read(ctx)
	err := t.each(func(rows *sql.Rows) error {
		var c Cancel
		err := rows.Scan(&c.RunID, &c.Reason)
		asked, ids = append(asked, c), append(ids, c.RunID)
		return err
	}, "SELECT run_id, reason FROM cancels ORDER BY asked_at, run_id")
	if err != nil || len(ids) == 0 {
		return nil, s.edge(err)
	}
	// Not a join: a server that has not counted the small table yet reads all runs for it.
	open := map[string]*core.Run{}
	err = eachIn(ids, func(list string, args []any) error {
		runs, err := t.selectRuns("id IN "+list, args...)
		for _, r := range runs {
			open[r.ID] = r
		}
		return err
	})
	if err != nil {
		return nil, s.edge(err)
	}
	var current []Cancel
	var ended []string
	for _, c := range asked {
		if r := open[c.RunID]; r != nil {
			c.Holder, c.Token = r.Holder, r.Token
			current = append(current, c)
		} else {
			ended = append(ended, c.RunID)
		}
	}
	if len(ended) == 0 {
		return current, nil
	}
	return current, s.write(ctx, func(t tx) error {
		return eachIn(ended, func(list string, args []any) error {
			_, err := t.exec("DELETE FROM cancels WHERE run_id IN "+list, args...)
			return err
		})
	})
}

// lockRuns reads open runs and keeps them as they are until the commit. Where several transactions write at once, a run
// could otherwise be lost between the look at it and the request to cancel it, and be done again.
func (t tx) lockRuns(where string, args ...any) ([]*core.Run, error) {
	return t.selectRuns(where+" FOR UPDATE", args...)
}

// askCancel notes that a run is to be ended, which is locked, or whose guard is. The first request's reason stays.
func (t tx) askCancel(id, reason string, now time.Time) error {
	return t.upsert(into{table: "cancels", columns: "run_id,reason,asked_at", key: "run_id", keep: true}, id, reason, micros(now))
}

// asked gives the reasons of those runs that somebody asked to end.
func (t tx) asked(ids []string) (map[string]string, error) {
	reasons := map[string]string{}
	err := eachIn(ids, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var id, reason string
			err := rows.Scan(&id, &reason)
			reasons[id] = reason
			return err
		}, "SELECT run_id, reason FROM cancels WHERE run_id IN "+list, args...)
	})
	return reasons, err
}

// heedCancels keeps a run that somebody asked to end from being done again: one that was lost is cancelled, one that
// failed is not retried. Runs that lead to no other are not looked up, so recording a success costs nothing more.
func (t tx) heedCancels(runs []ended) error {
	var ids []string
	for _, r := range runs {
		if r.State == core.RunLost || r.retryable && r.failed() {
			ids = append(ids, r.ID)
		}
	}
	reasons, err := t.asked(ids)
	if err != nil {
		return err
	}
	for i := range runs {
		r := &runs[i]
		switch reason, asked := reasons[r.ID]; {
		case !asked:
		case r.State == core.RunLost:
			r.State, r.Result.Reason = core.RunCancelled, reason+"; "+r.Result.Reason
		default:
			r.retryable = false
			r.Result.Reason += "; not tried again: " + reason
		}
	}
	return nil
}

// endAsked ends those of runs given back that somebody asked to end, and gives the rest.
func (e *ending) endAsked(back []*core.Run) (rest []*core.Run, err error) {
	ids := make([]string, len(back))
	for i, r := range back {
		ids[i] = r.ID
	}
	reasons, err := e.asked(ids)
	if err != nil {
		return nil, err
	}
	var cancelled []ended
	for _, r := range back {
		reason, asked := reasons[r.ID]
		if !asked {
			rest = append(rest, r)
			continue
		}
		if _, err := e.exec("DELETE FROM runs WHERE id = ?", r.ID); err != nil {
			return nil, err
		}
		r.State, r.Result.Reason, r.RecordedAt = core.RunCancelled, reason, e.now
		cancelled = append(cancelled, ended{Run: r})
	}
	if len(cancelled) == 0 {
		return rest, nil
	}
	return rest, e.end(cancelled)
}
