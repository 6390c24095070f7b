package host

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// The benchmarks compare what this package does with the least that could do it, by turns in the same run, and report the
// medians in milliseconds. CARILLON_BENCH_SUPERVISOR names a carillon to supervise, instead of the test binary.

type samples []time.Duration

func (s *samples) take(f func()) {
	begun := time.Now()
	f()
	*s = append(*s, time.Since(begun))
}

func (s samples) median() float64 {
	slices.Sort(s)
	return float64(s[len(s)/2]) / float64(time.Millisecond)
}

func benchOptions() Options {
	var o Options
	if carillon := os.Getenv("CARILLON_BENCH_SUPERVISOR"); carillon != "" {
		o.Supervisor = []string{carillon, SupervisorCommand}
	}
	return o
}

// A call of a task in a warm process, over the call of its handler.
func BenchmarkWarmCall(b *testing.B) {
	built := build(b, pkgSpec{})
	h := with(b, benchOptions(), built)
	call, sink := built.call("greet", "name", "Ada"), newNotes()
	succeed[any](b, h, call)
	direct := func() {
		var params map[string]any
		require.NoError(b, json.Unmarshal([]byte(`{"name":"Ada"}`), &params))
		_, err := json.Marshal(map[string]any{"greeting": "Hello, " + params["name"].(string)})
		require.NoError(b, err)
	}
	var bare, warm samples
	for b.Loop() {
		bare.take(direct)
		warm.take(func() {
			if o := h.Perform(b.Context(), call, sink); o.State != core.RunSucceeded {
				b.Fatal(o.Result.Reason)
			}
		})
	}
	b.ReportMetric(bare.median(), "direct-ms")
	b.ReportMetric(warm.median(), "warm-ms")
	b.ReportMetric(warm.median()-bare.median(), "over-ms")
}

// The start of a process up to its first run's result, over that of the same executable by go-plugin alone, which has
// no supervisor, verifies nothing and makes no directories.
func BenchmarkColdStart(b *testing.B) {
	for name, extra := range map[string]string{"limits=default": "", "limits=cpu": "limits: {cpuSeconds: 100}"} {
		b.Run(name, func(b *testing.B) {
			built := build(b, pkgSpec{extra: extra})
			h := with(b, benchOptions(), built)
			call := built.call("greet", "name", "Ada")
			call.Isolated = true
			succeed[any](b, h, call)
			path := h.cache.entries[built.digest].installed.path
			var bare, cold samples
			for b.Loop() {
				var client *goplugin.Client
				bare.take(func() { client = bareStart(b, path) })
				client.Kill()
				begun := time.Now()
				o := h.Perform(b.Context(), call, newNotes())
				require.Equal(b, core.RunSucceeded, o.State, o.Result.Reason)
				cold = append(cold, o.AnsweredAt.Sub(begun))
			}
			b.ReportMetric(bare.median(), "bare-ms")
			b.ReportMetric(cold.median(), "cold-ms")
			b.ReportMetric(cold.median()-bare.median(), "over-ms")
			b.ReportMetric(cold.median()/bare.median(), "ratio")
		})
	}
}

func bareStart(b *testing.B, path string) *goplugin.Client {
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: handshake.Config(), Plugins: handshake.Plugins(nil), Cmd: exec.Command(path), AutoMTLS: true, SkipHostEnv: true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
	})
	protocol, err := client.Client()
	require.NoError(b, err)
	raw, err := protocol.Dispense(handshake.Name)
	require.NoError(b, err)
	stream, err := raw.(pluginpb.PluginClient).Run(context.Background())
	require.NoError(b, err)
	require.NoError(b, stream.Send(&pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Start{Start: &pluginpb.Start{
		Task: "greet", Params: []byte(`{"name":"Ada"}`),
	}}}))
	_, err = stream.Recv()
	require.NoError(b, err)
	return client
}
