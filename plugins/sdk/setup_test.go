package sdk_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/sdk"
	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	"github.com/carillonhq/carillon/plugins/sdk/sdktest"
)

func TestSetupIsOnceAndBeforeEveryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var setups, teardowns, runs atomic.Int32
		t.Cleanup(func() { require.Equal(t, int32(1), teardowns.Load()) })
		plugin := sdktest.New(t,
			sdk.Task{
				Name: "task",
				Setup: func(ctx context.Context) error {
					time.Sleep(time.Minute)
					setups.Add(1)
					return ctx.Err()
				},
				Run: func(context.Context, *sdk.Run) (any, error) {
					require.Equal(t, int32(1), setups.Load())
					runs.Add(1)
					return nil, nil
				},
				Teardown: func(ctx context.Context) error { teardowns.Add(1); return ctx.Err() },
			},
			sdk.Task{
				Name: "idle", Run: returns(nil, nil),
				Setup:    func(context.Context) error { panic("nobody runs it") },
				Teardown: func(context.Context) error { panic("nobody ran it") },
			},
		)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() { require.NoError(t, plugin.Run(t.Context(), "task", sdktest.Given{}).Err) })
		}
		group.Wait()
		require.Equal(t, int32(10), runs.Load())
	})
}

func TestFailedSetupFailsTheRunAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	failures := []func() error{
		func() error { return sdk.RetryAfter(errors.New("no database"), time.Minute) },
		func() error { panic("no luck") },
		func() error { return nil },
		func() error { panic("it was set up already") },
	}
	plugin := sdktest.New(t, sdk.Task{Name: "task", Run: returns("done", nil), Setup: func(context.Context) error {
		next := failures[0]
		failures = failures[1:]
		return next()
	}})
	got := plugin.Run(t.Context(), "task", sdktest.Given{})
	require.EqualError(t, got.Err, `setup of task "task": no database`)
	require.True(t, got.Retryable)
	require.Equal(t, time.Minute, got.RetryAfter)

	got = plugin.Run(t.Context(), "task", sdktest.Given{})
	require.EqualError(t, got.Err, `setup of task "task": panic: no luck`)
	require.Len(t, got.Log, 1)
	require.Contains(t, got.Log[0].Text, "setup_test.go")

	for range 2 {
		require.NoError(t, plugin.Run(t.Context(), "task", sdktest.Given{}).Err)
	}
}

// A run that is cancelled does not wait for a setup that hangs; a later run still has it.
func TestCancelledRunLeavesItsSetup(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	plugin := sdktest.New(t, sdk.Task{Name: "task", Run: returns("done", nil), Setup: func(context.Context) error {
		<-release
		return nil
	}})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("its time is over"))
	require.EqualError(t, plugin.Run(ctx, "task", sdktest.Given{}).Err, "its time is over")
	close(release)
	require.NoError(t, plugin.Run(t.Context(), "task", sdktest.Given{}).Err)
}

// A process that is to end waits for its handlers and for its teardowns, but not for longer than its worker does.
func TestCloseIsBounded(t *testing.T) {
	t.Run("as the worker says", func(t *testing.T) {
		t.Setenv(handshake.GraceKey, "30000")
		closeWithin(t, 30*time.Second)
	})
	for _, nothing := range []string{"", "0", "-1", "soon", "9223372036854775807"} {
		t.Run("as go-plugin does "+nothing, func(t *testing.T) {
			t.Setenv(handshake.GraceKey, nothing)
			closeWithin(t, 2*time.Second)
		})
	}
}

// closeWithin has a server end that has a handler and a teardown which do not.
func closeWithin(t *testing.T, grace time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		server, err := sdk.NewServer(sdk.Task{
			Name: "task", Run: func(context.Context, *sdk.Run) (any, error) { <-release; return nil, nil },
			Teardown: func(ctx context.Context) error {
				until, _ := ctx.Deadline()
				require.Equal(t, grace/2, time.Until(until), "what the handlers have left")
				<-release
				return nil
			},
		})
		require.NoError(t, err)
		stream := hangingStream(t)
		go func() { _ = server.Run(stream) }()
		synctest.Wait()
		begin := time.Now()
		server.Close()
		require.Equal(t, grace, time.Since(begin))
	})
}
