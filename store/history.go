package store

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// historyHead are the columns of run_history that a list shows; historyColumns are all of them.
const (
	historyHead = "id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry," +
		"requested_by,shard,shards,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at," +
		"missed_count,last_due_at,status,truncated,reason,request,content_type,progress,replay_of"
	historyColumns = historyHead + ",log,response"
)

func historyValues(r *core.Run, args []any) []any {
	return append(args, r.ID, r.Namespace, r.TaskID, r.TaskVersion, r.DelayedID, r.OccurrenceID, r.ParentRunID,
		string(r.Trigger), r.Attempt, r.Retry, r.RequestedBy, r.Shard, r.Shards, r.Queue, string(r.State), micros(r.Due), micros(r.FireAt),
		r.Token, r.Worker, micros(r.PlannedAt), micros(r.DispatchedAt), micros(r.SentAt), micros(r.AnsweredAt),
		micros(r.RecordedAt), r.Count, micros(r.LastDue), r.Result.Status, r.Result.Truncated, storable(r.Result.Reason),
		storable(r.Result.Request), storable(r.Result.ContentType), r.Progress, r.ReplayOf, encodeLines(r.Result.Log), r.Result.Response)
}

// scanHistory reads a row of historyHead, and of historyColumns when whole is asked for.
func scanHistory(rows *sql.Rows, whole bool) (*core.Run, error) {
	var (
		r                                                        core.Run
		due, fireAt, planned, dispatched, sent, answered, stored int64
		lastDue                                                  int64
		log                                                      string
	)
	dest := []any{&r.ID, &r.Namespace, &r.TaskID, &r.TaskVersion, &r.DelayedID, &r.OccurrenceID, &r.ParentRunID, &r.Trigger,
		&r.Attempt, &r.Retry, &r.RequestedBy, &r.Shard, &r.Shards, &r.Queue, &r.State, &due, &fireAt, &r.Token, &r.Worker, &planned, &dispatched,
		&sent, &answered, &stored, &r.Count, &lastDue, &r.Result.Status, &r.Result.Truncated, &r.Result.Reason,
		&r.Result.Request, &r.Result.ContentType, &r.Progress, &r.ReplayOf}
	if whole {
		dest = append(dest, &log, &r.Result.Response)
	}
	if err := rows.Scan(dest...); err != nil {
		return nil, err
	}
	r.Due, r.FireAt, r.PlannedAt, r.DispatchedAt = instant(due), instant(fireAt), instant(planned), instant(dispatched)
	r.SentAt, r.AnsweredAt, r.RecordedAt = instant(sent), instant(answered), instant(stored)
	r.FirstDue, r.LastDue = r.Due, instant(lastDue)
	var err error
	r.Result.Log, err = decodeLines(log)
	return &r, err
}

// close writes ended runs to the history and counts them. Their rows must have left runs in the same transaction.
func (t tx) close(runs []*core.Run) error {
	if err := t.archive(runs); err != nil || len(runs) == 0 {
		return err
	}
	return t.count(runs)
}

// archive writes ended runs to the history.
func (t tx) archive(runs []*core.Run) error {
	rows, err := t.joinMissed(runs)
	if err != nil {
		return err
	}
	_, err = insertRows(t, into{table: "run_history", columns: historyColumns, key: "id", keep: true}, rows, historyValues)
	return err
}

// count adds ended runs to the hourly counters and to their tasks' statistics. Rows that many transactions share are
// written in key order, so that two of them never wait for each other, and last, so that they wait least.
func (t tx) count(runs []*core.Run) error {
	stats := map[string]core.TaskStats{}
	for _, r := range runs {
		if r.TaskID == "" || !r.State.Sent() {
			continue
		}
		st := stats[r.TaskID]
		st.Runs++
		if sent := cmp.Or(r.SentAt, r.DispatchedAt); !sent.Before(st.LastRunAt) {
			st.LastRunAt, st.LastOutcome = sent, r.State
		}
		stats[r.TaskID] = st
	}
	if err := t.countHours(runs); err != nil {
		return err
	}
	_, err := insertRows(t, into{table: "task_stats", columns: "task_id,runs,last_run_at,last_outcome", key: "task_id", update: `runs = task_stats.runs + excluded.runs,
		last_outcome = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_outcome ELSE task_stats.last_outcome END,
		last_run_at = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_run_at ELSE task_stats.last_run_at END`},
		slices.Sorted(maps.Keys(stats)), func(id string, args []any) []any {
			st := stats[id]
			return append(args, id, st.Runs, micros(st.LastRunAt), string(st.LastOutcome))
		})
	return err
}
