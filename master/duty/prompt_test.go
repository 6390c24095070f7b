package duty

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// prompted runs a test with a prompt of a duty, whose log is kept.
func prompted(t *testing.T, run func(context.Context) error, test func(t *testing.T, p *Prompt, log *journal)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &journal{}
		p := NewPrompt(Duty{Name: "look", Every: time.Second, Run: run}, slog.New(slog.NewTextHandler(log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.Loop(ctx); close(ended) }()
		test(t, p, log)
		stop()
		<-ended
	})
}

func TestPromptIsDoneAtOnceForAllWhoAsk(t *testing.T) {
	var n atomic.Int64
	prompted(t, counter(&n), func(t *testing.T, p *Prompt, _ *journal) {
		synctest.Wait()
		require.Zero(t, n.Load(), "nobody asked")
		began := time.Now()
		p.Ask()
		synctest.Wait()
		require.EqualValues(t, 1, n.Load())
		require.Zero(t, time.Since(began))
		for range 1000 {
			p.Ask()
		}
		time.Sleep(time.Second)
		require.EqualValues(t, 2, n.Load())
	})
}

func TestPromptIsDoneAgainForWhoAsksDuringARun(t *testing.T) {
	var n atomic.Int64
	var gate chan struct{} // of the bubble
	prompted(t, func(context.Context) error { n.Add(1); <-gate; return nil }, func(t *testing.T, p *Prompt, _ *journal) {
		gate = make(chan struct{})
		p.Ask()
		synctest.Wait()
		p.Ask()
		time.Sleep(time.Second)
		require.EqualValues(t, 1, n.Load(), "the first is under way")
		close(gate)
		time.Sleep(time.Second)
		require.EqualValues(t, 2, n.Load(), "it may have looked too early")
	})
}

func TestPromptNeverOverlapsItsPeriodicRuns(t *testing.T) {
	var n, most atomic.Int64
	run := func(context.Context) error {
		if now := n.Add(1); now > most.Load() {
			most.Store(now)
		}
		time.Sleep(10 * time.Millisecond)
		n.Add(-1)
		return nil
	}
	prompted(t, run, func(t *testing.T, p *Prompt, _ *journal) {
		for range 100 {
			p.Ask()
			require.NoError(t, p.Duty().Run(t.Context()))
			time.Sleep(time.Millisecond)
		}
		require.EqualValues(t, 1, most.Load())
	})
}

func TestPromptThatFailsIsLoggedAndDoneAgain(t *testing.T) {
	var n atomic.Int64
	run := func(context.Context) error {
		if n.Add(1) == 1 {
			return errors.New("the database is away")
		}
		panic("a defect")
	}
	prompted(t, run, func(t *testing.T, p *Prompt, log *journal) {
		for range 2 {
			p.Ask()
			time.Sleep(time.Second)
		}
		require.EqualValues(t, 2, n.Load())
		require.Contains(t, log.String(), "the database is away")
		require.Contains(t, log.String(), "duty=look")
		require.Contains(t, log.String(), "a defect")
	})
}
