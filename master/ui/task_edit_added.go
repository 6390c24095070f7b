package ui

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// unknownValue stands for the value of a header that its worker alone knows.
const unknownValue = "…"

// Added are the headers that the worker adds to what the task says. They are not kept, so they are said anew of the run; a
// test holds them against what a worker sends.
func (v trialView) Added() []core.Header {
	run := v.Run
	if run == nil {
		run = &core.Run{OccurrenceID: unknownValue, ID: unknownValue, Trigger: core.TriggerDelayed, Attempt: 1}
	}
	due := unknownValue
	if !run.Due.IsZero() {
		due = run.Due.UTC().Format(time.RFC3339Nano)
	}
	added := []core.Header{
		{Name: "Idempotency-Key", Value: run.OccurrenceID}, {Name: "Carillon-Run-Id", Value: run.ID}, {Name: "Carillon-Attempt", Value: strconv.Itoa(run.Attempt)},
		{Name: "Carillon-Due", Value: due}, {Name: "Carillon-Trigger", Value: string(run.Trigger)}, {Name: "Carillon-Delayed-Id", Value: v.ID},
		{Name: "Traceparent", Value: unknownValue},
	}
	if !v.has("User-Agent") {
		added = append(added, core.Header{Name: "User-Agent", Value: unknownValue})
	}
	if v.Callback.Secret != "" {
		added = append(added, core.Header{Name: "Webhook-Id", Value: run.OccurrenceID}, core.Header{Name: "Webhook-Timestamp", Value: unknownValue},
			core.Header{Name: "Webhook-Signature", Value: unknownValue})
	}
	return added
}

// has says whether the callback says a header itself.
func (v trialView) has(name string) bool {
	return slices.ContainsFunc(v.Callback.Headers, func(h core.Header) bool { return strings.EqualFold(h.Name, name) })
}
