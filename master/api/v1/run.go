package v1

import (
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
)

// Run is one firing: exactly one attempt at doing it.
type Run struct {
	ID            string    `json:"id"`
	Namespace     string    `json:"namespace"`
	TaskID        string    `json:"taskId,omitempty"`
	TaskVersion   int64     `json:"taskVersion,omitempty"`
	DelayedTaskID string    `json:"delayedTaskId,omitempty"`
	OccurrenceID  string    `json:"occurrenceId"`
	ParentRunID   string    `json:"parentRunId,omitempty"`
	ReplayOf      string    `json:"replayOf,omitempty"`
	Trigger       string    `json:"trigger"`
	Attempt       int       `json:"attempt"`
	Retry         int       `json:"retry"`
	RequestedBy   int64     `json:"requestedBy,omitempty"`
	Shard         *Shard    `json:"shard,omitempty"` // absent when the firing is a single run
	Queue         string    `json:"queue"`
	State         string    `json:"state"`
	Due           Instant   `json:"due"`
	FireAt        Instant   `json:"fireAt"`
	Worker        string    `json:"worker,omitempty"`
	Progress      int       `json:"progress,omitempty"`
	PlannedAt     Instant   `json:"plannedAt,omitempty"`
	DispatchedAt  Instant   `json:"dispatchedAt,omitempty"`
	SentAt        Instant   `json:"sentAt,omitempty"`
	AnsweredAt    Instant   `json:"answeredAt,omitempty"`
	RecordedAt    Instant   `json:"recordedAt,omitempty"`
	Reason        string    `json:"reason,omitempty"`
	Request       string    `json:"request,omitempty"`
	Answer        *Answer   `json:"answer,omitempty"`
	Count         int       `json:"count"`
	FirstDue      Instant   `json:"firstDue,omitempty"`
	LastDue       Instant   `json:"lastDue,omitempty"`
	Log           []LogLine `json:"log,omitempty"` // of a single run only
}

// Shard says which run this is of a firing that goes to several workers.
type Shard struct {
	Index int `json:"index"` // from 0
	Total int `json:"total"`
}

// Answer is what the target answered.
type Answer struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType,omitempty"`
	// Body is the answer's body when it is UTF-8 text, BodyBase64 when it is not. Lists leave both out.
	Body       string `json:"body,omitempty"`
	BodyBase64 []byte `json:"bodyBase64,omitempty"`
	Truncated  bool   `json:"truncated,omitempty"`
}

// LogLine is one line of a run's log.
type LogLine struct {
	At    Instant `json:"at"`
	Level string  `json:"level"`
	Text  string  `json:"text"`
}

func runOf(r *core.Run) Run {
	out := Run{
		ID: r.ID, Namespace: r.Namespace, TaskID: r.TaskID, TaskVersion: r.TaskVersion, DelayedTaskID: r.DelayedID,
		OccurrenceID: r.OccurrenceID, ParentRunID: r.ParentRunID, ReplayOf: r.ReplayOf, Trigger: string(r.Trigger), Attempt: r.Attempt, Retry: r.Retry,
		RequestedBy: r.RequestedBy, Queue: r.Queue, State: string(r.State), Due: instantOf(r.Due), FireAt: instantOf(r.FireAt),
		Worker: r.Worker, Progress: r.Progress, PlannedAt: instantOf(r.PlannedAt), DispatchedAt: instantOf(r.DispatchedAt), SentAt: instantOf(r.SentAt),
		AnsweredAt: instantOf(r.AnsweredAt), RecordedAt: instantOf(r.RecordedAt), Reason: r.Result.Reason, Request: r.Result.Request,
		Answer: answerOf(&r.Result), Count: r.Count, FirstDue: instantOf(r.FirstDue), LastDue: instantOf(r.LastDue),
	}
	if r.Shards > 0 {
		out.Shard = &Shard{r.Shard, r.Shards}
	}
	for _, l := range r.Result.Log {
		out.Log = append(out.Log, LogLine{instantOf(l.At), l.Level, l.Text})
	}
	return out
}

func answerOf(r *core.Result) *Answer {
	if r.Status == 0 && len(r.Response) == 0 {
		return nil
	}
	a := &Answer{Status: r.Status, ContentType: r.ContentType, Truncated: r.Truncated}
	if text := trimCut(r.Response, r.Truncated); utf8.Valid(text) {
		a.Body = string(text)
	} else {
		a.BodyBase64 = r.Response
	}
	return a
}

// trimCut takes the part of a character off the end of a text that was cut within it.
func trimCut(b []byte, truncated bool) []byte {
	if !truncated {
		return b
	}
	for i := 1; i <= min(utf8.UTFMax-1, len(b)); i++ {
		if tail := b[len(b)-i:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
