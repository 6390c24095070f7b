package host

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// A process that is no longer needed has the worker's grace to be torn down in, and not the two seconds that go-plugin would
// give it.
func TestTeardownHasTheGrace(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{manner: slow})
	h := with(t, Options{Grace: patience}, b)
	call := b.call("greet", "name", "Ada")
	call.Isolated = true // so that the run's log has all that the process writes
	o, n := perform(t, h, call)
	require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
	require.Contains(t, n.all(), "tearing down within 180000 ms", "the process is told how long it has")
	require.Contains(t, n.all(), "torn down")
	h.requireNoProcess(t)
}

// Who takes longer is killed, and the run has ended as it had.
func TestTeardownIsBounded(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{manner: slower})
	for _, c := range []struct {
		name string
		end  func(h *Host, p *pending)
		o    Options
	}{
		{"by the grace", func(*Host, *pending) {}, Options{Grace: time.Millisecond}},
		{"by who withdraws the run", func(_ *Host, p *pending) { p.cancel(errors.New("the worker stops")) }, Options{Grace: patience}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := with(t, c.o, b)
			call := b.call("greet", "name", "Ada")
			call.Isolated, call.Grace = true, func(error) time.Duration { return time.Millisecond }
			p := begin(t, h, call)
			p.await(t, "tearing down")
			c.end(h, p)
			o := p.outcome(t)
			require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
			require.NotContains(t, p.all(), "torn down")
			h.requireNoProcess(t)
		})
	}
}

// The end of the worker waits for teardowns, but not for longer than service managers wait for it.
func TestCloseWaitsForTeardowns(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{manner: slow})
	h := with(t, Options{Grace: patience}, b)
	succeed[any](t, h, b.call("greet", "name", "Ada"))
	began := time.Now()
	h.Close()
	require.Greater(t, time.Since(began), slowEnd)
	o := h.Perform(context.Background(), b.call("greet", "name", "Ada"), newNotes())
	require.Equal(t, core.RunLost, o.State)
}

// Not for longer than service managers wait for the worker, whatever the grace is.
func TestCloseIsBounded(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{manner: slower})
	h := with(t, Options{Grace: slowerEnd}, b)
	succeed[any](t, h, b.call("greet", "name", "Ada"))
	h.Close()
	require.Empty(t, h.pool.processes)
	require.NoDirExists(t, h.places.run)
}
