package plan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func withPlugins(n *core.Node) { n.Plugins = true }

func strictly(d core.Destination) core.Destination {
	d.Routing.Strict = true
	return d
}

func with(label string, d core.Destination) core.Destination {
	d.Routing.Label = label
	return d
}

func after(worker string, d core.Destination) core.Destination {
	d.Last = worker
	return d
}

// Of the workers w1 runs no plugins, w2 does, w3 does and is gone.
func TestRouteOfPlugins(t *testing.T) {
	t.Parallel()
	r := router(node("w1", 1, labelled("gpu", "plain")), node("w2", 1, withPlugins, labelled("gpu")), node("w3", 1, withPlugins, dead))
	require.Equal(t, []string{"node:w1", "node:w2", "node:w2/plugin"}, r.Served())
	for name, c := range map[string]struct {
		d    core.Destination
		want []string
	}{
		"any worker":                            {to(""), []string{"plugin"}},
		"any with a label":                      {with("gpu", to("")), []string{"plugin:gpu"}},
		"one of all":                            {to(core.RouteRandom), []string{"node:w2/plugin"}},
		"one of those with a label":             {with("gpu", to(core.RouteWeighted)), []string{"node:w2/plugin"}},
		"nobody has the label and plugins":      {with("plain", to(core.RouteRoundRobin)), []string{"node:"}},
		"one of those named":                    {to("", "w1", "w2", "w3"), []string{"node:w2/plugin"}},
		"none of those named is there":          {to("", "w1", "w3"), []string{"node:w1/plugin"}},
		"a retry, its worker is gone":           {after("w3", to("", "w3", "w2")), []string{"node:w2/plugin"}},
		"a retry, its worker has none any more": {after("w1", to("", "w1", "w2")), []string{"node:w2/plugin"}},
		"a retry that can go nowhere":           {after("w3", to("", "w1", "w3")), []string{"node:w3/plugin"}},
		"strictly one that runs none":           {strictly(to("", "w1")), []string{"node:w1"}},
		"strictly one that is gone":             {strictly(to("", "w3")), []string{"node:w3"}},
		"strictly, a retry":                     {after("w1", strictly(to("", "w1", "w2"))), []string{"node:w1"}},
		"broadcast":                             {to(core.RouteBroadcast), []string{"node:w2/plugin"}},
		"broadcast to those named":              {to(core.RouteBroadcast, "w1", "w2", "w3"), []string{"node:w2/plugin"}},
		"broadcast, strictly":                   {strictly(to(core.RouteBroadcast, "w1", "w2")), []string{"node:w1", "node:w2"}},
		"broadcast, nobody is there":            {to(core.RouteBroadcast, "w1", "w3"), []string{"node:"}},
		"broadcast, its worker is gone":         {after("w3", to(core.RouteBroadcast)), []string{"node:w3/plugin"}},
		"shard, its worker is gone":             {after("w3", to(core.RouteSharded)), []string{"node:w2/plugin"}},
		"shard, its worker has none any more":   {after("w1", to(core.RouteSharded)), []string{"node:w2/plugin"}},
	} {
		c.d.Plugin = true
		require.Equal(t, c.want, r.Route(c.d), name)
	}
}

// Whoever serves a queue that a plugin's run may be in runs plugins, but for the worker that is to say that it does not.
func TestWhoServesTheQueuesOfPlugins(t *testing.T) {
	t.Parallel()
	plain, able := node("w1", 1, labelled("gpu")), node("w1", 1, withPlugins, labelled("gpu"))
	shared := []string{core.QueuePlugin, core.PluginQueueOfLabel("gpu"), core.PluginQueueOfNode("w1")}
	for _, q := range shared {
		require.NotContains(t, plain.Queues(), q)
		require.Contains(t, able.Queues(), q)
	}
	for _, q := range plain.Queues() {
		require.Contains(t, able.Queues(), q, "it does what is no plugin, too")
	}
}
