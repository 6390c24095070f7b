package worker

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/rpc"
)

// The bounds of an outcome's texts, in bytes; a longer one is cut.
const (
	maxReason       = 4 << 10
	maxRequest      = 16 << 10
	maxContentType  = 500
	outcomeOverhead = 256 // bytes of an outcome beside its texts, roughly
)

// toOutcome makes the message that reports o, which is what a performer returned for h. Whatever the performer returned,
// the message can be sent and stored. Cause is why the run's context was cancelled, nil if it was not.
func toOutcome(h *held, o core.Outcome, cause error) *rpc.Outcome {
	o.RunID, o.Token = h.id, h.token
	o.State, o.Result.Reason = settle(o.State, o.Result.Reason, cause)
	o.Result.Reason = cleanText(o.Result.Reason, maxReason)
	o.Result.Request = cleanText(o.Result.Request, maxRequest)
	o.Result.ContentType = cleanText(o.Result.ContentType, maxContentType)
	limit := core.MaxResponse
	if h.run.GetPlugin() != nil {
		limit = core.MaxPluginResult
	}
	if len(o.Result.Response) > limit {
		o.Result.Response, o.Result.Truncated = o.Result.Response[:limit], true
	}
	o.Result.Log = nil // the run's log has them
	return rpc.ToOutcome(&o)
}

// settle gives the state and the reason to report. A run that was given up without anybody withdrawing it is lost, so
// that its occurrence is done again; what the target answered before that stands.
func settle(state core.RunState, reason string, cause error) (core.RunState, string) {
	switch state {
	case core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunLost:
		return state, reason
	case core.RunCancelled:
		if cause != nil && !errors.Is(cause, ErrCancelled) {
			return core.RunLost, cause.Error()
		}
		if reason == "" && cause != nil {
			reason = cause.Error()
		}
		return state, reason
	}
	return core.RunFailed, fmt.Sprintf("the performer returned %q, which is not how a run that was sent can end", state)
}

// broken is the outcome of a run whose performer panicked with v, or ended its goroutine if v is nil. It is called while
// that goroutine unwinds.
func broken(h *held, v any) core.Outcome {
	reason := "the performer ended its goroutine without returning"
	if v != nil {
		reason = fmt.Sprintf("the performer panicked: %v", v)
	}
	h.log.add("error", reason+"\n"+string(debug.Stack()))
	return core.Outcome{
		State: core.RunFailed, SentAt: h.began, AnsweredAt: wallclock.Now(), Result: core.Result{Reason: reason}, Retryable: true,
	}
}

// sizeOf is what an outcome takes in memory and, roughly, in a message, beside its log.
func sizeOf(o *rpc.Outcome) int {
	return outcomeOverhead + len(o.Reason) + len(o.Request) + len(o.ContentType) + len(o.Response)
}
