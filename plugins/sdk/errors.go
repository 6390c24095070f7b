package sdk

import (
	"errors"
	"fmt"
	"time"
)

// MaxResult is how much JSON a run may leave to its children, in bytes. More fails the run.
const MaxResult = 1 << 20

// Cancelled is why a run's context was cancelled: context.Cause(ctx) gives it.
type Cancelled struct {
	// Reason is the worker's sentence: that somebody stopped the run, that its time is over, or that its lease is lost.
	Reason string
	// Grace is how long the handler had to return from when the context was cancelled, before the process is killed.
	Grace time.Duration
}

// Error is the reason.
func (c *Cancelled) Error() string { return c.Reason }

// Permanent makes an error one that trying again does not help: the task's retry policy is not asked. nil stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// RetryAfter makes an error one after which the next attempt, when the task's retry policy has one left, waits at least
// that long. nil stays nil.
func RetryAfter(err error, wait time.Duration) error {
	if err == nil {
		return nil
	}
	return &laterError{error: err, wait: max(wait, 0)}
}

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

type laterError struct {
	error
	wait time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

// panicError is a handler that panicked or ended its goroutine. The stack goes to the run's log.
type panicError struct {
	what  string
	stack []byte
}

func (e *panicError) Error() string { return e.what }

// attempt calls a function of the plugin's author. A panic becomes a *panicError; runtime.Goexit ends the goroutine
// all the same, so done is called on every way out.
func attempt(call func() error, done func(error)) {
	err := error(&panicError{what: "the handler ended its goroutine (runtime.Goexit)"})
	defer func() {
		if thrown := recover(); thrown != nil {
			err = &panicError{what: fmt.Sprintf("panic: %v", thrown), stack: stack()}
		}
		done(err)
	}()
	err = call()
}

// asPanic gives the panic behind an error.
func asPanic(err error) (*panicError, bool) { return errors.AsType[*panicError](err) }
