package core

import "time"

// RunState is where a run stands.
type RunState string

// The states of a run. The last nine are final.
const (
	RunPlanned    RunState = "planned"    // to be sent at its instant
	RunDispatched RunState = "dispatched" // given to a worker, which has not said that it began
	RunRunning    RunState = "running"    // begun by a worker

	RunSucceeded RunState = "succeeded" // answered, and the success rule holds
	RunFailed    RunState = "failed"    // answered otherwise, or not reachable
	RunTimedOut  RunState = "timed_out" // not answered in time
	RunConflict  RunState = "conflict"  // the previous run of the task was unfinished
	RunSkipped   RunState = "skipped"   // a rule said not to send it
	RunMissed    RunState = "missed"    // its instant passed unserved
	RunCancelled RunState = "cancelled" // somebody withdrew it
	RunLost      RunState = "lost"      // its worker went away without an outcome
)

// transitions is the state machine of a run: the states that each state may become. A state without a row is final.
var transitions = map[RunState][]RunState{
	RunPlanned:    {RunDispatched, RunConflict, RunSkipped, RunMissed, RunCancelled},
	RunDispatched: {RunPlanned, RunRunning, RunSucceeded, RunFailed, RunTimedOut, RunCancelled, RunLost},
	RunRunning:    {RunSucceeded, RunFailed, RunTimedOut, RunCancelled, RunLost},
}

// CanBecome says whether a run in state s may move to state to.
//
// From dispatched a run may end without passing through running: the note that a worker began travels apart from the
// outcome and a quick callback is answered before it would be written.
func (s RunState) CanBecome(to RunState) bool {
	for _, t := range transitions[s] {
		if t == to {
			return true
		}
	}
	return false
}

// Final says whether a run in state s has ended.
func (s RunState) Final() bool { return s != "" && transitions[s] == nil }

// Sent says whether a run that ended in state s was given to a worker.
func (s RunState) Sent() bool {
	switch s {
	case RunSucceeded, RunFailed, RunTimedOut, RunLost:
		return true
	}
	return false
}

// RunStates are all states, in the order of a run's life.
func RunStates() []RunState {
	return []RunState{RunPlanned, RunDispatched, RunRunning, RunSucceeded, RunFailed, RunTimedOut, RunConflict,
		RunSkipped, RunMissed, RunCancelled, RunLost}
}

// Run is one firing: exactly one attempt at doing it.
type Run struct {
	ID        string
	Namespace string
	// TaskID and TaskVersion name the definition the run follows; empty for a delayed task's run.
	TaskID      string
	TaskVersion int64
	// DelayedID names the delayed task the run belongs to; empty for a task's run.
	DelayedID string
	// OccurrenceID is the id of the occurrence's first run: the idempotency key that the target sees.
	OccurrenceID string
	ParentRunID  string
	// ReplayOf is the run that this one does again; empty when it is no replay.
	ReplayOf string
	Trigger  Trigger
	// Attempt counts the runs of the occurrence that the target may have seen, from 1. Retry counts only those that the
	// retry policy caused: a recovery run raises Attempt and leaves Retry.
	Attempt int
	Retry   int

	// Shard is the number of the run among the Shards runs of its firing, counted from 0, when the firing goes to several
	// workers. Shards is 0 when it is a single run.
	Shard  int
	Shards int

	Queue string
	State RunState
	// Due is the instant that the schedule, the delayed task or the retry policy named. FireAt is when the run is to
	// be sent: Due, unless somebody asked for it earlier or it was put off.
	Due    time.Time
	FireAt time.Time
	// Token is raised each time the run is claimed. A report with a lower token is refused.
	Token int64
	// Holder is the incarnation that has the run: a master's while reserved, a worker's while dispatched or running.
	Holder string
	Worker string

	PlannedAt    time.Time
	DispatchedAt time.Time
	SentAt       time.Time // the worker began to send
	AnsweredAt   time.Time // the worker had the whole answer, or gave up
	RecordedAt   time.Time

	// Progress is how much of it a run under way said was done when that was last stored, in percent; of one that succeeded
	// all of it. A run that says nothing has 0.
	Progress int

	// RequestedBy is the user who asked for a manual run; 0 otherwise.
	RequestedBy int64

	Result Result

	// Count, FirstDue and LastDue describe a stretch of missed firings kept as one record. Count is 1 otherwise.
	Count    int
	FirstDue time.Time
	LastDue  time.Time
}

// PutOff says whether the run is to be sent later than it is due: because it waits for another firing of its task, or
// because it makes up for an instant that has passed.
func (r *Run) PutOff() bool { return r.FireAt.After(r.Due) }

// Firing names the firing that the run is of: the occurrence of a single run; of one of several shards, each an occurrence
// of its own, that of the first.
func (r *Run) Firing() string {
	if r.Shards == 0 {
		return r.OccurrenceID
	}
	return ShardID(r.OccurrenceID, 0)
}

// Result is what a run leaves behind.
type Result struct {
	// Reason says in one sentence why the run ended as it did.
	Reason string
	// Request is the method and URL that were called.
	Request string
	// Status is the HTTP status code; 0 when there was no answer.
	Status      int
	ContentType string
	// Response is the answer's body, as bytes, up to MaxResponse.
	Response  []byte
	Truncated bool
	// Log holds the lines that came with the outcome.
	Log []LogLine
}

// MaxResponse is how much of an answer is kept, in bytes.
const MaxResponse = 64 << 10

// Outcome is a worker's report of one run.
type Outcome struct {
	RunID      string
	Token      int64
	State      RunState
	SentAt     time.Time
	AnsweredAt time.Time
	Result     Result
	// Retryable says that trying again may help; the retry policy decides whether it is done.
	Retryable bool
	// RetryAfter is how long the target asked to be left alone; 0 when it did not.
	RetryAfter time.Duration
	// NextAt is the next instant that the run set for its own task; zero when it set none. See docs/plugins.md.
	NextAt time.Time
}

// LogLine is one line of a run's log.
type LogLine struct {
	At    time.Time `json:"at"`
	Level string    `json:"level"` // debug, info, warn or error
	Text  string    `json:"text"`
}
