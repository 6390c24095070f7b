package worker

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/worker/callback"
)

// Caller performs one HTTP callback; callback.Client is one.
type Caller interface {
	Do(ctx context.Context, call callback.Call) core.Outcome
}

// CallbackPerformer performs runs that are HTTP callbacks.
type CallbackPerformer struct{ caller Caller }

var _ Performer = (*CallbackPerformer)(nil)

// NewCallbackPerformer makes a performer whose callbacks go through caller.
func NewCallbackPerformer(caller Caller) *CallbackPerformer { return &CallbackPerformer{caller} }

// Perform implements Performer. A run whose callback cannot be read fails, and trying again would not help.
func (p *CallbackPerformer) Perform(ctx context.Context, run *rpc.Run, _ Sink) core.Outcome {
	parsed, err := callback.Parse(run.Callback)
	if err != nil {
		now := wallclock.Now()
		return core.Outcome{State: core.RunFailed, SentAt: now, AnsweredAt: now, Result: core.Result{
			Reason: "the callback that the master sent cannot be read: " + err.Error(),
		}}
	}
	return p.caller.Do(ctx, callback.Call{
		RunID: run.Id, Token: run.Token, OccurrenceID: run.OccurrenceId, TaskID: run.TaskId, DelayedID: run.DelayedId,
		Trigger: run.Trigger, Attempt: int(run.Attempt), Due: rpc.Instant(run.Due),
		DefaultTimeout: time.Duration(run.DefaultTimeoutMs) * time.Millisecond,
		HasParent:      run.HasParent, ParentResult: run.ParentResult, AtMostOnce: run.AtMostOnce,
		Shard: int(run.Shard), Shards: int(run.Shards),
		Callback: parsed,
	})
}
