package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// DefaultDrainTimeout is how long a stopping worker lets runs go on.
const DefaultDrainTimeout = 30 * time.Second

// Performer does what a run asks for.
type Performer interface {
	// Perform does one run and returns how it ended. It must return soon after ctx is cancelled, with the state
	// cancelled if that is why it ended; context.Cause(ctx) says who cancelled. It must not change run. The
	// outcome's run id and token are set by the worker.
	Perform(ctx context.Context, run *rpc.Run, say Sink) core.Outcome
}

// Sink takes what a run says while it is under way. Its methods may be called by many goroutines at once.
type Sink interface {
	// Log adds a line to the run's log; level is debug, info, warn or error.
	Log(level, text string)
	// Progress says how much of the run is done, in percent.
	Progress(percent int)
}

// Dialer opens a stream to some master: over gRPC to one of a list of addresses, or through a pipe inside one process.
type Dialer interface {
	// Dial opens a stream that lives until ctx is cancelled, which the worker always does in the end. It bounds
	// by itself how long opening may take.
	Dial(ctx context.Context) (rpc.WorkerStream, error)
}

// Several is a Dialer that knows several masters.
type Several interface {
	Dialer
	// Others says whether there is a master that was not tried since the last one that answered.
	Others() bool
}

// Options say who a worker is and what it works with.
type Options struct {
	// Name, Weight, Slots and Labels are what masters know the worker by; core.Node.Validate has their limits.
	// Name is required; Weight and Slots default to core.DefaultWeight and core.DefaultSlots.
	Name   string
	Weight int
	Slots  int
	Labels []string
	// Plugins says that the performer runs plugins.
	Plugins bool
	// Idle has the worker join without taking runs until an administrator enables it.
	Idle bool
	// Version of the program, told to the master.
	Version string

	Performer Performer    // required
	Dialer    Dialer       // required
	Logger    *slog.Logger // defaults to one that discards

	// DrainTimeout is how long a stopping worker lets runs go on before it cancels them. Defaults to
	// DefaultDrainTimeout; negative cancels at once.
	DrainTimeout time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Weight == 0 {
		o.Weight = core.DefaultWeight
	}
	if o.Slots == 0 {
		o.Slots = core.DefaultSlots
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = DefaultDrainTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Performer == nil {
		return o, errors.New("worker: a performer is required")
	}
	if o.Dialer == nil {
		return o, errors.New("worker: a dialer is required")
	}
	node := core.Node{Kind: core.NodeWorker, Name: o.Name, Weight: o.Weight, Slots: o.Slots, Labels: o.Labels}
	return o, node.Validate()
}
