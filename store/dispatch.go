package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

// guardWait is how long a run that must wait for its task's guard is left before it is claimed again. Masters claim what is
// due within the look-ahead, so it is put as far behind that.
const guardWait = 500 * time.Millisecond

// Handout is a run about to be given to a worker.
type Handout struct {
	*Reserved
	Worker      string // name
	Incarnation string
}

// Dispatch commits runs that master holds as dispatched, each to its worker, and gives those that may now be sent. Left
// out are runs that were withdrawn meanwhile, runs whose task's guard is taken (a new firing ends as a conflict, a retry
// goes back to wait), and any whose reservation is no longer master's.
func (s *Store) Dispatch(ctx context.Context, master string, batch []Handout) ([]Handout, error) {
	var sent []Handout
	err := s.write(ctx, func(t tx) error {
		now := s.Now()
		won, err := t.markDispatched(master, batch, now)
		if err != nil {
			return err
		}
		losers, err := t.takeGuards(won, now)
		if err != nil {
			return err
		}
		sent = sent[:0]
		for _, h := range won {
			if _, lost := losers[h.ID]; !lost {
				sent = append(sent, h)
			}
		}
		return t.turnAway(won, losers, now)
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}

type target struct {
	incarnation string
	token       int64
}

func (t tx) markDispatched(master string, batch []Handout, now time.Time) ([]Handout, error) {
	groups := map[target][]string{}
	var order []target
	for _, h := range batch {
		k := target{h.Incarnation, h.Token}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], h.ID)
	}
	names := map[string]string{}
	for _, h := range batch {
		names[h.Incarnation] = h.Worker
	}
	won := make(map[Held]bool, len(batch)) // by token too: a run may have been claimed again beside an old claim
	for _, k := range order {
		err := eachIn(groups[k], func(list string, args []any) error {
			return t.each(func(rows *sql.Rows) error {
				var id string
				err := rows.Scan(&id)
				won[Held{id, k.token}] = true
				return err
			}, "UPDATE runs SET state = 'dispatched', holder = ?, worker = ?, dispatched_at = ? WHERE state = 'planned' AND holder = ? AND token = ? AND id IN "+
				list+" RETURNING id", append([]any{k.incarnation, names[k.incarnation], micros(now), master, k.token}, args...)...)
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Handout
	for _, h := range batch {
		if won[Held{h.ID, h.Token}] {
			h.State, h.DispatchedAt = core.RunDispatched, now
			h.Run.Holder, h.Run.Worker = h.Incarnation, h.Worker
			out = append(out, h)
		}
	}
	return out, nil
}

// takeGuards takes the guards that runs need, in the order of the batch, and gives the runs that found theirs taken with
// the id of the run that has it.
func (t tx) takeGuards(batch []Handout, now time.Time) (map[string]string, error) {
	var guarded []Handout
	for _, h := range batch {
		if h.Task != nil && h.Task.Overlap.Guarded() {
			guarded = append(guarded, h)
		}
	}
	taken, err := insertRows(t, "INSERT INTO guards (task_id,run_id,taken_at) VALUES", "ON CONFLICT DO NOTHING", 3, guarded,
		func(h Handout, args []any) []any { return append(args, h.TaskID, h.ID, micros(now)) })
	if err != nil || taken == int64(len(guarded)) {
		return nil, err
	}
	tasks := make([]string, len(guarded))
	for i, h := range guarded {
		tasks[i] = h.TaskID
	}
	owner := map[string]string{}
	err = eachIn(tasks, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var task, run string
			err := rows.Scan(&task, &run)
			owner[task] = run
			return err
		}, "SELECT task_id, run_id FROM guards WHERE task_id IN "+list, args...)
	})
	losers := map[string]string{}
	for _, h := range guarded {
		if owner[h.TaskID] != h.ID {
			losers[h.ID] = owner[h.TaskID]
		}
	}
	return losers, err
}

// turnAway ends new firings that found the guard taken and sends retries back to wait.
func (t tx) turnAway(batch []Handout, losers map[string]string, now time.Time) error {
	var conflicts []*core.Run
	for _, h := range batch {
		holder, lost := losers[h.ID]
		if !lost {
			continue
		}
		if core.WaitsForGuard(h.Trigger) {
			if _, err := t.exec("UPDATE runs SET state = 'planned', holder = '', worker = '', dispatched_at = 0, claim_at = ? WHERE id = ?",
				micros(now.Add(core.LookAhead+guardWait)), h.ID); err != nil {
				return err
			}
			continue
		}
		if _, err := t.exec("DELETE FROM runs WHERE id = ?", h.ID); err != nil {
			return err
		}
		h.State, h.RecordedAt = core.RunConflict, now
		h.Result.Reason = fmt.Sprintf("run %s of the task was unfinished", holder)
		conflicts = append(conflicts, h.Run)
	}
	return t.close(conflicts)
}

// Started notes that workers began runs: dispatched becomes running.
func (s *Store) Started(ctx context.Context, held []Held, at time.Time) error {
	return s.write(ctx, func(t tx) error {
		return byToken(held, func(token int64, ids []string) error {
			return eachIn(ids, func(list string, args []any) error {
				_, err := t.exec("UPDATE runs SET state = 'running', started_at = ? WHERE state = 'dispatched' AND token = ? AND id IN "+list,
					append([]any{micros(at), token}, args...)...)
				return err
			})
		})
	})
}

// dropGuards gives up the guards that runs hold.
func (t tx) dropGuards(runs []*core.Run) error {
	tasks, ids := make([]string, 0, len(runs)), make([]string, 0, len(runs))
	for _, r := range runs {
		if r.TaskID != "" {
			tasks, ids = append(tasks, r.TaskID), append(ids, r.ID)
		}
	}
	return eachIn(tasks, func(list string, args []any) error {
		n := min(len(ids), maxIn)
		these := ids[:n]
		ids = ids[n:]
		return eachIn(these, func(runList string, runArgs []any) error {
			_, err := t.exec("DELETE FROM guards WHERE task_id IN "+list+" AND run_id IN "+runList, append(args, runArgs...)...)
			return err
		})
	})
}
