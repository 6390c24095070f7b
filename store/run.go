package store

import (
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// runColumns are the columns of runs in the order that runValues writes and scanRun reads them.
const runColumns = "id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry," +
	"requested_by,shard,shards,queue,state,due_at,fire_at,claim_at,token,holder,worker,planned_at,dispatched_at,started_at,progress,replay_of"

// Conditions on columns whose indexes, in runs and run_history alike, leave empty values out. A database uses such an
// index only when the condition itself rules them out: it does not look at what is bound to the parameter.
const (
	ofTask    = "task_id = ? AND task_id <> ''"
	ofDelayed = "delayed_id = ? AND delayed_id <> ''"
	ofHolder  = "holder = ? AND holder <> ''"
	// bySchedule goes beside ofTask. It names the column in an expression, so that SQLite, which counts no rows, does not
	// take the index on it for the better one.
	bySchedule = "coalesce(triggered_by, '') = 'schedule'"
)

func runValues(r *core.Run, args []any) []any {
	claim := sql.NullInt64{}
	if r.State == core.RunPlanned && r.Holder == "" {
		claim = nullMicros(r.FireAt)
	}
	return append(args, r.ID, r.Namespace, r.TaskID, r.TaskVersion, r.DelayedID, r.OccurrenceID, r.ParentRunID,
		string(r.Trigger), r.Attempt, r.Retry, r.RequestedBy, r.Shard, r.Shards, r.Queue, string(r.State), micros(r.Due), micros(r.FireAt),
		claim, r.Token, r.Holder, r.Worker, micros(r.PlannedAt), micros(r.DispatchedAt), micros(r.SentAt), r.Progress, r.ReplayOf)
}

func scanRun(rows *sql.Rows) (*core.Run, error) {
	var (
		r                                         core.Run
		claim                                     sql.NullInt64
		due, fireAt, planned, dispatched, started int64
	)
	err := rows.Scan(&r.ID, &r.Namespace, &r.TaskID, &r.TaskVersion, &r.DelayedID, &r.OccurrenceID, &r.ParentRunID,
		&r.Trigger, &r.Attempt, &r.Retry, &r.RequestedBy, &r.Shard, &r.Shards, &r.Queue, &r.State, &due, &fireAt, &claim,
		&r.Token, &r.Holder, &r.Worker, &planned, &dispatched, &started, &r.Progress, &r.ReplayOf)
	r.Due, r.FireAt, r.PlannedAt = instant(due), instant(fireAt), instant(planned)
	r.DispatchedAt, r.SentAt = instant(dispatched), instant(started)
	r.Count, r.FirstDue, r.LastDue = 1, r.Due, r.Due
	return &r, err
}

// selectRuns reads open runs.
func (t tx) selectRuns(where string, args ...any) ([]*core.Run, error) {
	return t.collectRuns("SELECT "+runColumns+" FROM runs WHERE "+where, args...)
}

// collectRuns runs a query that yields runColumns.
func (t tx) collectRuns(query string, args ...any) ([]*core.Run, error) {
	var runs []*core.Run
	err := t.each(func(rows *sql.Rows) error {
		r, err := scanRun(rows)
		runs = append(runs, r)
		return err
	}, query, args...)
	return runs, err
}

// insertRuns writes planned runs. A run whose id is there already is left as it is: its firing has been planned.
func (t tx) insertRuns(runs []*core.Run) (int64, error) {
	return insertRows(t, into{table: "runs", columns: runColumns, key: "id", keep: true}, runs, runValues)
}

// newRun makes the planned run that a key causes at due, first of its occurrence.
func newRun(key string, trigger core.Trigger, due, now time.Time) *core.Run {
	id := core.RunID(due, key)
	return &core.Run{
		ID: id, OccurrenceID: id, Trigger: trigger, Attempt: 1, State: core.RunPlanned, Queue: core.QueueDefault,
		Due: due, FireAt: due, PlannedAt: now, Count: 1, FirstDue: due, LastDue: due,
	}
}

// again makes the next run of an occurrence, due at due.
func again(r *core.Run, due, now time.Time) *core.Run {
	next := *r
	next.Attempt++
	next.ID = core.RunID(due, core.RetryKey(r.OccurrenceID, next.Attempt))
	next.Trigger, next.State, next.Due, next.FireAt, next.PlannedAt = core.TriggerRetry, core.RunPlanned, due, due, now
	next.Token, next.Holder, next.Worker, next.Progress = 0, "", "", 0
	next.DispatchedAt, next.SentAt, next.AnsweredAt, next.RecordedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	next.Count, next.FirstDue, next.LastDue, next.Result = 1, due, due, core.Result{}
	return &next
}
