package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Recorded is what recording a batch of outcomes led to.
type Recorded struct {
	// Runs are the ended runs as they stand in the history.
	Runs []*core.Run
	// Stale are outcomes refused because their token, or their run, is no longer current. They are kept in the run's log.
	Stale []Held
	// Next is when the earliest retry, child or firing that waited is to be sent; zero when there is none.
	Next time.Time
	// Due says that a run set its task's next instant, which is to be planned.
	Due bool
}

// Record ends runs with the outcomes their workers reported. Each run's history row, the counters, its guard, its retry
// or its children, the state of its delayed task and the notices it owes are one transaction. random gives numbers in
// [0,1) for the jitter of retries.
func (s *Store) Record(ctx context.Context, outcomes []core.Outcome, route Route, random func() float64) (Recorded, error) {
	var rec Recorded
	err := s.write(ctx, func(t tx) error {
		rec = Recorded{}
		now := s.Now()
		ended, err := t.takeEnded(outcomes, now)
		if err != nil {
			return err
		}
		if rec.Stale, err = t.supersede(outcomes, ended, now); err != nil {
			return err
		}
		e := s.newEnding(t, now, route)
		e.random = random
		if err := e.end(ended); err != nil {
			return err
		}
		for _, x := range ended {
			rec.Runs = append(rec.Runs, x.Run)
		}
		rec.Next, rec.Due = earliest(slices.Concat(e.next, e.woken)), e.due
		return nil
	})
	return rec, err
}

// RecordBare ends a run with as little as an outcome can say, for one that Record was refused with. What is written was in
// the database before, or is made here: the row of the run, its state, the instants, the reason, which is given in place of
// all that the worker and the target had to say. No retry, child or recovery run follows, and who is to be told of a
// failure is told.
func (s *Store) RecordBare(ctx context.Context, o core.Outcome, reason string) (Recorded, error) {
	var rec Recorded
	err := s.write(ctx, func(t tx) error {
		rec = Recorded{}
		now := s.Now()
		bare := []core.Outcome{{
			RunID: o.RunID, Token: o.Token, State: o.State, SentAt: o.SentAt, AnsweredAt: o.AnsweredAt,
			Result: core.Result{Status: o.Result.Status, Reason: reason},
		}}
		ended, err := t.takeEnded(bare, now)
		if err != nil {
			return err
		}
		for _, x := range ended {
			x.Result.Reason = reason // also of a state that is none
			rec.Runs = append(rec.Runs, x.Run)
		}
		if rec.Stale, err = t.supersede(bare, ended, now); err != nil {
			return err
		}
		e := s.newEnding(t, now, nil)
		e.bare = true
		if err := e.end(ended); err != nil {
			return err
		}
		rec.Next = earliest(e.woken)
		return nil
	})
	return rec, err
}

// ended is a run taken out of the queue with how it ended.
type ended struct {
	*core.Run
	retryable  bool
	retryAfter time.Duration
	nextAt     time.Time // the next instant that it set for its task
	// abandoned says that it was cancelled because its worker is gone, and not because somebody asked for it.
	abandoned bool
}

func (r *ended) failed() bool { return r.State == core.RunFailed || r.State == core.RunTimedOut }

// takeEnded takes the runs that outcomes end out of the queue, where the token is current.
func (t tx) takeEnded(outcomes []core.Outcome, now time.Time) ([]ended, error) {
	held := make([]Held, len(outcomes))
	byID := make(map[Held]*core.Outcome, len(outcomes))
	for i := range outcomes {
		held[i] = Held{outcomes[i].RunID, outcomes[i].Token}
		byID[held[i]] = &outcomes[i]
	}
	var out []ended
	err := byToken(held, func(token int64, ids []string) error {
		return eachIn(ids, func(list string, args []any) error {
			runs, err := t.takeRuns("state IN ('dispatched','running') AND token = ? AND id IN "+list, append([]any{token}, args...)...)
			for _, r := range runs {
				o := byID[Held{r.ID, token}]
				if !o.State.Final() || !r.State.CanBecome(o.State) {
					o.State, o.Result.Reason = core.RunFailed, fmt.Sprintf("the worker reported %q, which is no outcome", o.State)
				}
				r.State, r.SentAt, r.AnsweredAt, r.RecordedAt, r.Result = o.State, o.SentAt, o.AnsweredAt, now, o.Result
				if r.State == core.RunSucceeded && r.Progress > 0 {
					r.Progress = 100 // the last that it said may not have been on its way yet
				}
				out = append(out, ended{Run: r, retryable: o.Retryable, retryAfter: o.RetryAfter, nextAt: o.NextAt})
			}
			return err
		})
	})
	return out, err
}
