package store

import (
	"context"
	"database/sql"

	"github.com/carillonhq/carillon/core"
)

// Expired lists incarnations whose lease has run out by the database's clock, and those that hold runs without any lease:
// one that was given up for dead between its last look and a claim holds what it claimed.
func (s *Store) Expired(ctx context.Context) ([]core.Node, error) {
	var dead []core.Node
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var n core.Node
		err := rows.Scan(&n.Incarnation, &n.Kind, &n.Name)
		dead = append(dead, n)
		return err
	}, `SELECT id, kind, name FROM incarnations WHERE lease_until < ? UNION ALL
		SELECT DISTINCT holder, '', '' FROM runs WHERE holder <> '' AND NOT EXISTS (SELECT 1 FROM incarnations WHERE id = holder)
		ORDER BY 1`, micros(s.Now()))
	return dead, s.edge(err)
}

// Recover gives back all that a dead incarnation held, unless its lease was renewed meanwhile: what a master had
// reserved is free again; what a worker had is lost, each run with a recovery run of the same occurrence where its task
// does not ask for at most once. It gives the lost runs and whether the incarnation was dead.
func (s *Store) Recover(ctx context.Context, incarnation string, route Route) (lost []*core.Run, dead bool, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		n, err := t.exec("DELETE FROM incarnations WHERE id = ? AND lease_until < ?", incarnation, micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			var one int
			if alive, err := t.one([]any{&one}, "SELECT 1 FROM incarnations WHERE id = ?", incarnation); err != nil || alive {
				return err
			}
		}
		freed, err := t.exec("UPDATE runs SET holder = '', claim_at = fire_at WHERE "+ofHolder+" AND state = 'planned'", incarnation)
		if err != nil {
			return err
		}
		e := ending{tx: t, store: s, now: now, route: route}
		lost, err = e.lose(ofHolder+" AND state IN ('dispatched','running')", "the worker went away without an outcome", incarnation)
		dead = n > 0 || freed > 0 || len(lost) > 0
		return err
	})
	return lost, dead, err
}

// lose ends runs as lost and plans their recovery.
func (e *ending) lose(where, reason string, args ...any) ([]*core.Run, error) {
	e.next, e.notify = nil, nil
	runs, err := e.collectRuns("DELETE FROM runs WHERE "+where+" RETURNING "+runColumns, args...)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	all := make([]ended, len(runs))
	for i, r := range runs {
		r.State, r.RecordedAt, r.Result.Reason = core.RunLost, e.now, reason
		all[i] = ended{Run: r}
	}
	return runs, e.end(all)
}

// Reconcile settles what a worker says it holds, when it opens a stream, with what the store gave it. Runs the store gave
// that the worker does not have go back to the queue when it never began them, and are lost when it did. It gives the
// runs that the worker has and that are no longer its own.
func (s *Store) Reconcile(ctx context.Context, incarnation string, held []Held, route Route) (stale []Held, err error) {
	err = s.write(ctx, func(t tx) error {
		given, err := t.selectRuns(ofHolder+" AND state IN ('dispatched','running')", incarnation)
		if err != nil {
			return err
		}
		has := make(map[Held]bool, len(held))
		for _, h := range held {
			has[h] = true
		}
		e := ending{tx: t, store: s, now: s.Now(), route: route}
		var back []Held
		for _, r := range given {
			h := Held{r.ID, r.Token}
			switch {
			case has[h]:
				delete(has, h)
			case r.State == core.RunDispatched && !e.atMostOnce(r):
				back = append(back, h)
			default:
				if _, err := e.lose("id = ?", "the worker gave the run up when it lost touch", r.ID); err != nil {
					return err
				}
			}
		}
		stale = stale[:0]
		for h := range has {
			stale = append(stale, h)
		}
		return e.giveBack(back)
	})
	return stale, err
}

func (e *ending) atMostOnce(r *core.Run) bool {
	if r.TaskID == "" {
		return false
	}
	defs, err := e.store.definitionsOf(e.tx, map[string]int64{r.TaskID: r.TaskVersion})
	return err == nil && defs[r.TaskID] != nil && defs[r.TaskID].AtMostOnce
}
