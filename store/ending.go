package store

import (
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// ending is the part of a transaction that follows from runs having ended. It is made by newEnding only, so that every
// way in which a run may end finds what a retry or a recovery needs.
type ending struct {
	tx
	store  *Store
	now    time.Time
	route  Route
	random func() float64 // in [0,1), for the jitter of retries
	bare   bool           // no run follows from those that ended
	next   []*core.Run    // retries, recovery runs and children
	notify []*core.Run    // runs whose failure is final
	woken  []*core.Run    // runs that waited for a guard which was given up
	due    bool           // a run set its task's next instant
}

// newEnding makes an ending. Without a route a run that follows goes to the first worker that may have it.
func (s *Store) newEnding(t tx, now time.Time, route Route) *ending {
	if route == nil {
		route = firstNamed
	}
	return &ending{tx: t, store: s, now: now, route: route, random: rand.Float64}
}

// firstNamed is a Route that knows of no worker which is alive.
func firstNamed(d core.Destination) []string {
	switch {
	case len(d.Executors) > 0 && d.Plugin && !d.Routing.Strict:
		return []string{core.PluginQueueOfNode(d.Executors[0])}
	case len(d.Executors) > 0:
		return []string{core.QueueOfNode(d.Executors[0])}
	case d.Plugin:
		return []string{core.QueuePlugin}
	}
	return []string{core.QueueDefault}
}

// end writes all that follows from runs having ended.
func (e *ending) end(runs []ended) error {
	e.next, e.notify, e.woken, e.due = nil, nil, nil, false
	all := make([]*core.Run, len(runs))
	for i, r := range runs {
		all[i] = r.Run
	}
	if err := e.dropGuardsOf(all); err != nil {
		return err
	}
	// Behind the lock of the guard: a firing that takes the place of this one asks it to end under that.
	if err := e.heedCancels(runs); err != nil {
		return err
	}
	if err := e.setNext(runs); err != nil {
		return err
	}
	if err := e.wakeWaiting(all); err != nil {
		return err
	}
	if err := e.endDelayed(runs); err != nil {
		return err
	}
	if err := e.endTasks(runs); err != nil {
		return err
	}
	// What follows may have had a word on the reason, so the history comes after it.
	if err := e.archive(all); err != nil {
		return err
	}
	if !e.bare {
		if err := e.fireShardedChildren(runs); err != nil {
			return err
		}
	}
	if _, err := e.insertRuns(e.next); err != nil {
		return err
	}
	_, err := insertRows(e.tx, into{table: "notices", columns: "run_id,task_id,delayed_id,tries,next_try", key: "run_id", keep: true}, e.notify,
		func(r *core.Run, args []any) []any {
			return append(args, r.ID, r.TaskID, r.DelayedID, 0, micros(e.now))
		})
	if err != nil {
		return err
	}
	return e.count(all)
}

// retry plans the next run of an occurrence when the policy has one left.
func (e *ending) retry(r ended, policy core.RetryPolicy) bool {
	if e.bare || !r.retryable || !r.failed() {
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
		case r.State == core.RunLost && !e.bare:
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

// delayedRetries gives the retry policies of those delayed tasks that are still ready. They stay so until the transaction
// ends: a task voided meanwhile would be retried.
func (e *ending) delayedRetries(ids []string) (map[string]core.RetryPolicy, error) {
	policies := map[string]core.RetryPolicy{}
	slices.Sort(ids)
	err := eachIn(slices.Compact(ids), func(list string, args []any) error {
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
		}, "SELECT id, retry FROM delayed_tasks WHERE state = 'ready' AND id IN "+list+" ORDER BY id FOR UPDATE", args...)
	})
	return policies, err
}
