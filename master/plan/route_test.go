package plan

import (
	"fmt"
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

func labelled(labels ...string) func(*core.Node) { return func(n *core.Node) { n.Labels = labels } }
func dead(n *core.Node)                          { n.LeaseUntil = now }
func draining(n *core.Node)                      { n.State = core.NodeDraining }

// router makes a router that knows of these nodes.
func router(nodes ...core.Node) *Router {
	r := new(Router)
	r.Refresh(nodes, now)
	return r
}

// to is where a run of a task with a strategy may go.
func to(strategy core.Strategy, executors ...string) core.Destination {
	return core.Destination{TaskID: "task", Executors: executors, Routing: core.Routing{Strategy: strategy}}
}

func (r *Router) one(t *testing.T, d core.Destination) string {
	t.Helper()
	queues := r.Route(d)
	require.Len(t, queues, 1)
	return queues[0]
}

// shares gives how much of many firings each queue gets.
func (r *Router) shares(t *testing.T, d core.Destination) map[string]float64 {
	t.Helper()
	drawn := map[string]float64{}
	const rounds = 20_000
	for range rounds {
		drawn[r.one(t, d)] += 1. / rounds
	}
	return drawn
}

func TestRouteDrawsByWeightAmongExecutorsAlive(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 3), node("other", 1000), node("dead", 1000, dead), node("draining", 1000, draining),
		node("master", 1000, func(n *core.Node) { n.Kind = core.NodeMaster }))
	require.Equal(t, []string{"node:other", "node:w1", "node:w2"}, r.Served())
	for _, strategy := range []core.Strategy{"", core.RouteLeastLoaded, core.RouteWeighted} {
		drawn := r.shares(t, to(strategy, "dead", "w1", "draining", "w2", "master", "unheard of"))
		require.Len(t, drawn, 2, strategy)
		require.InDelta(t, .25, drawn["node:w1"], .03)
		require.InDelta(t, .75, drawn["node:w2"], .03)
	}
}

func TestSharesOfEachStrategy(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 3), node("w3", 4), node("dead", 100, dead))
	for strategy, want := range map[core.Strategy][3]float64{
		core.RouteWeighted:   {1. / 8, 3. / 8, 4. / 8},
		core.RouteRandom:     {1. / 3, 1. / 3, 1. / 3},
		core.RouteRoundRobin: {1. / 3, 1. / 3, 1. / 3},
	} {
		drawn := r.shares(t, to(strategy))
		require.Len(t, drawn, 3, strategy)
		for i, share := range want {
			require.InDelta(t, share, drawn[fmt.Sprintf("node:w%d", i+1)], .03, strategy)
		}
	}
}

func TestRoundRobinGoesRound(t *testing.T) {
	t.Parallel()
	r := router(node("a", 1), node("b", 9), node("c", 1))
	round := func(n int) (names []string) {
		for range n {
			names = append(names, r.one(t, to(core.RouteRoundRobin)))
		}
		return names
	}
	first := round(3)
	require.ElementsMatch(t, []string{"node:a", "node:b", "node:c"}, first, "each once, whatever its weight")
	require.Equal(t, first, round(3))
	other := to(core.RouteRoundRobin)
	other.TaskID = "another"
	r.one(t, other)
	require.Equal(t, first[0], round(1)[0], "each task has its own turn")

	require.Equal(t, []string{"node:a", "node:b"}, func() []string {
		r := router(node("a", 1), node("b", 1), node("c", 1))
		r.turns.last = map[string]string{"task": "c"}
		r.Refresh([]core.Node{node("a", 1), node("b", 1)}, now)
		return []string{r.one(t, to(core.RouteRoundRobin)), r.one(t, to(core.RouteRoundRobin))}
	}(), "the round goes on when its last worker is gone")
}

func TestTurnsAreBounded(t *testing.T) {
	t.Parallel()
	r := router(node("a", 1), node("b", 1))
	for i := range 3 * maxTurns {
		r.Route(core.Destination{TaskID: fmt.Sprint(i), Routing: core.Routing{Strategy: core.RouteRoundRobin}})
		require.LessOrEqual(t, len(r.turns.last), maxTurns)
	}
}

// of gives the worker of each of many tasks by consistent hashing.
func of(t *testing.T, r *Router, tasks int) []string {
	t.Helper()
	chosen := make([]string, tasks)
	for i := range chosen {
		chosen[i] = r.one(t, core.Destination{TaskID: fmt.Sprintf("0190b%03d-%d", i%1000, i), Routing: core.Routing{Strategy: core.RouteConsistentHash}})
	}
	return chosen
}

func TestConsistentHashMovesNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	const tasks = 20_000
	nodes := []core.Node{node("w1", 1), node("w2", 2), node("w3", 1)}
	before := of(t, router(nodes...), tasks)
	require.Equal(t, before, of(t, router(nodes[2], nodes[1], nodes[0]), tasks), "every master chooses alike")
	shares := map[string]float64{}
	for _, name := range before {
		shares[name] += 1. / tasks
	}
	require.InDelta(t, .5, shares["node:w2"], .02)
	require.InDelta(t, .25, shares["node:w1"], .02)

	moved := 0
	for i, name := range of(t, router(append(nodes, node("w4", 1))...), tasks) {
		if name != before[i] {
			require.Equal(t, "node:w4", name, "a worker that comes takes from the others, who swap nothing")
			moved++
		}
	}
	require.InDelta(t, .2, float64(moved)/tasks, .02, "its share and no more")
	for i, name := range of(t, router(nodes[0], nodes[1], node("w3", 1, dead)), tasks) {
		if before[i] == "node:w3" {
			require.NotEqual(t, "node:w3", name)
		} else {
			require.Equal(t, before[i], name, "of a worker that goes only its own tasks move")
		}
	}
}

