package worker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host"
	"github.com/carillonhq/carillon/rpc"
)

// fakeHost is a PluginHost made of a function.
type fakeHost func(ctx context.Context, call host.Call, sink host.Sink) core.Outcome

func (f fakeHost) Perform(ctx context.Context, call host.Call, sink host.Sink) core.Outcome {
	return f(ctx, call, sink)
}

func TestPluginPerformerHandsEverythingOn(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	want := host.Call{
		RunID: "r", OccurrenceID: "o", TaskID: "t", Trigger: "schedule", Attempt: 3, Due: due, Shard: 2, Shards: 5,
		HasParent: true, ParentResult: []byte("p"), Package: "hello", Task: "greet", Version: "1.2.3", Digest: "d", Missing: "m",
		Pinned: true, PullPolicy: core.PullAlways, Params: []core.Param{{Key: "k", Value: "v"}}, Timeout: time.Minute, Isolated: true,
	}
	for field, v := range reflect.ValueOf(want).Fields() {
		require.True(t, field.Name == "Grace" || !v.IsZero(), "%s is not covered by this test", field.Name)
	}
	var got host.Call
	p := NewPluginPerformer(fakeHost(func(_ context.Context, call host.Call, _ host.Sink) core.Outcome {
		got = call
		return core.Outcome{State: core.RunSucceeded}
	}), time.Minute)
	o := p.Perform(t.Context(), &rpc.Run{
		Id: "r", Token: 2, OccurrenceId: "o", TaskId: "t", Trigger: "schedule", Attempt: 3, Due: due.UnixMicro(), HasParent: true,
		ParentResult: []byte("p"), Shard: 2, Shards: 5, Plugin: &rpc.PluginCall{
			Package: "hello", Task: "greet", Version: "1.2.3", Digest: "d", Missing: "m", Pinned: true, PullPolicy: core.PullAlways,
			TimeoutMs: 60_000, Isolated: true, Params: []byte(`[{"ParamKey":"k","ParamValue":"v"}]`),
		},
	}, nil)
	require.Equal(t, core.RunSucceeded, o.State)
	require.NotNil(t, got.Grace)
	got.Grace = nil
	require.Equal(t, want, got)

	o = p.Perform(t.Context(), &rpc.Run{Plugin: &rpc.PluginCall{Params: []byte("{")}}, nil)
	require.Equal(t, core.RunFailed, o.State)
	require.False(t, o.Retryable)
	require.Contains(t, o.Result.Reason, "the parameters that the master sent cannot be read")
}

func TestEachKindHasItsPerformer(t *testing.T) {
	t.Parallel()
	says := func(reason string) performer {
		return func(context.Context, *rpc.Run, Sink) core.Outcome {
			return core.Outcome{State: core.RunSucceeded, Result: core.Result{Reason: reason}}
		}
	}
	plugin := &rpc.Run{Plugin: &rpc.PluginCall{}}
	both := ByKind{Callbacks: says("callback"), Plugins: says("plugin")}
	require.Equal(t, "callback", both.Perform(t.Context(), &rpc.Run{}, nil).Result.Reason)
	require.Equal(t, "plugin", both.Perform(t.Context(), plugin, nil).Result.Reason)
	o := ByKind{Callbacks: says("callback")}.Perform(t.Context(), plugin, nil)
	require.Equal(t, core.RunFailed, o.State)
	require.Contains(t, o.Result.Reason, "this worker runs no plugins: start it with --plugins")
	require.True(t, o.Retryable, "it may be another worker's next time")
}

func TestGraceOfAPluginByItsCause(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]time.Duration{
		fmt.Errorf("%w: by ada", ErrCancelled): time.Minute,
		ErrSuperseded:                          time.Minute,
		errors.New("another"):                  time.Minute,
		ErrStopping:                            2 * time.Second,
		ErrHurried:                             500 * time.Millisecond,
		ErrLeaseLost:                           time.Second,
	} {
		require.Equal(t, want, NewPluginPerformer(nil, time.Minute).graceFor(cause), cause)
		require.Equal(t, time.Millisecond, NewPluginPerformer(nil, time.Millisecond).graceFor(cause), "never more than the worker's own")
	}
	require.Less(t, NewPluginPerformer(nil, time.Hour).graceFor(ErrLeaseLost), core.LeaseMargin)
	require.Less(t, NewPluginPerformer(nil, time.Hour).graceFor(ErrStopping), abortWait)
}

// A plugin's run ends as every run does: what it says reaches the master, and one that the worker gave up is lost.
func TestRunOfAPluginThatIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		graces := map[string]time.Duration{}
		plugins := NewPluginPerformer(fakeHost(func(ctx context.Context, call host.Call, sink host.Sink) core.Outcome {
			sink.Log("info", "begun")
			sink.Progress(42)
			<-ctx.Done()
			graces[call.RunID] = call.Grace(context.Cause(ctx))
			time.Sleep(graces[call.RunID])
			return core.Outcome{State: core.RunCancelled, NextAt: time.UnixMicro(1), Result: core.Result{Reason: "killed"}}
		}), 5*time.Second)
		s := setup(t, nil, func(o *Options) { o.Performer, o.Plugins = ByKind{Plugins: plugins}, true })
		m := s.fleet.last()
		require.True(t, m.hello().Plugins)
		require.NotEmpty(t, m.hello().Platform)
		a, b := run("a", 1), run("b", 1)
		a.Plugin, b.Plugin = &rpc.PluginCall{}, &rpc.PluginCall{}
		m.dispatch(a, b)
		time.Sleep(2 * time.Second)
		require.Len(t, m.logs(), 2)
		m.cancel("a", 1, "by ada")
		time.Sleep(5*time.Second + outcomeLinger)
		require.Equal(t, "cancelled", m.outcomes()[0].State)
		require.Equal(t, "killed", m.outcomes()[0].Reason)

		m.setMute(true)
		s.fleet.setDown(errCut)
		m.cut(errCut)
		time.Sleep(core.Lease)
		s.fleet.setDown(nil)
		time.Sleep(longestWait)
		for _, o := range s.fleet.last().outcomes() {
			if o.RunId == "b" {
				require.Equal(t, "lost", o.State)
				require.Contains(t, o.Reason, "lease ran out")
			}
		}
		require.Equal(t, map[string]time.Duration{"a": 5 * time.Second, "b": time.Second}, graces)
	})
}
