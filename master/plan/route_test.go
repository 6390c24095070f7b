package plan

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func node(name string, weight int, changes ...func(*core.Node)) core.Node {
	n := core.Node{Kind: core.NodeWorker, Name: name, State: core.NodeEnabled, Weight: weight, LeaseUntil: now.Add(time.Second)}
	for _, change := range changes {
		change(&n)
	}
	return n
}

func TestRouteDrawsByWeightAmongThoseAlive(t *testing.T) {
	t.Parallel()
	var r Router
	r.Refresh([]core.Node{node("w1", 1), node("w2", 3), node("other", 1000),
		node("dead", 1000, func(n *core.Node) { n.LeaseUntil = now }),
		node("draining", 1000, func(n *core.Node) { n.State = core.NodeDraining }),
		node("master", 1000, func(n *core.Node) { n.Kind = core.NodeMaster }),
	}, now)
	require.Equal(t, []string{"other", "w1", "w2"}, r.Alive())
	drawn := map[string]float64{}
	const rounds = 20_000
	for range rounds {
		drawn[r.Route([]string{"dead", "w1", "draining", "w2", "master", "unheard of"})] += 1. / rounds
	}
	require.Len(t, drawn, 2)
	require.InDelta(t, .25, drawn["node:w1"], .03)
	require.InDelta(t, .75, drawn["node:w2"], .03)
}

func TestRouteWithoutAChoice(t *testing.T) {
	t.Parallel()
	var r Router
	for _, refreshed := range []bool{false, true} {
		require.Equal(t, core.QueueDefault, r.Route(nil))
		require.Equal(t, "node:w1", r.Route([]string{"w1", "w2"}), "nobody is alive: it waits for the first named")
		_, ok := r.Elsewhere([]string{"w1", "w2"})
		require.False(t, ok)
		require.Empty(t, r.Alive())
		if !refreshed {
			r.Refresh([]core.Node{node("w1", 1)}, now.Add(time.Hour))
		}
	}
}

func TestElsewhereFollowsTheRefresh(t *testing.T) {
	t.Parallel()
	var r Router
	r.Refresh([]core.Node{node("w1", 1), node("w2", 1)}, now)
	r.Refresh([]core.Node{node("w2", 1)}, now)
	queue, ok := r.Elsewhere([]string{"w1", "w2"})
	require.True(t, ok)
	require.Equal(t, "node:w2", queue)
	_, ok = r.Elsewhere([]string{"w1"})
	require.False(t, ok, "one that names only it waits for it")
	_, ok = r.Elsewhere(nil)
	require.False(t, ok)
}

func TestRouterIsSharedByMany(t *testing.T) {
	t.Parallel()
	var r Router
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				r.Refresh([]core.Node{node("w1", 1), node("w2", 2)}, now)
				require.NotEmpty(t, r.Route([]string{"w1", "w2"}))
				r.Alive()
			}
		})
	}
	all.Wait()
}
