package core

import "slices"

// NodeState is whether a node takes runs. Whether it is alive is another matter: its lease says that.
type NodeState string

// The states of a node.
const (
	NodeEnabled  NodeState = "enabled"  // takes runs
	NodeIdle     NodeState = "idle"     // has joined, and takes none until an administrator enables it
	NodeDraining NodeState = "draining" // finishes what it has and takes no more
	NodeDisabled NodeState = "disabled" // kept out by an administrator: takes no more, and may be deleted
)

// nodeMoves are the states that an administrator may bring a node to, by the state in force. A node itself may come as
// enabled or idle, and drains when it stops.
var nodeMoves = map[NodeState][]NodeState{
	NodeEnabled:  {NodeDraining, NodeDisabled},
	NodeIdle:     {NodeEnabled, NodeDisabled},
	NodeDraining: {NodeEnabled, NodeDisabled},
	NodeDisabled: {NodeEnabled},
}

// CanBecome says whether an administrator may bring a node from state s to state to.
func (s NodeState) CanBecome(to NodeState) bool { return slices.Contains(nodeMoves[s], to) }

// NodeStates are all states of a node.
func NodeStates() []NodeState {
	return []NodeState{NodeEnabled, NodeIdle, NodeDraining, NodeDisabled}
}

// Traits are what can be said of a node, by itself or by an administrator. A zero value says nothing.
type Traits struct {
	State  NodeState
	Weight int
	Labels []string // nil says nothing; an empty list says that there are none
}

// Settle puts in force what was said of the node: an administrator's word goes before the node's own. Only that a node
// is stopping cannot be talked away: one that was enabled drains all the same.
func (n *Node) Settle() {
	n.State, n.Weight, n.Labels = n.Own.State, n.Own.Weight, n.Own.Labels
	if s := n.Admin.State; s != "" && (s != NodeEnabled || n.Own.State != NodeDraining) {
		n.State = s
	}
	if n.Admin.Weight != 0 {
		n.Weight = n.Admin.Weight
	}
	if n.Admin.Labels != nil {
		n.Labels = n.Admin.Labels
	}
}

// NodeEdit is what an administrator says anew of a node. A nil field leaves what was said, a zero value takes it back.
type NodeEdit struct {
	State  *NodeState
	Weight *int
	Labels *[]string // nil behind the pointer takes it back; an empty list says that there are none
}

// Check holds an edit against a node in force as n is.
func (e NodeEdit) Check(n *Node) error {
	if n.Kind != NodeWorker {
		return Conflict("%s %s takes no runs: only workers can be enabled, drained, disabled or edited", n.Kind, n.Name)
	}
	if e.State != nil {
		if err := checkMove(n, *e.State); err != nil {
			return err
		}
	}
	if e.Weight != nil && *e.Weight != 0 && (*e.Weight < 1 || *e.Weight > MaxWeight) {
		return Broken("weight", "must be from 1 to %d, or null for the worker's own", MaxWeight)
	}
	if e.Labels != nil {
		return checkLabels(*e.Labels)
	}
	return nil
}

// checkMove refuses a state that n cannot be brought to. To say what is in force, or to take back what was said, is no
// move.
func checkMove(n *Node, to NodeState) error {
	switch {
	case to == "" || to == n.State && to != NodeIdle || n.State.CanBecome(to):
		return nil
	case to == NodeEnabled || to == NodeDraining || to == NodeDisabled:
		return Conflict("worker %s is %s; from there it cannot become %s", n.Name, n.State, to)
	}
	return Malformed("state", "is %q; it can be enabled, draining or disabled, or null for the worker's own", string(to))
}
