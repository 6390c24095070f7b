package v1

import "github.com/carillonhq/carillon/core"

// Routing says which workers may take a task's runs, beside its executors, and how one is chosen.
type Routing struct {
	Strategy string `json:"strategy,omitempty"`
	Label    string `json:"label,omitempty"`
	Strict   bool   `json:"strict,omitempty"`
}

func routingOf(r core.Routing) *Routing {
	if r == (core.Routing{}) {
		return nil
	}
	return &Routing{string(r.Strategy), r.Label, r.Strict}
}

func (r *Routing) core() core.Routing {
	if r == nil {
		return core.Routing{}
	}
	return core.Routing{Strategy: core.Strategy(r.Strategy), Label: r.Label, Strict: r.Strict}
}
