package store

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// historyHead are the columns of run_history that a list shows; historyColumns are all of them.
const (
	historyHead = "id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry," +
		"requested_by,queue,state,due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at," +
		"missed_count,last_due_at,status,truncated,reason,request,content_type"
	historyColumns     = historyHead + ",log,response"
	historyColumnCount = 31
)

func historyValues(r *core.Run, args []any) []any {
	return append(args, r.ID, r.Namespace, r.TaskID, r.TaskVersion, r.DelayedID, r.OccurrenceID, r.ParentRunID,
		string(r.Trigger), r.Attempt, r.Retry, r.RequestedBy, r.Queue, string(r.State), micros(r.Due), micros(r.FireAt),
		r.Token, r.Worker, micros(r.PlannedAt), micros(r.DispatchedAt), micros(r.SentAt), micros(r.AnsweredAt),
		micros(r.RecordedAt), r.Count, micros(r.LastDue), r.Result.Status, r.Result.Truncated, r.Result.Reason,
		r.Result.Request, r.Result.ContentType, encodeLines(r.Result.Log), r.Result.Response)
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
		&r.Attempt, &r.Retry, &r.RequestedBy, &r.Queue, &r.State, &due, &fireAt, &r.Token, &r.Worker, &planned, &dispatched,
		&sent, &answered, &stored, &r.Count, &lastDue, &r.Result.Status, &r.Result.Truncated, &r.Result.Reason,
		&r.Result.Request, &r.Result.ContentType}
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
	if len(runs) == 0 {
		return nil
	}
	if _, err := insertRows(t, "INSERT INTO run_history ("+historyColumns+") VALUES", "ON CONFLICT (id) DO NOTHING", historyColumnCount, runs, historyValues); err != nil {
		return err
	}
	return t.count(runs)
}

type dayOutcome struct {
	namespace, outcome string
	day                int
}

// count adds ended runs to the daily counters and to their tasks' statistics. Rows that many transactions share are
// written in key order, so that two of them never wait for each other.
func (t tx) count(runs []*core.Run) error {
	days := map[dayOutcome]int{}
	stats := map[string]core.TaskStats{}
	for _, r := range runs {
		days[dayOutcome{r.Namespace, string(r.State), dayOf(r.RecordedAt)}] += r.Count
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
	for _, k := range slices.SortedFunc(maps.Keys(days), func(a, b dayOutcome) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.day, b.day), cmp.Compare(a.outcome, b.outcome))
	}) {
		if _, err := t.exec(`INSERT INTO daily_counts (namespace,day,outcome,runs) VALUES (?,?,?,?)
			ON CONFLICT (namespace,day,outcome) DO UPDATE SET runs = daily_counts.runs + excluded.runs`,
			k.namespace, k.day, k.outcome, days[k]); err != nil {
			return err
		}
	}
	_, err := insertRows(t, "INSERT INTO task_stats (task_id,runs,last_run_at,last_outcome) VALUES",
		`ON CONFLICT (task_id) DO UPDATE SET runs = task_stats.runs + excluded.runs,
			last_outcome = CASE WHEN excluded.last_run_at >= task_stats.last_run_at THEN excluded.last_outcome ELSE task_stats.last_outcome END,
			last_run_at = max(excluded.last_run_at, task_stats.last_run_at)`,
		4, slices.Sorted(maps.Keys(stats)), func(id string, args []any) []any {
			st := stats[id]
			return append(args, id, st.Runs, micros(st.LastRunAt), string(st.LastOutcome))
		})
	return err
}

// dayOf is the day of t in UTC as the number yyyymmdd.
func dayOf(t time.Time) int {
	y, m, d := t.UTC().Date()
	return y*10_000 + int(m)*100 + d
}
