package host

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
)

func TestRunGetsWhatTheCallSaysAndItsResultIsKept(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	c := b.call("echo", "n", "5", "s", "text")
	c.HasParent, c.ParentResult, c.Shard, c.Shards, c.Timeout = true, []byte(`{"from":"parent"}`), 2, 3, time.Hour
	before := time.Now()
	o, _ := perform(t, h, c)
	require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
	require.Equal(t, "plugin test@1.0.0 echo", o.Result.Request)
	require.Equal(t, "application/json", o.Result.ContentType)
	require.Equal(t, "run", o.RunID)
	require.False(t, o.SentAt.Before(before.Truncate(time.Microsecond)))
	require.False(t, o.AnsweredAt.Before(o.SentAt))
	require.Zero(t, o.NextAt)

	got := succeed[struct {
		Params                       map[string]any
		Run, Occurrence, Task        string
		Trigger, Parent, Files, Work string
		Due, Deadline                int64
		Attempt, Shard, Shards       int
		HasParent                    bool
	}](t, h, c)
	require.Equal(t, map[string]any{"n": 5.0, "s": "text"}, got.Params)
	require.Equal(t, []string{"run", "occurrence", "task", "manual"}, []string{got.Run, got.Occurrence, got.Task, got.Trigger})
	require.Equal(t, []int{1, 2, 3}, []int{got.Attempt, got.Shard, got.Shards})
	require.True(t, got.HasParent)
	require.JSONEq(t, `{"from":"parent"}`, got.Parent)
	require.Equal(t, int64(1_700_000_000_000_000), got.Due)
	require.WithinDuration(t, time.Now().Add(time.Hour), time.UnixMicro(got.Deadline), time.Minute)
	require.FileExists(t, got.Files+"/"+pack.SumsName)
	require.NoDirExists(t, got.Work, "it is removed when the run has ended")
}

func TestLinesAndProgressArriveInTheirOrder(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	o, n := perform(t, with(t, Options{}, b), b.call("talk"))
	require.Equal(t, core.RunSucceeded, o.State, o.Result.Reason)
	require.Equal(t, "debug line 0\ninfo line 1\nwarn line 2", n.all())
	require.Equal(t, []int{0, 50, 100}, n.progress, "what does not change is not told")
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	for _, c := range []struct {
		name, task string
		params     []string
		state      core.RunState
		reason     string
		retryable  bool
		response   string
		retryAfter time.Duration
	}{
		{name: "a result", task: "greet", params: []string{"name", "Ada"}, state: core.RunSucceeded, response: `{"greeting":"Hello, Ada"}`},
		{name: "an error, with a value", task: "fail", params: []string{"error", "no stock left"}, state: core.RunFailed, reason: "no stock left",
			retryable: true, retryAfter: 1500 * time.Millisecond, response: `{"partly":true}`},
		{name: "the largest result", task: "big", params: []string{"bytes", "1048576"}, state: core.RunSucceeded, response: `"` + strings.Repeat("x", 1<<20-2) + `"`},
		{name: "a result too large", task: "big", params: []string{"bytes", "1048577"}, state: core.RunFailed, reason: "the result has 1048577 bytes; at most 1048576 are kept"},
		{name: "what is not JSON", task: "malformed", state: core.RunFailed, reason: "the result is not JSON"},
		{name: "no result", task: "nothing", state: core.RunFailed, reason: "the plugin ended the run without a result", retryable: true},
		{name: "an error of the call", task: "error", state: core.RunFailed,
			reason: "the plugin ended the run without a result: an exception of the plugin's language", retryable: true},
		{name: "a task that there is not", task: "grete", state: core.RunFailed, reason: "plugin.task: is not in test@1.0.0; did you mean greet?"},
		{name: "a parameter that does not fit", task: "greet", params: []string{"name", "[1]", "name2", ""}, state: core.RunSucceeded, response: `{"greeting":"Hello, [1]"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o, _ := perform(t, h, b.call(c.task, c.params...))
			require.Equal(t, c.state, o.State, o.Result.Reason)
			require.Equal(t, c.reason, o.Result.Reason)
			require.Equal(t, c.retryable, o.Retryable)
			require.Equal(t, c.retryAfter, o.RetryAfter)
			require.Equal(t, c.response, string(o.Result.Response))
		})
	}
}
