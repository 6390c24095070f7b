package evidence

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Answer is how a call ended for its caller.
type Answer string

// The answers.
const (
	Acknowledged Answer = "acknowledged" // with success: it must be on disk
	Unclear      Answer = "unclear"      // no answer, or another: it may have been carried out, or be carried out yet
)

// Task is a task that was created, with its creation acknowledged.
type Task struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Path  string `json:"path"` // at the sink
	// Every is the seconds between due instants, which are the whole seconds of a minute that it divides. 0 stands for a
	// child, which no schedule fires.
	Every int    `json:"every,omitempty"`
	Once  bool   `json:"once,omitempty"`  // at most once
	Child string `json:"child,omitempty"` // the task that a success fires

	// Overlap, Spread and Misfire are policies of package core. Spread is broadcast, sharded, or empty for a task whose
	// firings go to one worker.
	Overlap core.Overlap  `json:"overlap"`
	Spread  core.Strategy `json:"spread,omitempty"`
	Misfire core.Misfire  `json:"misfire,omitempty"`
	// Waiting is how many firings may wait under the overlap policy queue; 0 is the default.
	Waiting int `json:"waiting,omitempty"`
	// MisfireAfter is how late a firing may be sent, and CatchUp how many are made up for under catch_up; 0 is the default.
	MisfireAfter time.Duration `json:"misfireAfter,omitempty"`
	CatchUp      int           `json:"catchUp,omitempty"`
	Retries      int           `json:"retries,omitempty"`

	Moves []Move `json:"moves"`
}

// MakesUp is how many of the latest missed firings are sent all the same.
func (t *Task) MakesUp() int {
	return (&core.Definition{Misfire: t.Misfire, MisfireCatchUp: t.CatchUp}).MakesUp()
}

// Move is one call that put a task in force or out of it.
type Move struct {
	Starts   bool      `json:"starts"` // start or resume; else pause or stop
	Asked    time.Time `json:"asked"`
	Answered time.Time `json:"answered"`
	Answer   Answer    `json:"answer"`
}

// Delayed is the creation of one delayed task.
type Delayed struct {
	Key  string `json:"key"`          // its content key, known to no other
	ID   string `json:"id,omitempty"` // once acknowledged
	Path string `json:"path"`
	// Delay counts from some moment between Asked and Answered.
	Delay    time.Duration `json:"delay"`
	Retries  int           `json:"retries"`
	Asked    time.Time     `json:"asked"` // for the first time
	Answered time.Time     `json:"answered"`
	Answer   Answer        `json:"answer"`
	Tries    int           `json:"tries"` // under the same idempotency key
}
