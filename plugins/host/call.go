package host

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Call is one run to perform.
type Call struct {
	RunID string
	// OccurrenceID is the same for all attempts at one firing.
	OccurrenceID string
	TaskID       string
	Trigger      string
	Attempt      int // from 1
	Due          time.Time
	// Shard is the number of the run among the Shards runs of its firing, from 0; Shards is 0 when it is the only one.
	Shard  int
	Shards int
	// HasParent says that ParentResult is what a parent's run left.
	HasParent    bool
	ParentResult []byte

	// Package and Task name what to run. Version and Digest (SHA-256 of the package file, hex) are those that the run is to
	// have; Digest is empty when there is none, and Missing says why.
	Package string
	Task    string
	Version string
	Digest  string
	Missing string
	// Pinned forbids another version than that. Without it, and with core.PullIfNotPresent, the run has the latest version
	// that is in the cache, if there is one.
	Pinned     bool
	PullPolicy string
	Params     []core.Param
	// Timeout bounds the run from the moment the plugin has it. Zero does not bound it.
	Timeout time.Duration
	// Isolated has the run in a process of its own.
	Isolated bool

	// Grace says how long the plugin has to end the run when it is cancelled for this cause. Nil, and what it gives that
	// is negative, stand for Options.Grace.
	Grace func(cause error) time.Duration
}

// Sink takes what a run says while it is under way. It is called by several goroutines at once.
type Sink interface {
	// Log adds a line to the run's log; level is debug, info, warn or error.
	Log(level, text string)
	// Progress says how far the run is, from 0 to 100.
	Progress(percent int)
}

// Chunk is a piece of a package file.
type Chunk struct {
	Data []byte
	// Chunks is how many pieces there are, and Size of how many bytes in all.
	Chunks int
	Size   int64
}
