package e2e

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// A server that stood still for longer than its lease, as a machine that sleeps does, gives up what it can no longer
// vouch for, does it again, and goes on: no instant is lost, no delayed task is forgotten.
func TestServerIsFrozen(t *testing.T) {
	skipLong(t)
	t.Parallel()
	for _, role := range []string{"serve", "master"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			freeze(t, role)
		})
	}
}

func freeze(t *testing.T, role string) {
	machine := watchMachine(t)
	target := newSink(t)
	s := serve(t, role, t.TempDir())
	if role == "master" {
		joinWorker(t, s.grpc, "w1")
		joinWorker(t, s.grpc, "w2")
	}
	ticks := startTicks(s, target, machine)
	release := target.hold("/held")
	first := time.Now()
	held := s.delayAt(target.URL+"/held", spread(first, 5, 0), nil)
	due := s.delayAt(target.URL+"/due", spread(first, 30, 500*time.Millisecond), nil)
	target.await("/held", 5, soon)
	target.await("/parent", 2, soon)
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGSTOP))
	asleep := time.NewTimer(core.Lease + 2*time.Second)
	<-asleep.C
	require.NoError(t, s.cmd.Process.Signal(syscall.SIGCONT))
	woke := time.Now()
	release()
	target.await("/due", 30, 2*soon)
	s.awaitDelayed(core.DelayedSucceeded, append(held, due...)...)
	for _, id := range append(held, due...) {
		runs := s.runsOf(id)
		checkOccurrence(t, runs, by(target.seen(""), func(a arrival) string { return a.key })[runs[0].ID])
	}
	for _, a := range target.seen("/due") {
		// What came due meanwhile is sent on waking, and everything after it on time.
		require.Less(t, a.at, maxTime(a.due, woke).Add(machine.allows(3*time.Second)))
	}
	target.await("/parent", len(target.seen("/parent"))+2, soon)
	ticks.check(t, s)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
