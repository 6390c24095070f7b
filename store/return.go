package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// Return takes runs back that were given to a worker and that it does not have: those it never began are planned again,
// those it began are lost.
func (s *Store) Return(ctx context.Context, held []Held, route Route) error {
	return s.write(ctx, func(t tx) error {
		e := s.newEnding(t, s.Now(), route)
		if err := e.giveBack(held); err != nil {
			return err
		}
		for _, h := range held {
			if _, err := e.lose("state = 'running' AND id = ? AND token = ?", "the worker gave the run up", h.RunID, h.Token); err != nil {
				return err
			}
		}
		return nil
	})
}

// giveBack plans dispatched runs again that no worker has. One that somebody asked to end, or whose task or delayed task
// was stopped, changed or voided meanwhile, is cancelled instead, as it would have been had it been planned at that moment.
func (e *ending) giveBack(held []Held) error {
	return byToken(held, func(token int64, ids []string) error {
		return eachIn(ids, func(list string, args []any) error {
			back, err := e.changeRuns("state = 'planned', holder = '', worker = '', dispatched_at = 0, claim_at = fire_at", nil,
				"state = 'dispatched' AND token = ? AND id IN "+list, append([]any{token}, args...)...)
			if err != nil {
				return err
			}
			if err := e.dropGuardsOf(back); err != nil {
				return err
			}
			if back, err = e.endAsked(back); err != nil {
				return err
			}
			return e.cancelWithdrawn(back)
		})
	})
}

func (e *ending) cancelWithdrawn(runs []*core.Run) error {
	var tasks, delayed []string
	for _, r := range runs {
		if r.DelayedID != "" {
			delayed = append(delayed, r.DelayedID)
		} else {
			tasks = append(tasks, r.TaskID)
		}
	}
	versions, _, err := e.runningTasks(tasks)
	if err != nil {
		return err
	}
	ready, err := e.delayedRetries(delayed)
	if err != nil {
		return err
	}
	for _, r := range runs {
		_, isReady := ready[r.DelayedID]
		if isReady || r.DelayedID == "" && versions[r.TaskID] == r.TaskVersion {
			continue
		}
		if err := e.cancelPlanned("it was withdrawn before a worker had it", e.now, "id = ?", r.ID); err != nil {
			return err
		}
	}
	return nil
}
