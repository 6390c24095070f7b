package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// machine measures how the machine that runs a test does meanwhile. A claim about time is one about a machine that lets those
// go on who are due; where others take its time too, a claim is allowed what it withheld from us in the same minutes.
type machine struct {
	mu     sync.Mutex
	stall  time.Duration // the longest that a timer was late
	slow   float64       // how many times as long work took as it can, at the worst
	recent []float64     // slow, of what was done last
	least  time.Duration // the quickest that a piece of work was done
}

const (
	stallStep  = 10 * time.Millisecond
	workPause  = 500 * time.Millisecond
	workPieces = 8 // so much that the system takes the CPU away amid it when others want it, and a few hundredths of a core
)

// watchMachine measures until the test ends.
func watchMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{slow: 1}
	ctx, end := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() { m.watchTimers(ctx) })
	both.Go(func() { m.watchWork(ctx) })
	t.Cleanup(func() {
		end()
		both.Wait()
		t.Log(m)
	})
	return m
}

// watchTimers finds stalls: for how long a process is kept waiting that only wants to look at the clock.
func (m *machine) watchTimers(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		time.Sleep(stallStep)
		late := time.Since(began) - stallStep
		m.mu.Lock()
		m.stall = max(m.stall, late)
		m.mu.Unlock()
	}
}

// watchWork finds what is no stall: a CPU that is shared with many, or that is slower than it was. One piece that is held
// up counts as a stall and not here, so it goes by the median of some seconds.
func (m *machine) watchWork(ctx context.Context) {
	piece := make([]byte, 1<<20)
	for ctx.Err() == nil {
		least, began := time.Duration(0), time.Now()
		for range workPieces {
			begun := time.Now()
			sum := sha256.Sum256(piece)
			piece[0] = sum[0]
			if took := time.Since(begun); least == 0 || took < least {
				least = took
			}
		}
		m.worked(time.Since(began), least)
		select {
		case <-ctx.Done():
		case <-time.After(workPause):
		}
	}
}

func (m *machine) worked(took, least time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.least == 0 || least < m.least {
		m.least = least
	}
	const some = 7
	m.recent = append(m.recent, float64(took)/float64(workPieces*m.least))
	m.recent = m.recent[max(0, len(m.recent)-some):]
	sorted := slices.Sorted(slices.Values(m.recent))
	m.slow = max(m.slow, sorted[len(sorted)/2])
}

// allows gives how long that may take here, as far as is known by now, which takes so long on a quiet machine. What is
// withheld from a process that only waits may be withheld from each on a firing's way: the database, a master and a worker.
func (m *machine) allows(quiet time.Duration) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(m.slow*float64(quiet)) + 3*m.stall
}

// String is for logs.
func (m *machine) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprintf("this machine took %.1f times as long as it can, and kept a timer waiting for up to %s", m.slow, m.stall)
}

// eventually is like the function of that name, but for what must not only come true, but within what the machine allows.
func (m *machine) eventually(t *testing.T, quiet time.Duration, holds func() bool, what string, args ...any) {
	t.Helper()
	began := time.Now()
	eventually(t, soon, holds, what, args...)
	require.Less(t, time.Since(began), m.allows(quiet), "it took too long: %s", fmt.Sprintf(what, args...))
}
