package plan

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Router chooses the queue of a run when it is planned, by its task's strategy and the workers that there are. Each
// master has one, with a view of its own: what two of them choose for the same firing may differ, but only one of them
// writes it.
type Router struct {
	view  atomic.Pointer[view]
	turns turns
}

// view is what a router knows of the workers.
type view struct {
	known map[string]core.Node // all that ever joined, by name
	alive []core.Node          // those that may be chosen, by name
}

// Refresh tells the router which nodes there are. Only workers whose lease holds at now and that take runs may be chosen.
func (r *Router) Refresh(nodes []core.Node, now time.Time) {
	v := view{known: map[string]core.Node{}}
	for _, n := range nodes {
		if n.Kind == core.NodeWorker {
			v.known[n.Name] = n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.known)) {
		if n := v.known[name]; n.State == core.NodeEnabled && n.Alive(now) {
			v.alive = append(v.alive, n)
		}
	}
	r.view.Store(&v)
}

// current gives the view of the last refresh; before the first there is no worker.
func (r *Router) current() *view {
	if v := r.view.Load(); v != nil {
		return v
	}
	return new(view)
}

// Served gives the pinned queues of the workers that may be chosen.
func (r *Router) Served() []string {
	var queues []string
	for _, n := range r.current().alive {
		queues = append(queues, n.PinnedQueues()...)
	}
	return queues
}

// Route is the router's store.Route. A run that no worker is there for stays where it waits, when it waits for one; else
// it waits for the first executor named, or unrouted until a worker comes.
func (r *Router) Route(d core.Destination) []string {
	if !d.Routing.Spreads() {
		return []string{r.route(d)}
	}
	if d.Last != "" {
		return []string{r.routeShard(d)}
	}
	var queues []string
	for _, n := range r.current().candidates(d) {
		queues = append(queues, pinned(d, n.Name))
	}
	if len(queues) == 0 {
		return []string{core.QueueUnrouted}
	}
	return queues
}

// routeShard gives the queue of one shard: that of the worker that it waits for, or that had it last. When that one is
// gone another does its part, unless it is a broadcast, which is each worker's own.
func (r *Router) routeShard(d core.Destination) string {
	among := r.current().candidates(d)
	there := slices.ContainsFunc(among, func(n core.Node) bool { return n.Name == d.Last })
	if there || len(among) == 0 || d.Routing.Strategy == core.RouteBroadcast {
		return pinned(d, d.Last)
	}
	return pinned(d, drawByWeight(among))
}

func (r *Router) route(d core.Destination) string {
	if strategyOf(d) == core.RouteLeastLoaded && len(d.Executors) == 0 {
		return shared(d)
	}
	if d.Routing.Strict && slices.Contains(d.Executors, d.Last) {
		return pinned(d, d.Last)
	}
	among := r.current().candidates(d)
	switch {
	case len(among) > 0:
		return pinned(d, r.choose(d, among))
	case d.Last != "":
		return pinned(d, d.Last)
	case len(d.Executors) > 0:
		return pinned(d, d.Executors[0])
	}
	return core.QueueUnrouted
}

// shared is the queue of a run that any worker may take which can do it.
func shared(d core.Destination) string {
	switch {
	case d.Plugin && d.Routing.Label != "":
		return core.PluginQueueOfLabel(d.Routing.Label)
	case d.Plugin:
		return core.QueuePlugin
	case d.Routing.Label != "":
		return core.QueueOfLabel(d.Routing.Label)
	}
	return core.QueueDefault
}

// pinned is the queue of a run that one worker is to take. A plugin's run waits there for as long as that worker does not run
// plugins. But when it may go to no other, strictly, the worker takes it all the same, and says that it cannot do it.
func pinned(d core.Destination, worker string) string {
	if d.Plugin && !d.Routing.Strict {
		return core.PluginQueueOfNode(worker)
	}
	return core.QueueOfNode(worker)
}

// candidates are the workers that one may be chosen of, by name.
func (v *view) candidates(d core.Destination) []core.Node {
	if d.Routing.Strict {
		among := make([]core.Node, 0, len(d.Executors))
		for _, name := range slices.Sorted(slices.Values(d.Executors)) {
			n, known := v.known[name]
			if !known { // its row was deleted, but it may come back
				n = core.Node{Name: name, Weight: core.DefaultWeight}
			}
			among = append(among, n)
		}
		return among
	}
	var among []core.Node
	for _, n := range v.alive {
		if len(d.Executors) > 0 && !slices.Contains(d.Executors, n.Name) {
			continue
		}
		if d.Routing.Label != "" && !slices.Contains(n.Labels, d.Routing.Label) {
			continue
		}
		if d.Plugin && !n.Plugins {
			continue
		}
		among = append(among, n)
	}
	return among
}

func strategyOf(d core.Destination) core.Strategy {
	if d.Routing.Strategy == "" {
		return core.RouteLeastLoaded
	}
	return d.Routing.Strategy
}
