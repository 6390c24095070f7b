package record

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// asideEvery is how often outcomes that were set aside are tried again.
	asideEvery = 30 * time.Second
	// maxAside is how many of them are kept here. What is beyond is left to the workers, which have all of them.
	maxAside = 1000
	// bareReason is the reason of a run of which nothing else could be stored.
	bareReason = "what its worker reported could not be stored, and nothing follows from it: the log of the master says more"
)

// What of an outcome that was refused is stored instead.
const (
	storedWithoutAnswer = "without answer"
	storedBare          = "bare"
	storedNothing       = "nothing"
)

// setAside is an outcome that the database refuses in every form. It is small: what it had to say is in the log.
type setAside struct {
	outcome core.Outcome
	confirm func([]store.Held)
}

// alone stores an outcome that was refused, in the fullest form that the database takes, or sets it aside.
func (r *Recorder) alone(ctx context.Context, o *core.Outcome, refusal error) {
	for _, form := range []struct {
		name  string
		write func() (store.Recorded, error)
	}{
		{storedWithoutAnswer, func() (store.Recorded, error) {
			return r.opts.Store.Record(ctx, []core.Outcome{withoutAnswer(o, refusal)}, r.opts.Route, rand.Float64)
		}},
		{storedBare, func() (store.Recorded, error) { return r.opts.Store.RecordBare(ctx, *o, bareReason) }},
	} {
		err := r.try(ctx, 1, form.write)
		if err == nil {
			r.opts.Refused(form.name)
			r.opts.Logger.Error("an outcome could not be stored as it was reported", append(told(o), "stored", form.name, "error", refusal)...)
			return
		}
		if ctx.Err() != nil {
			return
		}
	}
	r.opts.Refused(storedNothing)
	r.opts.Logger.Error("an outcome was refused in every form; its worker keeps it, and its run stays open until it is taken or the worker ends",
		append(told(o), "error", refusal)...)
	h := heldOf(o)
	switch {
	case len(r.aside) >= maxAside:
		r.dropped[h] = true
		return
	case len(r.aside) == 0:
		r.tried = time.Now()
	}
	r.aside[h] = &setAside{outcome: core.Outcome{
		RunID: o.RunID, Token: o.Token, State: o.State, SentAt: o.SentAt, AnsweredAt: o.AnsweredAt, Result: core.Result{Status: o.Result.Status},
	}}
}

// withoutAnswer is an outcome without all that a worker made up of a target's answer.
func withoutAnswer(o *core.Outcome, refusal error) core.Outcome {
	less := *o
	less.Result = core.Result{Status: o.Result.Status, Reason: "the answer could not be stored: " + plain(refusal.Error())}
	return less
}

// plain is a text as every database takes it, for a refusal may quote what was refused.
func plain(text string) string {
	const most = 500
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, text)
	return text[:min(len(text), most)]
}

// told is all that is known of an outcome, for the log.
func told(o *core.Outcome) []any {
	return []any{
		"run", o.RunID, "token", o.Token, "state", o.State, "sent", o.SentAt, "answered", o.AnsweredAt, "status", o.Result.Status,
		"reason", o.Result.Reason, "request", o.Result.Request, "contentType", o.Result.ContentType,
		"response", fmt.Sprintf("%.1000q", o.Result.Response), "lines", len(o.Result.Log), "retryable", o.Retryable,
	}
}

// retryAside tries again what was set aside, when it is time to.
func (r *Recorder) retryAside(ctx context.Context) {
	if len(r.aside) == 0 || time.Since(r.tried) < asideEvery {
		return
	}
	r.tried = time.Now()
	for h, a := range r.aside {
		rec, err := r.opts.Store.RecordBare(ctx, a.outcome, bareReason)
		if err != nil && !store.Refused(err) || ctx.Err() != nil {
			return // the database is away
		}
		if err == nil {
			r.recorded(rec)
			delete(r.aside, h)
			a.confirm([]store.Held{h})
		}
	}
}
