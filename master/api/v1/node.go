package v1

import (
	"encoding/json"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Node is a running process, master or worker, or one that ran. State, weight and labels are those in force.
type Node struct {
	Kind        string      `json:"kind"`
	Name        string      `json:"name"`
	Incarnation string      `json:"incarnation"`
	State       string      `json:"state"`
	Alive       bool        `json:"alive"`
	Weight      int         `json:"weight"`
	Slots       int         `json:"slots"`
	Labels      []string    `json:"labels,omitempty"`
	Own         NodeTraits  `json:"own"`
	Admin       *NodeTraits `json:"admin,omitempty"`
	Plugins     bool        `json:"plugins"`
	Platform    string      `json:"platform,omitempty"`
	Version     string      `json:"version"`
	Protocol    int         `json:"protocol"`
	StartedAt   Instant     `json:"startedAt"`
	LeaseUntil  Instant     `json:"leaseUntil,omitempty"`
	SeenAt      Instant     `json:"seenAt,omitempty"`
	Running     int         `json:"running"`
}

// NodeTraits are what was said of a node, by itself or by an administrator. What is left out was not said.
type NodeTraits struct {
	State  string   `json:"state,omitempty"`
	Weight int      `json:"weight,omitempty"`
	Labels []string `json:"labels,omitzero"`
}

func nodeOf(n *core.Node, now time.Time) Node {
	node := Node{
		Kind: string(n.Kind), Name: n.Name, Incarnation: n.Incarnation, State: string(n.State), Alive: n.Alive(now), Weight: n.Weight,
		Slots: n.Slots, Labels: n.Labels, Own: traitsOf(n.Own), Plugins: n.Plugins, Platform: n.Platform, Version: n.Version, Protocol: n.Protocol,
		StartedAt: instantOf(n.StartedAt), LeaseUntil: instantOf(n.LeaseUntil), SeenAt: instantOf(n.SeenAt), Running: n.Running,
	}
	if said := n.Admin; said.State != "" || said.Weight != 0 || said.Labels != nil {
		node.Admin = new(traitsOf(said))
	}
	return node
}

func traitsOf(t core.Traits) NodeTraits {
	return NodeTraits{State: string(t.State), Weight: t.Weight, Labels: t.Labels}
}

// NodeEdit is what an administrator says anew of a worker. A field left out stays as it is, null takes back what was said.
type NodeEdit struct {
	State  *string   `json:"state"`
	Weight *int      `json:"weight"`
	Labels *[]string `json:"labels"`
}

// readEdit reads an edit from a body. Which fields are there at all is read apart from what they say, for to Go a field
// that is null and one that is left out are the same.
func readEdit(data []byte) (core.NodeEdit, error) {
	given, err := decode[NodeEdit](data)
	if err != nil {
		return core.NodeEdit{}, err
	}
	there := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &there); err != nil {
		return core.NodeEdit{}, err
	}
	var edit core.NodeEdit
	if _, ok := there["state"]; ok {
		edit.State = new(core.NodeState)
		if given.State != nil {
			if *given.State == "" {
				return edit, malformed("state", "must be enabled, draining or disabled, or null for the worker's own")
			}
			*edit.State = core.NodeState(*given.State)
		}
	}
	if _, ok := there["weight"]; ok {
		edit.Weight = new(int)
		if given.Weight != nil {
			if *given.Weight == 0 {
				return edit, broken("weight", "must be from 1 to %d, or null for the worker's own", core.MaxWeight)
			}
			*edit.Weight = *given.Weight
		}
	}
	if _, ok := there["labels"]; ok {
		edit.Labels = new([]string)
		if given.Labels != nil {
			*edit.Labels = *given.Labels
		}
	}
	return edit, nil
}
