package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/sdk"
	"github.com/carillonhq/carillon/plugins/sdk/sdktest"
)

// run performs one run of a handler.
func run(t *testing.T, handler sdk.Handler, given sdktest.Given) *sdktest.Outcome {
	t.Helper()
	return sdktest.New(t, sdk.Task{Name: "task", Run: handler}).Run(t.Context(), "task", given)
}

func TestRunKnowsWhatTheWorkerSays(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 31, 8, 0, 0, 123_000, time.UTC)
	var got sdk.Run
	run(t, func(_ context.Context, run *sdk.Run) (any, error) {
		got = *run
		return nil, nil
	}, sdktest.Given{
		ID: "r", Occurrence: "o", Attempt: 3, TaskID: "i", Trigger: "retry", Due: due, Deadline: due.Add(time.Minute), Shard: 1, Shards: 4,
	})
	require.Equal(t, []any{"r", "o", 3, "task", "i", "retry", due, due.Add(time.Minute), 1, 4},
		[]any{got.ID, got.Occurrence, got.Attempt, got.Task, got.TaskID, got.Trigger, got.Due, got.Deadline, got.Shard, got.Shards})
	require.DirExists(t, got.FilesDir())

	run(t, func(_ context.Context, run *sdk.Run) (any, error) {
		require.True(t, run.Deadline.IsZero(), "no deadline is the zero time, not 1970")
		return nil, nil
	}, sdktest.Given{})
}

// Whatever a handler does, its run ends with a result.
func TestEveryEndOfAHandlerIsAResult(t *testing.T) {
	t.Parallel()
	failure := errors.New("the mill is closed")
	for name, c := range map[string]struct {
		handler   sdk.Handler
		err       string
		result    string
		retryable bool
		after     time.Duration
		log       string
	}{
		"value":       {handler: returns(map[string]int{"n": 1}, nil), result: `{"n":1}`},
		"nothing":     {handler: returns(nil, nil)},
		"error":       {handler: returns(nil, failure), err: "the mill is closed", retryable: true},
		"both":        {handler: returns("half", failure), err: "the mill is closed", retryable: true, result: `"half"`},
		"permanent":   {handler: returns(nil, fmt.Errorf("grind: %w", sdk.Permanent(failure))), err: "grind: the mill is closed"},
		"later":       {handler: returns(nil, sdk.RetryAfter(failure, 1500*time.Millisecond)), err: "the mill is closed", retryable: true, after: 1500 * time.Millisecond},
		"in the past": {handler: returns(nil, sdk.RetryAfter(failure, -time.Second)), err: "the mill is closed", retryable: true},
		"no words":    {handler: returns(nil, errors.New("")), err: "an error of type *errors.errorString that says nothing", retryable: true},
		"not text":    {handler: returns(nil, errors.New("a\xffb")), err: "a\uFFFDb", retryable: true},
		"panic": {handler: func(context.Context, *sdk.Run) (any, error) { panic("no grain") },
			err: "panic: no grain", retryable: true, log: "server_test.go"},
		"runtime error": {handler: func(context.Context, *sdk.Run) (any, error) { return strings.Fields("a")[1], nil },
			err: "panic: runtime error: index out of range [1] with length 1", retryable: true, log: "server_test.go"},
		"goexit": {handler: func(context.Context, *sdk.Run) (any, error) { runtime.Goexit(); return nil, nil },
			err: "the handler ended its goroutine (runtime.Goexit)", retryable: true},
		"no JSON":     {handler: returns(make(chan int), nil), err: "the result cannot be written as JSON: json: unsupported type: chan int"},
		"panics late": {handler: returns(thrower{}, nil), err: "panic: no JSON today", retryable: true, log: "thrower"},
		"largest":     {handler: returns(strings.Repeat("a", sdk.MaxResult-2), nil), result: `"` + strings.Repeat("a", sdk.MaxResult-2) + `"`},
		"too large": {handler: returns(strings.Repeat("a", sdk.MaxResult-1), nil),
			err: "the result is 1048577 bytes of JSON: at most 1048576 are left to children"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.handler, sdktest.Given{})
			if c.err == "" {
				require.NoError(t, got.Err)
			} else {
				require.EqualError(t, got.Err, c.err)
			}
			require.Equal(t, c.retryable, got.Retryable)
			require.Equal(t, c.after, got.RetryAfter)
			require.Equal(t, c.result, string(got.Result))
			if c.log == "" {
				require.Empty(t, got.Log)
				return
			}
			require.Len(t, got.Log, 1)
			require.Equal(t, "error", got.Log[0].Level)
			require.True(t, strings.HasPrefix(got.Log[0].Text, c.err+"\npanic("), got.Log[0].Text)
			require.Contains(t, got.Log[0].Text, c.log, "the stack leads to the handler")
		})
	}
	require.NoError(t, sdk.Permanent(nil))
	require.NoError(t, sdk.RetryAfter(nil, time.Second))
}