func TestRouteByLabel(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 1, labelled("gpu", "eu")), node("w3", 1, labelled("gpu")), node("w4", 1, labelled("gpu"), dead))
	d := to("")
	d.Routing.Label = "gpu"
	require.Equal(t, "label:gpu", r.one(t, d), "whoever has it takes it")
	d.Routing.Strategy = core.RouteRandom
	require.Len(t, r.shares(t, d), 2)
	d.Routing.Label = "eu"
	require.Equal(t, map[string]float64{"node:w2": 1}, map[string]float64{r.one(t, d): 1})
	d.Routing.Label = "cold"
	require.Equal(t, core.QueueUnrouted, r.one(t, d), "nobody has it")
}

func TestStrictWaits(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 3, dead))
	d := to("", "w2", "w1", "forgotten")
	d.Routing.Strict = true
	drawn := r.shares(t, d)
	require.InDelta(t, .2, drawn["node:w1"], .03)
	require.InDelta(t, .6, drawn["node:w2"], .03, "alive or not")
	require.InDelta(t, .2, drawn["node:forgotten"], .03, "one whose row was deleted counts as new")
	d.Last = "w2"
	require.Equal(t, "node:w2", r.one(t, d), "what waits for it goes on waiting, and so do retries")
	d.Last = "elsewhere"
	require.NotEqual(t, "node:elsewhere", r.one(t, d), "the task was edited: it names others now")
	d.Last, d.Routing.Strategy = "", core.RouteConsistentHash
	chosen := r.one(t, d)
	r.Refresh(nil, now)
	require.Len(t, r.Served(), 0)
	r.Refresh([]core.Node{node("w1", 1, dead), node("w2", 3), node("forgotten", 1, dead)}, now)
	require.Equal(t, chosen, r.one(t, d), "who is there makes no difference")
}

func TestRouteToAllWorkers(t *testing.T) {
	t.Parallel()
	r := router(node("w3", 1), node("w1", 1, labelled("gpu")), node("w2", 9, labelled("gpu")), node("w4", 1, dead), node("w5", 1, draining))
	for _, strategy := range []core.Strategy{core.RouteBroadcast, core.RouteSharded} {
		require.Equal(t, []string{"node:w1", "node:w2", "node:w3"}, r.Route(to(strategy)))
		require.Equal(t, []string{"node:w2", "node:w3"}, r.Route(to(strategy, "w4", "w3", "w2")), "those alive of the named")
		d := to(strategy)
		d.Routing.Label = "gpu"
		require.Equal(t, []string{"node:w1", "node:w2"}, r.Route(d))
		d.Routing.Label = "cold"
		require.Equal(t, []string{core.QueueUnrouted}, r.Route(d))
		require.Equal(t, []string{core.QueueUnrouted}, r.Route(to(strategy, "w4")), "nobody is there yet to make runs for")
		d = to(strategy, "w4", "w3")
		d.Routing.Strict = true
		require.Equal(t, []string{"node:w3", "node:w4"}, r.Route(d), "all that are named, alive or not")
		d.Last = "w4"
		require.Equal(t, "node:w4", r.one(t, d))
	}
}

func TestShardOfAWorkerThatIsGone(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 3), node("w4", 1, dead))
	d := to(core.RouteSharded)
	d.Last = "w1"
	require.Equal(t, "node:w1", r.one(t, d), "a retry goes to the worker that had it")
	d.Last = "w4"
	drawn := r.shares(t, d)
	require.InDelta(t, .75, drawn["node:w2"], .03, "another does its part")
	require.Len(t, drawn, 2)
	d.Routing.Strategy = core.RouteBroadcast
	require.Equal(t, "node:w4", r.one(t, d), "nobody can be told in another's place")
	r.Refresh(nil, now)
	d.Routing.Strategy = core.RouteSharded
	require.Equal(t, "node:w4", r.one(t, d))
}

func TestRouteWithoutAChoice(t *testing.T) {
	t.Parallel()
	var r Router
	for _, refreshed := range []bool{false, true} {
		require.Equal(t, core.QueueDefault, r.one(t, core.Destination{}))
		require.Equal(t, "node:w1", r.one(t, to("", "w1", "w2")), "nobody is alive: it waits for the first named")
		for _, strategy := range []core.Strategy{core.RouteRoundRobin, core.RouteWeighted, core.RouteRandom, core.RouteConsistentHash} {
			require.Equal(t, "node:w1", r.one(t, to(strategy, "w1", "w2")), strategy)
			require.Equal(t, core.QueueUnrouted, r.one(t, to(strategy)), strategy)
			d := to(strategy)
			d.Last = "w7"
			require.Equal(t, "node:w7", r.one(t, d), "it stays where it is: %s", strategy)
		}
		require.Empty(t, r.Served())
		if !refreshed {
			r.Refresh([]core.Node{node("w1", 1)}, now.Add(time.Hour))
		}
	}
}

func TestRouteFollowsTheRefresh(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1), node("w2", 1))
	r.Refresh([]core.Node{node("w2", 1)}, now)
	d := to("", "w1", "w2")
	d.Last = "w1"
	require.Equal(t, "node:w2", r.one(t, d))
	d.Executors = []string{"w1"}
	require.Equal(t, "node:w1", r.one(t, d), "one that names only it waits for it")
}

func TestRouterIsSharedByMany(t *testing.T) {
	t.Parallel()
	var r Router
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 200 {
				r.Refresh([]core.Node{node("w1", 1), node("w2", 2)}, now)
				require.NotEmpty(t, r.Route(to(core.RouteRoundRobin, "w1", "w2")))
				r.Served()
			}
		})
	}
	all.Wait()
}
