package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

// world is a database as years would leave it: tasks that are due far ahead, so that nothing fires while it is looked at, and
// a month of runs.
type world struct {
	now         time.Time
	tasks, runs int
}

const (
	// span is how long ago the first run was due.
	span = 30 * 24 * time.Hour
	// busy is the share of tasks, one in so many, that have all the runs: the others are due seldom.
	busy = 10
)

func micros(t time.Time) int64 { return t.UnixMicro() }

func taskID(n int) string    { return fmt.Sprintf("01a00000-0000-7000-8000-%012x", n) }
func delayedID(n int) string { return fmt.Sprintf("01a10000-0000-7000-8000-%012x", n) }
func title(n int) string {
	return fmt.Sprintf("%s %s %d", [...]string{"Close", "Sync", "Send", "Archive", "同步", "清理", "Report"}[n%7], [...]string{"orders", "库存", "invoices", "coupons", "parcels"}[n/7%5], n)
}

func (w world) tables() []table {
	created := w.now.Add(-2 * span)
	def := core.Definition{
		Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "0 0 3 1 1 ? 2190"},
		Callback: &core.Callback{Method: "POST", URL: "http://shop.example/orders/close", Body: `{"source":"carillon"}`},
	}
	text, _ := json.Marshal(def) // it is of plain values
	state := func(n int) string {
		return [...]string{"running", "running", "running", "running", "paused", "stopped"}[n%6]
	}
	ago := func(n, of int) time.Time { return w.now.Add(-span + time.Duration(n)*(span/time.Duration(of))) }
	busyTasks := max(w.tasks/busy, 1)
	return []table{
		{"tasks", "id,namespace,kind,title,remark,labels,definition,created_by,created_by_name,created_at,updated_at", w.tasks, func(n int) []any {
			return []any{taskID(n), "default", "http", title(n), "", fmt.Sprintf(`["team-%d"]`, n%40), string(text), 1, "admin", micros(created.Add(time.Duration(n) * time.Second)), micros(created)}
		}},
		{"task_plans", "task_id,namespace,state,version,next_due", w.tasks, func(n int) []any {
			var next any
			if state(n) == "running" {
				next = micros(w.now.AddDate(60, 0, 0).Add(time.Duration(n) * time.Second))
			}
			return []any{taskID(n), "default", state(n), 1, next}
		}},
		{"task_stats", "task_id,runs,last_run_at,last_outcome", busyTasks, func(n int) []any {
			return []any{taskID(n), w.runs / busyTasks, micros(ago(w.runs-1-n%w.runs, w.runs)), string(outcome(n))}
		}},
		{"task_marks", "kind,mark,task_id", w.tasks, func(n int) []any { return []any{"label", fmt.Sprintf("team-%d", n%40), taskID(n)} }},
		{"task_versions", "task_id,version,noted_at,user_name,kind,title,remark,definition", w.tasks, func(n int) []any {
			return []any{taskID(n), 1, micros(created), "admin", "http", title(n), "", string(text)}
		}},
		{"run_history", `id,namespace,task_id,task_version,delayed_id,occurrence_id,parent_run_id,triggered_by,attempt,retry,requested_by,queue,state,
			due_at,fire_at,token,worker,planned_at,dispatched_at,sent_at,answered_at,recorded_at,missed_count,last_due_at,status,truncated,reason,request,
			content_type,log,response`, w.runs, func(n int) []any {
			due := ago(n, w.runs)
			task := taskID(n % busyTasks)
			id := core.RunID(due, core.ScheduleKey(task, 1, due))
			at := micros(due)
			return []any{
				id, "default", task, 1, "", id, "", "schedule", 1, 0, 0, "default", string(outcome(n)),
				at, at, 1, fmt.Sprintf("w-%d", n%12), at - 9e6, at, at + 4e3, at + 60e3, at + 62e3, 1, at, 200, 0, "answered 200 OK", "POST http://shop.example/orders/close",
				"application/json", "", []byte(`{"ok":true}`),
			}
		}},
		{"delayed_tasks", "id,namespace,source_app,topic,content_key,state,due_at,next_due,resets,runs,created_by,created_by_name,created_at,finished_at,executors,retry,callback", w.runs / 10, func(n int) []any {
			created := ago(n, w.runs/10)
			row := []any{delayedID(n), "default", fmt.Sprintf("app-%d", n%9), "unpaid", fmt.Sprint("order-", n), "succeeded", micros(created), nil, 0, 1, 1, "admin", micros(created), micros(created), "", "{}", `{"url":"http://shop.example/unpaid"}`}
			switch {
			case n%400 == 0:
				row[5] = "failed"
			case n%50 == 0: // due far ahead
				far := micros(w.now.AddDate(60, 0, 0))
				row[5], row[6], row[7], row[13] = "created", far, far, 0
			}
			return row
		}},
		{"hourly_counts", "namespace,hour,outcome,lateness,runs", 30 * 24 * 6, func(n int) []any {
			return []any{"default", w.now.Unix()/3600 - int64(n/6), [...]string{"succeeded", "failed"}[n/3%2], 3 + n%3, w.runs / (30 * 24 * 6)}
		}},
	}
}