func returns(result any, err error) sdk.Handler {
	return func(context.Context, *sdk.Run) (any, error) { return result, err }
}

type thrower struct{}

func (thrower) MarshalJSON() ([]byte, error) { panic("no JSON today") }

func TestUnknownTaskIsAnError(t *testing.T) {
	t.Parallel()
	plugin := sdktest.New(t, sdk.Task{Name: "b", Run: returns(nil, nil)}, sdk.Task{Name: "a", Run: returns(nil, nil)})
	got := plugin.Run(t.Context(), "c", sdktest.Given{})
	require.EqualError(t, got.Err, `the plugin has no task "c": it has a, b`)
	require.False(t, got.Retryable)
}

func TestTasksAreChecked(t *testing.T) {
	t.Parallel()
	good := sdk.Task{Name: "a", Run: returns(nil, nil)}
	for _, c := range []struct {
		tasks []sdk.Task
		err   string
	}{
		{nil, "a plugin needs a task"},
		{[]sdk.Task{good, {Run: good.Run}}, "task 2 has no Name"},
		{[]sdk.Task{{Name: "x"}}, `task "x" has no Run`},
		{[]sdk.Task{good, good}, `two tasks have the name "a"`},
	} {
		_, err := sdk.NewServer(c.tasks...)
		require.EqualError(t, err, c.err)
	}
}

// The context's cause says why, and the run is under way until its handler has returned.
func TestCancelReachesTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		plugin := sdktest.New(t, sdk.Task{Name: "task", Run: func(ctx context.Context, run *sdk.Run) (any, error) {
			_, bounded := ctx.Deadline()
			require.False(t, bounded)
			cancel(errors.New("somebody stopped it"))
			<-ctx.Done()
			time.Sleep(time.Second)
			run.Log.Info("cleaned up")
			return "half", context.Cause(ctx)
		}})
		got := plugin.Run(ctx, "task", sdktest.Given{Deadline: time.Now().Add(time.Hour)})
		require.EqualError(t, got.Err, "somebody stopped it")
		require.Equal(t, `"half"`, string(got.Result))
		require.Equal(t, []sdktest.Line{{Level: "info", Text: "cleaned up"}}, got.Log)
	})
}

func TestCauseOfACancelIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	plugin := sdktest.New(t, sdk.Task{Name: "task", Run: func(ctx context.Context, _ *sdk.Run) (any, error) {
		cancel(errors.New("the lease is lost"))
		<-ctx.Done()
		cause, ok := errors.AsType[*sdk.Cancelled](context.Cause(ctx))
		require.True(t, ok)
		require.Equal(t, &sdk.Cancelled{Reason: "the lease is lost", Grace: 5 * time.Second}, cause)
		return nil, nil
	}})
	require.NoError(t, plugin.Run(ctx, "task", sdktest.Given{}).Err)
}

// A worker that is gone has nobody to tell, but its runs end.
func TestHangUpCancels(t *testing.T) {
	t.Parallel()
	cause := make(chan error, 1)
	server, err := sdk.NewServer(sdk.Task{Name: "task", Run: func(ctx context.Context, _ *sdk.Run) (any, error) {
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return nil, nil
	}})
	require.NoError(t, err)
	stream := hangingStream(t)
	ctx, hangUp := context.WithCancel(t.Context())
	stream.ctx = ctx
	hangUp()
	require.NoError(t, server.Run(stream))
	require.EqualError(t, <-cause, "the worker ended the connection")
}

func TestProgressAndNextInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		next := time.Now().Add(36 * time.Hour).UTC()
		got := run(t, func(_ context.Context, run *sdk.Run) (any, error) {
			for _, percent := range []int{-5, 0, 10, 10, 55, 100, 400} {
				run.Progress(percent)
			}
			run.NextAt(time.Now())
			run.NextIn(36 * time.Hour)
			return nil, nil
		}, sdktest.Given{})
		require.Equal(t, []int{0, 10, 55, 100}, got.Progress, "what is said twice is sent once")
		require.Equal(t, next, got.NextAt, "the last one counts")
	})
}

// A goroutine that outlives its handler may go on talking: it harms nothing, and nobody hears it.
func TestWhatComesAfterTheResultIsDropped(t *testing.T) {
	t.Parallel()
	var kept *sdk.Run
	got := run(t, func(_ context.Context, run *sdk.Run) (any, error) {
		kept = run
		return nil, nil
	}, sdktest.Given{})
	kept.Log.Info("late")
	kept.Progress(50)
	kept.NextIn(time.Hour)
	require.Empty(t, got.Log)
	require.Empty(t, got.Progress)
	require.Zero(t, got.NextAt)
}
