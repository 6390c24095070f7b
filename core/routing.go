package core

// Strategy says how a worker is chosen for a run among those that may take it.
type Strategy string

// The strategies. Those but the first need to see all workers, so the worker is chosen when the run is planned. The last
// two make a run for each of the workers.
const (
	RouteLeastLoaded    Strategy = "least_loaded"    // when it is sent: by weight and free slots
	RouteRoundRobin     Strategy = "round_robin"     // one after the other
	RouteWeighted       Strategy = "weighted"        // drawn, each as often as its weight says
	RouteRandom         Strategy = "random"          // drawn, each as often as the others
	RouteConsistentHash Strategy = "consistent_hash" // the same one for a task, for as long as the workers stay the same
	RouteBroadcast      Strategy = "broadcast"       // all of them, each for itself: none does it in another's place
	RouteSharded        Strategy = "sharded"         // all of them, each a part: another does the part of one that goes
)

// Routing says which workers may take a task's runs, beside the executors that it names, and how one is chosen.
type Routing struct {
	// Strategy defaults to RouteLeastLoaded.
	Strategy Strategy `json:"strategy,omitempty"`
	// Label leaves only the workers that have it. Empty leaves all.
	Label string `json:"label,omitempty"`
	// Strict chooses among all executors named, there or not, and has the run and its retries wait for the one chosen.
	// Otherwise one that is there is chosen, and another takes its place when it goes.
	Strict bool `json:"strict,omitempty"`
}

// Spreads says whether a firing goes to all workers, a run for each, and not to one of them.
func (r Routing) Spreads() bool { return r.Strategy == RouteBroadcast || r.Strategy == RouteSharded }

func (r *Routing) validate(executors []string) error {
	switch r.Strategy {
	case "", RouteLeastLoaded, RouteRoundRobin, RouteWeighted, RouteRandom, RouteConsistentHash, RouteBroadcast, RouteSharded:
	default:
		return Broken("routing.strategy", "must be least_loaded, round_robin, weighted, random, consistent_hash, broadcast or sharded")
	}
	if r.Label != "" && !validLabel(r.Label) {
		return Malformed("routing.label", "%q is not a label: letters, digits and . _ @ : - are allowed", r.Label)
	}
	if r.Label != "" && len(executors) > 0 {
		return Broken("routing.label", "goes with a task that names no executors: they are the workers that may run it")
	}
	if r.Strict && len(executors) == 0 {
		return Broken("routing.strict", "goes with a task that names executors: say which workers it is to wait for")
	}
	return nil
}

// Destination says where a run may go. It is what routing goes by.
type Destination struct {
	TaskID    string // empty for a delayed task's run
	Executors []string
	Routing   Routing
	// Plugin says that only workers that run plugins can do it.
	Plugin bool
	// Last is the worker that the run waits for, or that had the occurrence's last run; empty for a new firing.
	Last string
}
