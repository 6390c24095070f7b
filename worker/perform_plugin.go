package worker

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/rpc"
)

// ByKind is a Performer that gives each run to the one of its kind.
type ByKind struct {
	Callbacks Performer
	// Plugins is nil on a worker that runs none.
	Plugins Performer
}

var _ Performer = ByKind{}

// Perform implements Performer. A run of a plugin comes to a worker that runs none when its task is for that worker
// strictly, or the worker was started anew without them: it fails.
func (k ByKind) Perform(ctx context.Context, run *rpc.Run, say Sink) core.Outcome {
	switch {
	case run.Plugin == nil:
		return k.Callbacks.Perform(ctx, run, say)
	case k.Plugins == nil:
		return refusal("this worker runs no plugins: start it with --plugins, or let the task go to others", true)
	}
	return k.Plugins.Perform(ctx, run, say)
}

// refusal is the outcome of a run that was not tried.
func refusal(reason string, retryable bool) core.Outcome {
	now := wallclock.Now()
	return core.Outcome{State: core.RunFailed, SentAt: now, AnsweredAt: now, Result: core.Result{Reason: reason}, Retryable: retryable}
}

// PluginHost performs one run of a plugin; host.Host is one.
type PluginHost interface {
	Perform(ctx context.Context, call host.Call, sink host.Sink) core.Outcome
}

// PluginPerformer performs runs that are calls of plugins.
type PluginPerformer struct {
	host  PluginHost
	grace time.Duration
}

var _ Performer = (*PluginPerformer)(nil)

// NewPluginPerformer makes a performer whose plugins run on a host. A run that is cancelled has at most grace to end.
func NewPluginPerformer(h PluginHost, grace time.Duration) *PluginPerformer {
	return &PluginPerformer{h, grace}
}

// Perform implements Performer.
func (p *PluginPerformer) Perform(ctx context.Context, run *rpc.Run, say Sink) core.Outcome {
	call := run.Plugin
	var params []core.Param
	if len(call.Params) > 0 {
		if err := json.Unmarshal(call.Params, &params); err != nil {
			return refusal("the parameters that the master sent cannot be read: "+err.Error(), false)
		}
	}
	return p.host.Perform(ctx, host.Call{
		RunID: run.Id, OccurrenceID: run.OccurrenceId, TaskID: run.TaskId, Trigger: run.Trigger, Attempt: int(run.Attempt),
		Due: rpc.Instant(run.Due), Shard: int(run.Shard), Shards: int(run.Shards), HasParent: run.HasParent, ParentResult: run.ParentResult,
		Package: call.Package, Task: call.Task, Version: call.Version, Digest: call.Digest, Missing: call.Missing, Pinned: call.Pinned,
		PullPolicy: call.PullPolicy, Params: params, Timeout: time.Duration(call.TimeoutMs) * time.Millisecond, Isolated: call.Isolated,
		Grace: p.graceFor,
	}, say)
}

// graceFor is how long a plugin has to end a run that is cancelled. When the lease is lost, the run must be over before
// another worker may be given it, and a stopping worker does not wait for longer than it waits for any run.
func (p *PluginPerformer) graceFor(cause error) time.Duration {
	switch {
	case errors.Is(cause, ErrLeaseLost):
		return min(p.grace, core.LeaseMargin/2)
	case errors.Is(cause, ErrHurried):
		return min(p.grace, hurriedWait/2)
	case errors.Is(cause, ErrStopping):
		return min(p.grace, abortWait*2/3)
	}
	return p.grace
}
