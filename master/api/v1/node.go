package v1

import (
	"net/http"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Node is a running process, master or worker, or one that ran.
type Node struct {
	Kind        string   `json:"kind"`
	Name        string   `json:"name"`
	Incarnation string   `json:"incarnation"`
	State       string   `json:"state"`
	Alive       bool     `json:"alive"`
	Weight      int      `json:"weight"`
	Slots       int      `json:"slots"`
	Labels      []string `json:"labels,omitempty"`
	Version     string   `json:"version"`
	StartedAt   Instant  `json:"startedAt"`
	LeaseUntil  Instant  `json:"leaseUntil,omitempty"`
	Running     int      `json:"running"`
}

func nodeOf(n *core.Node, now time.Time) Node {
	return Node{
		Kind: string(n.Kind), Name: n.Name, Incarnation: n.Incarnation, State: string(n.State), Alive: n.Alive(now), Weight: n.Weight,
		Slots: n.Slots, Labels: n.Labels, Version: n.Version, StartedAt: instantOf(n.StartedAt), LeaseUntil: instantOf(n.LeaseUntil),
		Running: n.Running,
	}
}

// listNodes answers with all nodes at once: there are as many as machines.
func (a *api) listNodes(r *request) error {
	nodes, err := a.Nodes.Nodes(r.Request.Context())
	if err != nil {
		return err
	}
	now := a.Nodes.Now()
	p := Page[Node]{Items: []Node{}}
	for i := range nodes {
		p.Items = append(p.Items, nodeOf(&nodes[i], now))
	}
	return reply(r, http.StatusOK, p)
}
