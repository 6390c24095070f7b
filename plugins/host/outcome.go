package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// outcome makes one of how the run ended.
func (a *attempt) outcome(state core.RunState, reason string) core.Outcome {
	sent := a.sent
	if sent.IsZero() {
		sent = a.began
	}
	return core.Outcome{
		RunID: a.call.RunID, State: state, SentAt: sent, AnsweredAt: wallclock.Now(),
		Result: core.Result{Reason: reason, Request: "plugin " + a.name + " " + a.call.Task},
	}
}

func (a *attempt) failed(reason string, retryable bool) core.Outcome {
	o := a.outcome(core.RunFailed, reason)
	o.Retryable = retryable
	return o
}

// notRun is the outcome of a run that the plugin never had.
func (a *attempt) notRun(ctx context.Context, err error) core.Outcome {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return a.outcome(core.RunCancelled, context.Cause(ctx).Error())
	}
	if errors.Is(err, errClosed) {
		return a.outcome(core.RunLost, err.Error())
	}
	// What is wrong with the package or the parameters stays wrong.
	_, ruled := errors.AsType[*core.Error](err)
	_, lied := errors.AsType[*lie](err)
	return a.failed(err.Error(), !ruled && !lied && !errors.Is(err, ErrRefused))
}

// ended is the outcome of a run that ended with a result.
func (a *attempt) ended(r *pluginpb.Result) core.Outcome {
	asked := a.reason()
	o := a.outcome(core.RunSucceeded, "")
	if text := strings.TrimSpace(r.GetError()); text != "" {
		o.State, o.Result.Reason = core.RunFailed, text
		o.Retryable, o.RetryAfter = r.GetRetryable(), time.Duration(max(r.GetRetryAfterMs(), 0))*time.Millisecond
	}
	value := r.GetValue()
	switch {
	case len(value) > core.MaxPluginResult:
		o.State, o.Retryable = core.RunFailed, false
		o.Result.Reason = joined(o.Result.Reason, fmt.Sprintf("the result has %d bytes; at most %d are kept", len(value), core.MaxPluginResult))
	case len(value) > 0 && !json.Valid(value):
		o.State, o.Retryable = core.RunFailed, false
		o.Result.Reason = joined(o.Result.Reason, "the result is not JSON")
	case len(value) > 0:
		o.Result.ContentType, o.Result.Response = "application/json", value
	}
	switch {
	case asked.state == core.RunTimedOut, asked.state == core.RunCancelled && o.State == core.RunFailed:
		// What was done in time stands although the run was withdrawn, and what was done too late does not.
		late := a.outcome(asked.state, asked.why)
		late.Retryable = asked.state == core.RunTimedOut
		late.Result.ContentType, late.Result.Response = o.Result.ContentType, o.Result.Response
		return late
	}
	o.NextAt = a.nextAt
	return o
}

func joined(reason, more string) string {
	if reason == "" {
		return more
	}
	return reason + "; " + more
}

// reason is why the run was asked to end; the zero ask if it was not.
func (a *attempt) reason() ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked == nil {
		return ask{}
	}
	return *a.asked
}

// broken is the outcome of a run whose stream ended before the result. It returns when the handler cannot be at work any
// more: unless the plugin itself ended the call, that is when its process is gone.
func (a *attempt) broken(p *process, err error) core.Outcome {
	asked := a.reason()
	if errors.Is(err, io.EOF) || isPlugins(err) {
		text := "the plugin ended the run without a result"
		if !errors.Is(err, io.EOF) {
			text += ": " + status.Convert(err).Message()
		}
		if asked.state != "" {
			return a.withdrawn(asked, asked.why)
		}
		return a.failed(text, true)
	}
	select {
	case <-p.gone:
	case <-time.After(connectionPatience):
		a.host.pool.condemned(p)
		p.kill(death{own: true, why: fmt.Errorf("the plugin broke its connection and was killed: %s", status.Convert(err).Message())})
		<-p.gone
	}
	d := p.cause()
	switch {
	case d.by == a:
		return a.withdrawn(asked, d.why.Error())
	case d.by != nil:
		return a.outcome(core.RunLost, "the process was killed because another run in it did not end when it was asked to")
	case !d.own:
		return a.outcome(core.RunLost, d.why.Error())
	case asked.state != "":
		return a.withdrawn(asked, asked.why+"; "+d.why.Error())
	}
	return a.failed(d.why.Error(), true)
}

// withdrawn is the outcome of a run that was asked to end.
func (a *attempt) withdrawn(asked ask, reason string) core.Outcome {
	o := a.outcome(asked.state, reason)
	o.Retryable = asked.state == core.RunTimedOut
	return o
}
