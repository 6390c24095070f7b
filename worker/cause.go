package worker

import (
	"errors"
	"fmt"
)

// Why the context of a run was cancelled. context.Cause gives an error that wraps one of these.
var (
	// ErrCancelled means that somebody withdrew the run; the reason given follows.
	ErrCancelled = errors.New("cancelled")
	// ErrSuperseded means that the run was given again with a newer token, so this one's outcome counts for nothing.
	ErrSuperseded = errors.New("given again with a newer token")
	// ErrLeaseLost means that no master renewed the worker's lease in time, so that the run may be given to others.
	ErrLeaseLost = errors.New("aborted: the worker's lease ran out before a master renewed it")
	// ErrStopping means that the worker was stopped and the run did not end in the time allowed for that.
	ErrStopping = errors.New("aborted: the worker was stopped before the run ended")
	// ErrHurried is ErrStopping when the stop was not to wait for anything.
	ErrHurried = fmt.Errorf("%w, at once", ErrStopping)
)
