package callback

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
)

// attempt is one call while it is performed.
type attempt struct {
	client *Client
	call   *Call
	began  time.Time
	out    core.Outcome

	request  *request
	timeout  time.Duration
	deadline time.Time // timeout from the beginning, by the monotonic clock
	progress progress
	// watched is the context of the requests that package http performs; nil before the first.
	watched context.Context
	release context.CancelFunc
}

// perform does the call and fills in the outcome.
func (a *attempt) perform(ctx context.Context) {
	a.timeout = a.chooseTimeout()
	a.deadline = time.Now().Add(a.timeout)
	a.progress.begin(a)
	var err error
	if a.request, err = a.client.prepare(a.call); err != nil {
		a.fail(err)
		return
	}
	a.out.Result.Request = clean(a.request.method+" "+a.request.shown(), maxRequestText)
	transport, err := a.client.transports.of(way{TLS: a.call.Callback.TLS, once: a.call.AtMostOnce})
	if err != nil {
		a.fail(err)
		return
	}
	defer func() {
		if a.release != nil {
			a.release()
		}
	}()
	resp, err := a.send(ctx, transport)
	if sent := a.progress.sentAfter.Load(); sent > 0 {
		a.out.SentAt = a.began.Add(time.Duration(sent))
	}
	if err != nil {
		a.gaveUp(ctx, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	a.progress.phase.Store(phaseReading)
	if err := a.read(resp); err != nil {
		a.gaveUp(ctx, err)
		return
	}
	a.judge(resp)
}

// judge ends the attempt by the success rule.
func (a *attempt) judge(resp *http.Response) {
	r := &a.out.Result
	took := a.out.AnsweredAt.Sub(a.out.SentAt)
	line := statusText(r.Status) + " in " + roundDuration(took).String() + ", " + strconv.Itoa(len(r.Response)) + " bytes"
	if r.Truncated {
		line += " kept of a longer answer"
	}
	err := a.client.judge(&a.call.Callback.Success, r)
	if err == nil {
		a.out.State = core.RunSucceeded
		r.Reason = "answered " + statusText(r.Status)
		a.log("info", line)
		return
	}
	a.out.State = core.RunFailed
	a.out.Retryable = !err.permanent
	a.out.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), a.out.AnsweredAt)
	r.Reason = clean(err.reason, maxReason)
	if !err.byStatus {
		line += ": " + r.Reason
	}
	a.log("error", line)
}

// fail ends the attempt as failed.
func (a *attempt) fail(err error) {
	f := asFailure(err)
	a.end(core.RunFailed, f.reason)
	a.out.Retryable = !f.permanent
}

// gaveUp ends the attempt that err broke off. ctx is the caller's.
func (a *attempt) gaveUp(ctx context.Context, err error) {
	phase := a.progress.phase.Load()
	limit, expired := a.timeout, !time.Now().Before(a.deadline)
	if isConnectTimeout(err) {
		limit, expired = a.progress.connectLimit, true
	}
	switch {
	case ctx.Err() != nil:
		a.end(core.RunCancelled, causeText(ctx))
	case expired:
		a.end(core.RunTimedOut, "timed out after "+limit.String()+" while "+phaseText(phase))
		a.out.Retryable = true
	default:
		a.fail(err)
	}
}

// end closes the outcome of an attempt that has no whole answer.
func (a *attempt) end(state core.RunState, reason string) {
	a.out.State = state
	a.out.Result.Reason = clean(a.redact(reason), maxReason)
	if a.out.AnsweredAt.IsZero() {
		a.out.AnsweredAt = a.client.now()
	}
	level := "error"
	if state == core.RunCancelled {
		level = "warn"
	}
	a.log(level, a.out.Result.Reason)
}

func (a *attempt) log(level, text string) {
	a.out.Result.Log = append(a.out.Result.Log, core.LogLine{At: a.client.now(), Level: level, Text: text})
}
