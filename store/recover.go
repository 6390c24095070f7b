package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Expired lists incarnations whose lease has run out by the database's clock, and those that hold runs without any lease:
// one that was given up for dead between its last look and a claim holds what it claimed. The LeaseUntil of those that have
// no lease is zero, and so is that of those whose lease was ended by Expire: they are known to be gone.
func (s *Store) Expired(ctx context.Context) ([]core.Node, error) {
	var dead []core.Node
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var n core.Node
		var lease int64
		err := rows.Scan(&n.Incarnation, &n.Kind, &n.Name, &lease)
		n.LeaseUntil = instant(lease)
		dead = append(dead, n)
		return err
	}, `SELECT id, kind, name, lease_until FROM incarnations WHERE lease_until < ? UNION ALL
		SELECT DISTINCT holder, '', '', 0 FROM runs WHERE holder <> '' AND NOT EXISTS (SELECT 1 FROM incarnations WHERE id = holder)
		ORDER BY 1`, micros(s.Now()))
	return dead, s.edge(err)
}

// Recover gives back all that a dead incarnation held, unless its lease was renewed meanwhile: what a master had
// reserved is free again; what a worker had is lost, each run with a recovery run of the same occurrence where its task
// does not ask for at most once, or cancelled when somebody asked for that. It gives the runs that ended and whether the
// incarnation was dead. It is one transaction, unless the database refuses what follows from one of the runs.
func (s *Store) Recover(ctx context.Context, incarnation string, route Route) (over []*core.Run, dead bool, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		n, alive, err := t.bury(incarnation, now)
		if err != nil || alive {
			return err
		}
		over, err = s.newEnding(t, now, route).lose(ofHolder+" AND "+withWorker, goneReason, incarnation)
		dead = n > 0 || len(over) > 0
		return err
	})
	if s.refuses(ctx, err) {
		over, err = s.recoverApart(ctx, incarnation, route)
		dead = len(over) > 0
	}
	return over, dead, err
}

const (
	withWorker = "state IN ('dispatched','running')"
	goneReason = "the worker went away without an outcome"
)

// bury ends the lease of an incarnation when it has run out, and frees what it had reserved. It gives how many rows that
// were. One that has no lease is dead, too.
func (t tx) bury(incarnation string, now time.Time) (n int64, alive bool, err error) {
	if n, err = t.exec("DELETE FROM incarnations WHERE id = ? AND lease_until < ?", incarnation, micros(now)); err != nil {
		return 0, false, err
	}
	if n == 0 {
		var one int
		if alive, err = t.one([]any{&one}, "SELECT 1 FROM incarnations WHERE id = ?", incarnation); err != nil || alive {
			return 0, alive, err
		}
	}
	freed, err := t.exec("UPDATE runs SET holder = '', claim_at = fire_at WHERE "+ofHolder+" AND state = 'planned'", incarnation)
	return n + freed, false, err
}

// lose ends runs as lost and plans their recovery; those that somebody asked to end are cancelled.
func (e *ending) lose(where, reason string, args ...any) ([]*core.Run, error) {
	runs, err := e.takeRuns(where, args...)
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
		given, err := t.selectRuns(ofHolder+" AND "+withWorker+" ORDER BY id FOR UPDATE", incarnation)
		if err != nil {
			return err
		}
		has := make(map[Held]bool, len(held))
		for _, h := range held {
			has[h] = true
		}
		e := s.newEnding(t, s.Now(), route)
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
