package testdb

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/carillonhq/carillon/core"
)

// Now is the present as a database keeps it: UTC, whole microseconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Shards is how many runs a firing has that AnyWorker spreads over any workers.
const Shards = 3

// AnyWorker is a store.Route that pins a run to the first executor named, and leaves it to any worker when none is. A new
// firing that goes to all workers has a run for each executor, or Shards for any worker.
func AnyWorker(d core.Destination) []string {
	var queues []string
	for _, name := range d.Executors {
		queues = append(queues, core.QueueOfNode(name))
	}
	if len(queues) == 0 {
		queues = slices.Repeat([]string{core.QueueDefault}, Shards)
	}
	if d.Routing.Spreads() && d.Last == "" {
		return queues
	}
	return queues[:1]
}

// Task makes a valid running HTTP task with an id of its own that fires every second, changed as asked. It has no next
// due instant.
func Task(changes ...func(*core.Task)) *core.Task {
	now := Now()
	t := &core.Task{
		ID: newID(), Namespace: core.DefaultNamespace, Kind: core.KindHTTP, Title: "invoices", State: core.TaskRunning, Version: 1,
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: "* * * * * ?", Zone: "UTC"},
			Callback: &core.Callback{Method: "POST", URL: "http://127.0.0.1/invoices"},
		},
		CreatedBy: 1, CreatedByName: "admin", CreatedAt: now, UpdatedAt: now,
	}
	for _, change := range changes {
		change(t)
	}
	return t
}

// DelayedTask makes a valid delayed task with an id of its own that is due now and is retried as by default, changed as
// asked.
func DelayedTask(changes ...func(*core.DelayedTask)) *core.DelayedTask {
	now := Now()
	d := &core.DelayedTask{
		ID: newID(), Namespace: core.DefaultNamespace, SourceApp: "shop", Topic: "order.unpaid", ContentKey: "4711",
		State: core.DelayedCreated,
		DelayedDefinition: core.DelayedDefinition{
			Callback: core.Callback{Method: "POST", URL: "http://127.0.0.1/orders/4711", Success: core.SuccessRule{Contains: "success"}},
			Retry:    core.RetryPolicy{Count: 3, Backoff: core.BackoffLinear, Delay: 10 * time.Second},
		},
		Due: now, CreatedBy: 1, CreatedByName: "admin", CreatedAt: now,
	}
	for _, change := range changes {
		change(d)
	}
	return d
}

// Run makes the planned run that a task's schedule causes at due, changed as asked.
func Run(t *core.Task, due time.Time, changes ...func(*core.Run)) *core.Run {
	id := core.RunID(due, core.ScheduleKey(t.ID, t.Version, due))
	r := &core.Run{
		ID: id, OccurrenceID: id, Namespace: t.Namespace, TaskID: t.ID, TaskVersion: t.Version, Trigger: core.TriggerSchedule,
		Attempt: 1, Queue: core.QueueDefault, State: core.RunPlanned, Due: due, FireAt: due, PlannedAt: Now(),
		Count: 1, FirstDue: due, LastDue: due,
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// Outcome makes a worker's report that a run ended in a state, changed as asked. A failure may be tried again.
func Outcome(r *core.Run, state core.RunState, changes ...func(*core.Outcome)) core.Outcome {
	now := Now()
	o := core.Outcome{
		RunID: r.ID, Token: r.Token, State: state, SentAt: now, AnsweredAt: now, Retryable: state != core.RunSucceeded,
		Result: core.Result{Reason: "answered", Request: "POST http://127.0.0.1/", Status: 200, ContentType: "text/plain", Response: []byte("success")},
	}
	for _, change := range changes {
		change(&o)
	}
	return o
}

// newID makes an id that sorts after those made before it.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
