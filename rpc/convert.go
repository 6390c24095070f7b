package rpc

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Protocol is the version of the protocol that this code speaks. It is raised when an old peer would misread a message.
const Protocol = 1

// MaxFetches is how many pieces of plugin packages a worker may have asked for on a stream that are not answered.
const MaxFetches = 4

// ToOutcome puts an outcome into its message.
func ToOutcome(o *core.Outcome) *Outcome {
	return &Outcome{
		RunId: o.RunID, Token: o.Token, State: string(o.State), SentAt: Micros(o.SentAt), AnsweredAt: Micros(o.AnsweredAt),
		Reason: o.Result.Reason, Request: o.Result.Request, Status: int32(o.Result.Status), // #nosec G115 -- a status code has three digits
		ContentType: o.Result.ContentType, Response: o.Result.Response, Truncated: o.Result.Truncated,
		Log: ToLines(o.Result.Log), Retryable: o.Retryable, RetryAfterMs: o.RetryAfter.Milliseconds(), NextAt: Micros(o.NextAt),
	}
}

// FromOutcome reads an outcome from its message.
func FromOutcome(m *Outcome) core.Outcome {
	return core.Outcome{
		RunID: m.RunId, Token: m.Token, State: core.RunState(m.State), SentAt: Instant(m.SentAt), AnsweredAt: Instant(m.AnsweredAt),
		Result: core.Result{
			Reason: m.Reason, Request: m.Request, Status: int(m.Status), ContentType: m.ContentType,
			Response: m.Response, Truncated: m.Truncated, Log: FromLines(m.Log),
		},
		Retryable: m.Retryable, RetryAfter: time.Duration(m.RetryAfterMs) * time.Millisecond, NextAt: Instant(m.NextAt),
	}
}

// ToLines puts log lines into their messages.
func ToLines(lines []core.LogLine) []*LogLine {
	var out []*LogLine
	for _, l := range lines {
		out = append(out, &LogLine{At: Micros(l.At), Level: l.Level, Text: l.Text})
	}
	return out
}

// FromLines reads log lines from their messages.
func FromLines(lines []*LogLine) []core.LogLine {
	var out []core.LogLine
	for _, l := range lines {
		out = append(out, core.LogLine{At: Instant(l.At), Level: l.Level, Text: l.Text})
	}
	return out
}

// Micros is t in microseconds since the Unix epoch; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Instant is the time that Micros made a number of.
func Instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
