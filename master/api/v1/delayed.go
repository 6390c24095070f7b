package v1

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// DelayedTask is a one-shot callback. The fields up to IdempotencyKey can be written; the rest is read-only and ignored
// when it is given.
type DelayedTask struct {
	SourceApp  string   `json:"sourceApp"`
	Topic      string   `json:"topic"`
	ContentKey string   `json:"contentKey"`
	Callback   Callback `json:"callback"`
	Executors  []string `json:"executors,omitempty"`
	Retry      *Retry   `json:"retry,omitempty"`
	// Delay is write-only: a create says either it or Due.
	Delay          Duration `json:"delay,omitempty"`
	Due            Instant  `json:"due,omitempty"`
	IdempotencyKey string   `json:"idempotencyKey,omitempty"`

	ID            string  `json:"id,omitempty"`
	Namespace     string  `json:"namespace,omitempty"`
	State         string  `json:"state,omitempty"`
	Resets        int     `json:"resets,omitempty"`
	Runs          int64   `json:"runs,omitempty"`
	CreatedBy     int64   `json:"createdBy,omitempty"`
	CreatedByName string  `json:"createdByName,omitempty"`
	CreatedAt     Instant `json:"createdAt,omitempty"`
	FinishedAt    Instant `json:"finishedAt,omitempty"`
}

// DelayedBatch is a create of many delayed tasks, all or none.
type DelayedBatch struct {
	Items []DelayedTask `json:"items"`
}

// DelayedCreated is what a create of a delayed task answers. Of an idempotency key that was known, it is the task that
// has the key.
type DelayedCreated struct {
	ID  string  `json:"id"`
	Due Instant `json:"due"`
}

func delayedOf(d *core.DelayedTask) DelayedTask {
	return DelayedTask{
		SourceApp: d.SourceApp, Topic: d.Topic, ContentKey: d.ContentKey, Callback: *callbackOf(&d.Callback), Executors: d.Executors,
		Retry: retryOf(d.Retry), Due: instantOf(d.Due), IdempotencyKey: d.IdempotencyKey,

		ID: d.ID, Namespace: d.Namespace, State: string(d.State), Resets: d.Resets, Runs: d.Runs, CreatedBy: d.CreatedBy,
		CreatedByName: d.CreatedByName, CreatedAt: instantOf(d.CreatedAt), FinishedAt: instantOf(d.FinishedAt),
	}
}

// core gives what of a delayed task can be written; a delay counts from now.
func (d *DelayedTask) core(now time.Time) (*core.DelayedTask, error) {
	var v values
	out := &core.DelayedTask{
		SourceApp: d.SourceApp, Topic: d.Topic, ContentKey: d.ContentKey, IdempotencyKey: d.IdempotencyKey,
		DelayedDefinition: core.DelayedDefinition{Callback: *d.Callback.core(&v, nil), Executors: d.Executors, Retry: d.Retry.core(&v)},
		Due:               v.instant("due", d.Due),
	}
	if delay := v.duration("delay", d.Delay); d.Delay != "" {
		out.Due = now.Add(delay)
		if delay < 0 {
			v.fail(broken("delay", "must not be negative"))
		}
	}
	if (d.Delay == "") == (d.Due == "") {
		v.fail(broken("due", "give due or delay, and only one of them"))
	}
	// A policy or a rule that is left out comes from the settings. One that is given and says nothing does not, which
	// the services are told by naming its defaults.
	if d.Retry != nil && out.Retry == (core.RetryPolicy{}) {
		out.Retry.Backoff = core.BackoffFixed
	}
	if d.Callback.Success != nil && out.Callback.Success == (core.SuccessRule{}) {
		out.Callback.Success.Statuses = "200-299"
	}
	return out, v.err
}
