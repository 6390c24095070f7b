package fleet

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// connected puts a session into the fleet without a stream.
func (b *bundle) connected(name string, weight, slots int, labels ...string) *Session {
	s := newSession(b.Fleet, core.Node{Name: name, Incarnation: name + "-1", State: core.NodeEnabled, Weight: weight, Slots: slots, Labels: labels}, "")
	b.sessions[s.node.Incarnation] = s
	return s
}

func TestPickSharesByWeightAndFreeSlots(t *testing.T) {
	t.Parallel()
	type node struct{ weight, slots, taken int }
	for _, tc := range []struct {
		name   string
		nodes  []node
		shares []float64
	}{
		{"alone", []node{{1, 10, 0}}, []float64{1}},
		{"equal", []node{{1, 10, 0}, {1, 10, 0}, {1, 10, 0}}, []float64{1. / 3, 1. / 3, 1. / 3}},
		{"by weight", []node{{1, 10, 0}, {2, 10, 0}, {7, 10, 0}}, []float64{.1, .2, .7}},
		{"the number of slots does not count", []node{{1, 10, 0}, {1, 1000, 0}}, []float64{.5, .5}},
		{"how much of it is free counts", []node{{1, 100, 75}, {1, 100, 0}}, []float64{.2, .8}},
		{"a full one gets nothing", []node{{1000, 10, 10}, {1, 10, 0}}, []float64{0, 1}},
		{"one that has more than its slots gets nothing", []node{{5, 10, 12}, {1, 10, 0}}, []float64{0, 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			picks := map[string]int{}
			for i, n := range tc.nodes {
				b.connected(fmt.Sprint("w", i), n.weight, n.slots).taken = n.taken
			}
			const rounds = 10_000
			for range rounds {
				s := b.Pick(core.QueueDefault)
				picks[s.Worker()]++
				b.Unpick(s)
			}
			for i, want := range tc.shares {
				require.InDelta(t, want, float64(picks[fmt.Sprint("w", i)])/rounds, 0.001, picks)
			}
		})
	}
}

func TestPicksOfEqualWorkersTakeTurns(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.connected("w0", 1, 100), b.connected("w1", 1, 100)
	for i := range 200 {
		require.NotNil(t, b.Pick(core.QueueDefault))
		require.InDelta(t, one.taken, two.taken, 1, "after %d picks", i+1)
	}
}

func TestPickTakesEverySlotOnceAndNoMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.connected("w0", 1, 3), b.connected("w1", 100, 5)
	picked := map[*Session]int{}
	for left := 8; left > 0; left-- {
		require.Equal(t, left, b.free())
		picked[b.Pick(core.QueueDefault)]++
	}
	require.Equal(t, map[*Session]int{one: 3, two: 5}, picked)
	require.Nil(t, b.Pick(core.QueueDefault))
	require.Equal(t, map[string]int{core.QueueDefault: 0, "node:w0": 0, "node:w1": 0}, b.Free(), "queues that are served, though full")
	b.Unpick(one)
	require.Same(t, one, b.Pick(core.QueueDefault))
}

func TestPickHeedsQueues(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Nil(t, b.Pick(core.QueueDefault))
	require.Empty(t, b.Free())
	gpu := b.connected("w0", 1, 100, "gpu")
	plain := b.connected("w1", 1000, 100)
	for range 20 {
		require.Same(t, gpu, b.Pick(core.QueueOfLabel("gpu")))
		require.Same(t, plain, b.Pick(core.QueueOfNode("w1")))
	}
	require.Nil(t, b.Pick(core.QueueOfLabel("cpu")))
	require.Equal(t, map[string]int{core.QueueDefault: 160, "node:w0": 80, "node:w1": 80, "label:gpu": 80}, b.Free())
	gpu.draining = true
	require.Nil(t, b.Pick(core.QueueOfLabel("gpu")))
	require.Equal(t, map[string]int{core.QueueDefault: 80, "node:w1": 80}, b.Free())
}
