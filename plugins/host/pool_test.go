package host

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestOneProcessForManyRuns(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	pid := succeed[identityOf](t, h, b.call("who")).Pid
	hanging := begin(t, h, b.call("wait"))
	hanging.await(t, "waiting")
	require.Equal(t, pid, succeed[identityOf](t, h, b.call("who")).Pid, "also beside another run")
	hanging.cancel(errStopped)
	hanging.outcome(t)
	require.Equal(t, pid, succeed[identityOf](t, h, b.call("who")).Pid)
}

func TestConcurrencyOfAPackage(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{extra: "concurrency: 2"})
	h := with(t, Options{}, b)
	var all []*pending
	for range 5 {
		p := begin(t, h, b.call("wait", "then", "succeed"))
		p.await(t, "waiting")
		all = append(all, p)
	}
	require.Equal(t, 3, h.pool.running())
	for _, p := range all {
		p.cancel(errStopped)
		require.Equal(t, core.RunSucceeded, p.outcome(t).State)
	}
	require.Equal(t, 3, h.pool.started)
}

func TestIsolatedRunHasAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	warm := succeed[identityOf](t, h, b.call("who")).Pid
	c := b.call("who")
	c.Isolated = true
	first, second := succeed[identityOf](t, h, c).Pid, succeed[identityOf](t, h, c).Pid
	require.NotEqual(t, warm, first)
	require.NotEqual(t, first, second)
	require.Equal(t, 1, h.pool.running(), "it is gone with its run")
	require.Equal(t, warm, succeed[identityOf](t, h, b.call("who")).Pid)
}

func TestProcessIsReplacedAfterSoManyRuns(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{MaxRuns: 3}, b)
	var pids []int
	for range 7 {
		pids = append(pids, succeed[identityOf](t, h, b.call("who")).Pid)
	}
	require.Equal(t, pids[0], pids[2])
	require.NotEqual(t, pids[2], pids[3])
	require.Equal(t, pids[3], pids[5])
	require.NotEqual(t, pids[5], pids[6])
}

func TestIdleProcessIsRetired(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{IdleTime: time.Hour}, b)
	succeed[any](t, h, b.call("greet"))
	busy := begin(t, h, b.call("wait", "then", "succeed"))
	busy.await(t, "waiting")
	h.pool.tend(time.Now().Add(2 * time.Hour))
	require.Equal(t, 1, h.pool.running(), "it has a run")
	busy.cancel(errStopped)
	busy.outcome(t)
	h.pool.tend(time.Now())
	require.Equal(t, 1, h.pool.running(), "it is not idle for long")
	h.pool.tend(time.Now().Add(2 * time.Hour))
	h.requireNoProcess(t)
}

func TestRunsWaitForAPlaceForTheirProcess(t *testing.T) {
	t.Parallel()
	one, other := build(t, pkgSpec{version: "1.0.0", extra: "concurrency: 1"}), build(t, pkgSpec{version: "2.0.0", extra: "concurrency: 1"})
	h := with(t, Options{MaxProcesses: 2}, one, other)
	var under []*pending
	for range 2 {
		p := begin(t, h, one.call("wait", "then", "succeed"))
		p.await(t, "waiting")
		under = append(under, p)
	}
	given := begin(t, h, other.call("greet"))
	waiting := []*pending{begin(t, h, other.call("greet")), begin(t, h, one.call("greet"))}
	given.cancel(errStopped)
	require.Equal(t, core.RunCancelled, given.outcome(t).State, "who waits can be cancelled")
	require.LessOrEqual(t, h.pool.running(), 2)
	for _, p := range under {
		p.cancel(errStopped)
		require.Equal(t, core.RunSucceeded, p.outcome(t).State)
	}
	for _, p := range waiting {
		require.Equal(t, core.RunSucceeded, p.outcome(t).State)
	}
	require.LessOrEqual(t, h.pool.running(), 2)
}

func TestCloseEndsWhatRuns(t *testing.T) {
	t.Parallel()
	stuck := strings.Repeat("0", 64)
	b, slow := build(t, pkgSpec{}), build(t, pkgSpec{name: "slow", manner: silent})
	s := newShelf(b, slow)
	h := open(t, Options{MaxProcesses: 2, Fetch: func(ctx context.Context, digest string, number int) (Chunk, error) {
		if digest == stuck {
			<-ctx.Done()
		}
		return s.fetch(ctx, digest, number)
	}})
	running, starting := begin(t, h, b.call("hang")), begin(t, h, slow.call("greet"))
	running.await(t, "hanging")
	require.Eventually(t, func() bool { return h.pool.running() == 2 }, patience, time.Millisecond)
	c := b.call("greet")
	c.Isolated = true
	waiting := begin(t, h, c)
	c.Digest = stuck
	fetching := begin(t, h, c)
	h.Close()
	for i, p := range []*pending{running, starting, waiting, fetching, begin(t, h, b.call("greet"))} {
		o := p.outcome(t)
		require.Equal(t, core.RunLost, o.State, fmt.Sprint(i, o.Result.Reason))
		require.Equal(t, "the worker ends its plugins", o.Result.Reason)
	}
	h.Close() // once more does nothing
	require.NoDirExists(t, h.places.run)
}
