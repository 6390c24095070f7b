package plan

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Router chooses the queue of a run when it is planned: any worker's, or that of one of the executors its task names.
type Router struct {
	alive atomic.Pointer[map[string]core.Node]
}

// Refresh tells the router which nodes there are. Only workers whose lease holds at now and that take runs count.
func (r *Router) Refresh(nodes []core.Node, now time.Time) {
	alive := map[string]core.Node{}
	for _, n := range nodes {
		if n.Kind == core.NodeWorker && n.State == core.NodeEnabled && n.Alive(now) {
			alive[n.Name] = n
		}
	}
	r.alive.Store(&alive)
}

// Alive gives the names of the workers that may be chosen.
func (r *Router) Alive() []string {
	var names []string
	if alive := r.alive.Load(); alive != nil {
		for name := range *alive {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Route gives the queue for a run that may go to executors, or to any worker when there are none. One of several is
// drawn by weight among those alive; when none is, the run waits for the first named.
func (r *Router) Route(executors []string) string {
	if len(executors) == 0 {
		return core.QueueDefault
	}
	if name, ok := r.draw(executors); ok {
		return core.QueueOfNode(name)
	}
	return core.QueueOfNode(executors[0])
}

// Elsewhere gives another queue for a run whose worker is gone, when one of its executors is alive.
func (r *Router) Elsewhere(executors []string) (queue string, ok bool) {
	name, ok := r.draw(executors)
	return core.QueueOfNode(name), ok
}

func (r *Router) draw(executors []string) (string, bool) {
	alive := r.alive.Load()
	if alive == nil {
		return "", false
	}
	total := 0
	for _, name := range executors {
		total += (*alive)[name].Weight
	}
	if total == 0 {
		return "", false
	}
	n := rand.IntN(total) // #nosec G404 -- a share of work, not a secret
	for _, name := range executors {
		if n -= (*alive)[name].Weight; n < 0 {
			return name, true
		}
	}
	return "", false
}
