package host

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

var errStopped = errors.New("cancelled: somebody stopped it")

func TestCancelIsToldAndTheRunEndsByItself(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{Grace: patience}, b)
	for _, c := range []struct {
		then             string
		state            core.RunState
		reason, response string
	}{
		{"fail", core.RunCancelled, errStopped.Error(), `"half"`},
		{"succeed", core.RunSucceeded, "", `"done"`}, // what is done is done
	} {
		p := begin(t, h, b.call("wait", "then", c.then))
		p.await(t, "waiting")
		p.cancel(errStopped)
		o := p.outcome(t)
		require.Equal(t, c.state, o.State)
		require.Equal(t, c.reason, o.Result.Reason)
		require.Equal(t, c.response, string(o.Result.Response))
		require.Contains(t, p.all(), "cancelled: cancelled: somebody stopped it, within 180000 ms")
	}
	require.Equal(t, 1, h.pool.started, "the process goes on")
}

func TestGraceIsTheCallsOwn(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	c := b.call("wait")
	c.Grace = func(cause error) time.Duration {
		require.ErrorIs(t, cause, errStopped)
		return 1234 * time.Millisecond
	}
	p := begin(t, h, c)
	p.await(t, "waiting")
	p.cancel(errStopped)
	p.outcome(t)
	require.Contains(t, p.all(), "within 1234 ms")
}

func TestRunThatIgnoresCancelIsKilledAndItsNeighboursAreLost(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{Grace: 50 * time.Millisecond}, b)
	neighbour := begin(t, h, b.call("hang"))
	neighbour.await(t, "hanging")
	p := begin(t, h, b.call("wait", "then", "stay"))
	p.await(t, "waiting")
	p.cancel(errStopped)
	o := p.outcome(t)
	require.Equal(t, core.RunCancelled, o.State)
	require.Equal(t, "cancelled: somebody stopped it, and it did not end in the 50ms that it was given for that", o.Result.Reason)
	o = neighbour.outcome(t)
	require.Equal(t, core.RunLost, o.State, "its occurrence is still owed")
	require.Equal(t, "the process was killed because another run in it did not end when it was asked to", o.Result.Reason)
	h.requireNoProcess(t)
	succeed[any](t, h, b.call("greet"))
}

func TestRunThatExitsWhenCancelledIsCancelled(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{Grace: patience}, b)
	p := begin(t, h, b.call("wait", "then", "exit"))
	p.await(t, "waiting")
	p.cancel(errStopped)
	o := p.outcome(t)
	require.Equal(t, core.RunCancelled, o.State)
	require.Equal(t, "cancelled: somebody stopped it; the plugin's process exited with status 7", o.Result.Reason)
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{Grace: 50 * time.Millisecond}, b)
	for _, c := range []struct{ task, then, reason string }{
		{"hang", "", "no result within 30ms, and it did not end in the 50ms that it was given for that"},
		{"wait", "fail", "no result within 30ms"},
		{"wait", "succeed", "no result within 30ms"}, // too late is too late
	} {
		call := b.call(c.task, "then", c.then)
		call.Timeout = 30 * time.Millisecond
		o, _ := perform(t, h, call)
		require.Equal(t, core.RunTimedOut, o.State)
		require.Contains(t, o.Result.Reason, c.reason)
		require.True(t, o.Retryable)
	}
}

func TestCancelBeforeThePluginHasTheRun(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{manner: silent})
	h := with(t, Options{}, b)
	p := begin(t, h, b.call("greet"))
	require.Eventually(t, func() bool { return h.pool.running() == 1 }, patience, time.Millisecond)
	p.cancel(errStopped)
	o := p.outcome(t)
	require.Equal(t, core.RunCancelled, o.State)
	require.Equal(t, errStopped.Error(), o.Result.Reason)
}

func TestNextInstantCountsWhenTheRunEndsByItself(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	o, _ := perform(t, h, b.call("next", "at", "1800000000000000"))
	require.Equal(t, time.UnixMicro(1_800_000_000_000_000).UTC(), o.NextAt, "the last one counts")
	o, _ = perform(t, h, b.call("next", "at", "1800000000000000", "error", "no"))
	require.Equal(t, core.RunFailed, o.State)
	require.Equal(t, time.UnixMicro(1_800_000_000_000_000).UTC(), o.NextAt)
	o, n := perform(t, h, b.call("next", "at", "-5"))
	require.Equal(t, time.UnixMicro(1).UTC(), o.NextAt)
	require.Contains(t, n.all(), "warn the next instant that the plugin set, -5 µs after 1970, is left out")
}
