package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Recorded is what recording a batch of outcomes led to.
type Recorded struct {
	// Runs are the ended runs as they stand in the history.
	Runs []*core.Run
	// Stale are outcomes refused because their token, or their run, is no longer current. They are kept in the run's log.
	Stale []Held
	// Next is when the earliest retry or child is to be sent; zero when there is none.
	Next time.Time
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
		e := ending{tx: t, store: s, now: now, route: route, random: random}
		if err := e.end(ended); err != nil {
			return err
		}
		for _, x := range ended {
			rec.Runs = append(rec.Runs, x.Run)
		}
		rec.Next = earliest(e.next)
		return nil
	})
	return rec, err
}

// ended is a run taken out of the queue with how it ended.
type ended struct {
	*core.Run
	retryable  bool
	retryAfter time.Duration
}

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
			runs, err := t.collectRuns("DELETE FROM runs WHERE state IN ('dispatched','running') AND token = ? AND id IN "+list+
				" RETURNING "+runColumns, append([]any{token}, args...)...)
			for _, r := range runs {
				o := byID[Held{r.ID, token}]
				if !o.State.Final() || !r.State.CanBecome(o.State) {
					o.State, o.Result.Reason = core.RunFailed, fmt.Sprintf("the worker reported %q, which is no outcome", o.State)
				}
				r.State, r.SentAt, r.AnsweredAt, r.RecordedAt, r.Result = o.State, o.SentAt, o.AnsweredAt, now, o.Result
				out = append(out, ended{Run: r, retryable: o.Retryable, retryAfter: o.RetryAfter})
			}
			return err
		})
	})
	return out, err
}

// supersede notes outcomes that came too late in the log of their run.
func (t tx) supersede(outcomes []core.Outcome, current []ended, now time.Time) ([]Held, error) {
	if len(current) == len(outcomes) {
		return nil, nil
	}
	taken := make(map[Held]bool, len(current))
	for _, r := range current {
		taken[Held{r.ID, r.Token}] = true
	}
	var stale []Held
	for i := range outcomes {
		o := &outcomes[i]
		h := Held{o.RunID, o.Token}
		if taken[h] {
			taken[h] = false // a second report of the same outcome is stale too
			continue
		}
		stale = append(stale, h)
		line := core.LogLine{At: now, Level: "warn", Text: fmt.Sprintf("superseded: a report of %q (%s) under token %d came after the run was given on or ended", o.State, o.Result.Reason, o.Token)}
		if _, err := t.exec("INSERT INTO run_logs (run_id,token,first,lines) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
			o.RunID, o.Token, supersededLine, encodeLines([]core.LogLine{line})); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// supersededLine is the number that a superseded report's line has in the log: after all lines a run can have sent.
const supersededLine = 1 << 40

// ending is the part of a transaction that follows from runs having ended.
type ending struct {
	tx
	store  *Store
	now    time.Time
	route  Route
	random func() float64
	next   []*core.Run // retries, recovery runs and children
	notify []*core.Run // runs whose failure is final
}

// end writes all that follows from runs having ended.
func (e *ending) end(runs []ended) error {
	all := make([]*core.Run, len(runs))
	for i, r := range runs {
		all[i] = r.Run
	}
	if err := e.dropGuards(all); err != nil {
		return err
	}
	if err := e.endDelayed(runs); err != nil {
		return err
	}
	if err := e.endTasks(runs); err != nil {
		return err
	}
	// What follows may have had a word on the reason, so the history comes after it.
	if err := e.close(all); err != nil {
		return err
	}
	if _, err := e.insertRuns(e.next); err != nil {
		return err
	}
	_, err := insertRows(e.tx, "INSERT INTO notices (run_id,task_id,delayed_id,tries,next_try) VALUES", "ON CONFLICT DO NOTHING", 5,
		e.notify, func(r *core.Run, args []any) []any {
			return append(args, r.ID, r.TaskID, r.DelayedID, 0, micros(e.now))
		})
	return err
}

// retry plans the next run of an occurrence when the policy has one left.
func (e *ending) retry(r ended, policy core.RetryPolicy) bool {
	if !r.retryable || (r.State != core.RunFailed && r.State != core.RunTimedOut) {
		return false
	}
	delay, ok := policy.Next(r.Retry+1, r.retryAfter, e.random())
	if !ok {
		return false
	}
	next := again(r.Run, e.now.Add(delay), e.now)
	next.Retry++
	e.next = append(e.next, next)
	return true
}

// redo plans the recovery of a lost run: the same occurrence again, at once. It is not counted as a retry.
func (e *ending) redo(r *core.Run) *core.Run {
	next := again(r, e.now, e.now)
	next.Due = r.Due
	e.next = append(e.next, next)
	return next
}

// endDelayed moves the delayed tasks that runs belong to: succeeded, still ready with another run planned, failed, or
// voided when somebody cancelled the run.
func (e *ending) endDelayed(runs []ended) error {
	var succeeded, failed, voided, retried, unclear []string
	for _, r := range runs {
		switch {
		case r.DelayedID == "":
		case r.State == core.RunSucceeded:
			succeeded = append(succeeded, r.DelayedID)
		default:
			unclear = append(unclear, r.DelayedID)
		}
	}
	policies, err := e.delayedRetries(unclear)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.DelayedID == "" || r.State == core.RunSucceeded {
			continue
		}
		policy, open := policies[r.DelayedID]
		switch {
		case !open: // voided while its run was under way
		case r.State == core.RunCancelled:
			voided = append(voided, r.DelayedID)
		case r.State == core.RunLost:
			e.redo(r.Run)
			retried = append(retried, r.DelayedID)
		case e.retry(r, policy):
			retried = append(retried, r.DelayedID)
		default:
			failed = append(failed, r.DelayedID)
			e.notify = append(e.notify, r.Run)
		}
	}
	for _, m := range []struct {
		state core.DelayedState
		ended time.Time
		sent  int // how many more of its runs were sent and ended
		ids   []string
	}{
		{core.DelayedSucceeded, e.now, 1, succeeded},
		{core.DelayedFailed, e.now, 1, failed},
		{core.DelayedVoided, e.now, 0, voided},
		{core.DelayedReady, time.Time{}, 1, retried},
	} {
		err := eachIn(m.ids, func(list string, args []any) error {
			_, err := e.exec("UPDATE delayed_tasks SET state = ?, finished_at = ?, runs = runs + ? WHERE state = 'ready' AND id IN "+list,
				append([]any{string(m.state), micros(m.ended), m.sent}, args...)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// delayedRetries gives the retry policies of those delayed tasks that are still ready.
func (e *ending) delayedRetries(ids []string) (map[string]core.RetryPolicy, error) {
	policies := map[string]core.RetryPolicy{}
	err := eachIn(ids, func(list string, args []any) error {
		return e.each(func(rows *sql.Rows) error {
			var id, text string
			if err := rows.Scan(&id, &text); err != nil {
				return err
			}
			var p core.RetryPolicy
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				// One policy that cannot be read must not keep other runs from being recorded: it retries nothing.
				e.store.log.Error("a retry policy cannot be read", "delayed", id, "error", err)
				p = core.RetryPolicy{}
			}
			policies[id] = p
			return nil
		}, "SELECT id, retry FROM delayed_tasks WHERE state = 'ready' AND id IN "+list, args...)
	})
	return policies, err
}
