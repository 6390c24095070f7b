package plan

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/carillonhq/carillon/core"
)

// choose gives the name of one of the candidates, of which there is at least one.
func (r *Router) choose(d core.Destination, among []core.Node) string {
	switch strategyOf(d) {
	case core.RouteRoundRobin:
		return r.turns.next(d.TaskID, among)
	case core.RouteRandom:
		return among[rand.IntN(len(among))].Name // #nosec G404 -- a share of work, not a secret
	case core.RouteConsistentHash:
		return rendezvous(d.TaskID, among)
	default: // how loaded each is nobody knows before the run is sent
		return drawByWeight(among)
	}
}

// drawByWeight draws one of the candidates, each as often as its weight says.
func drawByWeight(among []core.Node) string {
	total := 0
	for _, n := range among {
		total += n.Weight
	}
	draw := rand.IntN(max(total, 1)) // #nosec G404 -- a share of work, not a secret
	for _, n := range among {
		if draw -= n.Weight; draw < 0 {
			return n.Name
		}
	}
	return among[len(among)-1].Name
}

// rendezvous gives the candidate with the highest score for a task (weighted rendezvous hashing: Schindelhauer and
// Schomaker, "Weighted distributed hash tables", 2005). A score depends on the task and that candidate alone: when one
// goes only its tasks move, when one comes only the tasks that it wins do, and each has a share as its weight says. All
// masters reckon alike.
func rendezvous(taskID string, among []core.Node) string {
	best, highest := "", math.Inf(-1)
	for _, n := range among {
		h := fnv.New64a()
		h.Write([]byte(taskID))
		h.Write([]byte{0})
		h.Write([]byte(n.Name))
		// The highest 53 bits make a number within (0,1).
		u := (float64(mix(h.Sum64())>>11) + 0.5) / (1 << 53)
		if score := -float64(max(n.Weight, 1)) / math.Log(u); score > highest {
			best, highest = n.Name, score
		}
	}
	return best
}

// mix spreads a hash over all its bits (the finalizer of MurmurHash3): names that differ in their last letter only differ
// little under FNV.
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// maxTurns is how many tasks' turns are remembered. Beyond it all are forgotten, and the tasks begin their rounds anew.
const maxTurns = 10_000

// turns remember whose turn it was last, by task.
type turns struct {
	mu   sync.Mutex
	last map[string]string
}

// next gives the candidate that follows the one before in the order of names. The first one is the task's own, so that
// many tasks do not begin with the same worker.
func (t *turns) next(taskID string, among []core.Node) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, began := t.last[taskID]
	if t.last == nil || len(t.last) >= maxTurns && !began {
		t.last = map[string]string{}
	}
	next := among[0].Name
	if began {
		for _, n := range among {
			if n.Name > last {
				next = n.Name
				break
			}
		}
	} else {
		next = rendezvous(taskID, among)
	}
	t.last[taskID] = next
	return next
}
