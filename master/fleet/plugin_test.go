package fleet

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

const digest = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

// Resolve knows a package but for "gone".
func (m *memory) Resolve(_ context.Context, call core.PluginCall) (version, hash string, err error) {
	err = m.do("resolve", func() { m.resolves = append(m.resolves, call.Package) })
	switch {
	case err != nil:
	case call.Package == "gone":
		err = core.Conflict("plugin package %q has not been uploaded", call.Package)
	case call.Version != "":
		return call.Version, digest, nil
	default:
		return "2.0.0", digest, nil
	}
	return "", "", err
}

// PluginChunk knows ten pieces of one package, each of which is as long as any may be.
func (m *memory) PluginChunk(_ context.Context, hash string, number int) (data []byte, chunks int, size int64, err error) {
	m.mu.Lock()
	hold := m.holdChunks
	m.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if err := m.failure("chunk"); err != nil {
		return nil, 0, 0, err
	}
	if hash != digest || number < 0 || number >= 10 {
		return nil, 0, 0, core.NotFound("there is no piece %d", number)
	}
	data = make([]byte, 256<<10)
	data[0] = byte(number)
	return data, 10, 10 * 256 << 10, nil
}

func ofPlugin(call core.PluginCall) func(*store.Reserved) {
	return func(r *store.Reserved) {
		r.TaskID, r.Task = "task", &store.TaskDefinition{Definition: core.Definition{Plugin: &call}, ParamsJSON: []byte("params")}
	}
}

func (w *worker) ask(numbers ...int32) {
	w.t.Helper()
	for _, n := range numbers {
		w.say(&rpc.Fetch{Digest: digest, Number: n})
	}
}

func TestRunOfAPluginIsGivenWithItsVersion(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1", func(h *rpc.Hello) { h.Plugins, h.Platform = true, "linux/amd64" }))
		require.Equal(t, []any{true, "linux/amd64"}, []any{b.kept.seen().registered[0].Plugins, b.kept.seen().registered[0].Platform})
		b.kept.policy = core.PullIfNotPresent
		latest := core.PluginCall{Package: "hello", Task: "greet", Timeout: 90 * time.Second}
		var runs []store.Handout
		for _, call := range []core.PluginCall{
			latest, {Package: "hello", Task: "greet", Version: "1.2.3", Isolated: true}, {Package: "gone", Task: "greet", Version: "1.0.0"}, latest,
		} {
			runs = append(runs, b.handout(ofPlugin(call)))
		}
		runs = append(runs, b.handout())
		require.True(t, b.Pick(core.QueuePlugin).Give(runs))
		require.Equal(t, []string{"hello", "hello", "gone"}, b.kept.seen().resolves, "runs that call alike have the same version")
		given := w.hear().GetDispatch().GetRuns()
		require.Len(t, given, 5)
		p := given[0].Plugin
		require.Equal(t, []any{"hello", "greet", "2.0.0", digest, "", false, "IfNotPresent", int64(90_000), false, "params"},
			[]any{p.Package, p.Task, p.Version, p.Digest, p.Missing, p.Pinned, p.PullPolicy, p.TimeoutMs, p.Isolated, string(p.Params)})
		p = given[1].Plugin
		require.Equal(t, []any{"1.2.3", digest, true, true}, []any{p.Version, p.Digest, p.Pinned, p.Isolated})
		p = given[2].Plugin
		require.Equal(t, []any{"1.0.0", "", `plugin package "gone" has not been uploaded`}, []any{p.Version, p.Digest, p.Missing})
		require.Nil(t, given[4].Plugin)

		b.kept.fail("resolve", errors.New("the database is away"))
		b.kept.fail("settings", errors.New("the database is away"))
		require.True(t, b.Pick(core.QueuePlugin).Give([]store.Handout{b.handout(ofPlugin(latest))}))
		p = w.hear().GetDispatch().GetRuns()[0].Plugin
		require.Equal(t, []any{"", `the versions of plugin package "hello" could not be read when the run was sent`, "Always"}, []any{p.Digest, p.Missing, p.PullPolicy})
	})
}

func TestRunsOfPluginsAreForWorkersThatRunThem(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.join(hello("w1", labels("gpu")))
		for _, q := range []string{core.QueuePlugin, core.PluginQueueOfLabel("gpu"), core.PluginQueueOfNode("w1")} {
			require.Nil(t, b.Pick(q), q)
		}
		able := hello("w2", labels("gpu"))
		able.Plugins = true
		b.join(able)
		for _, q := range []string{core.QueuePlugin, core.PluginQueueOfLabel("gpu"), core.PluginQueueOfNode("w2")} {
			require.Equal(t, "w2", b.Pick(q).Worker(), q)
		}
	})
}

func TestProgressIsNoted(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		for _, percent := range []int32{40, 1000, -3} {
			w.say(&rpc.Progress{RunId: "a", Token: 7, Percent: percent})
		}
		sleep(notesEvery)
		held := store.Held{RunID: "a", Token: 7}
		require.Equal(t, [][]store.Note{{{Held: held, Progress: 40}, {Held: held, Progress: 100}, {Held: held}}}, b.kept.seen().batches)
	})
}

func TestPiecesOfPackagesAreGiven(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		w.ask(3, 9)
		c := w.hear().GetChunk()
		require.Equal(t, []any{digest, int32(3), byte(3), int32(10), int64(10 * 256 << 10), ""}, []any{c.Digest, c.Number, c.Data[0], c.Chunks, c.Size, c.Error})
		require.EqualValues(t, 9, w.hear().GetChunk().Number)
		w.ask(10)
		c = w.hear().GetChunk()
		require.Equal(t, []any{true, "there is no piece 10"}, []any{c.Refused, c.Error})
		b.kept.fail("chunk", errors.New("the password is swordfish"))
		w.ask(1)
		c = w.hear().GetChunk()
		require.Equal(t, []any{false, "the database does not give it"}, []any{c.Refused, c.Error})
	})
}

// A worker that asks for much and reads slowly, or a database that is slow, holds up neither its heartbeats nor what is more
// urgent, and takes little memory.
func TestPiecesOfPackagesHoldNothingUp(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.kept.holdChunks = make(chan struct{})
		w.ask(0, 1, 2, 3)
		sleep(time.Second)
		w.say(&rpc.Heartbeat{Sequence: 1})
		sleep(time.Second)
		require.EqualValues(t, 1, w.hear().GetHeartbeatAck().Sequence)
		b.give(3)
		for range 3 {
			require.NotNil(t, w.hear().GetDispatch())
		}
		close(b.kept.holdChunks)
		for i := range int32(4) {
			require.Equal(t, i, w.hear().GetChunk().Number)
		}
		for round := range 100 { // far more pieces than messages may wait
			for range rpc.MaxFetches {
				w.ask(int32(round % 10))
			}
			synctest.Wait()
			for range rpc.MaxFetches {
				require.NotNil(t, w.hear().GetChunk())
			}
		}
		require.Equal(t, 1, b.Workers())
	})
}

func TestAWorkerThatAsksForTooMuchIsCutOff(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		b.kept.holdChunks = make(chan struct{})
		defer close(b.kept.holdChunks)
		for range 2 * rpc.MaxFetches {
			w.ask(0)
		}
		require.ErrorContains(t, w.refused(), fmt.Sprintf("more than %d pieces", rpc.MaxFetches))
	})
}
