package v1

import (
	"context"
	"net/http"

	"github.com/carillonhq/carillon/core"
)

// listNodes answers with all nodes at once: there are as many as machines.
func (a *api) listNodes(r *request) error {
	nodes, err := a.Nodes.List(r.Request.Context())
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

// node gives the kind and the name in the path.
func (r *request) node() (core.NodeKind, string) {
	return core.NodeKind(r.Param("kind")), r.Param("name")
}

func (a *api) getNode(r *request) error {
	kind, name := r.node()
	n, err := a.Nodes.Get(r.Request.Context(), kind, name)
	return a.replyNode(r, n, err)
}

func (a *api) editNode(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	edit, err := readEdit(data)
	if err != nil {
		return err
	}
	kind, name := r.node()
	n, err := a.Nodes.Edit(r.Request.Context(), r.user, kind, name, edit)
	return a.replyNode(r, n, err)
}

// moveNode makes the handler of an action that moves a node to another state.
func (a *api) moveNode(move func(Nodes, context.Context, *core.User, core.NodeKind, string) (*core.Node, error)) func(*request) error {
	return func(r *request) error {
		if err := bare(r); err != nil {
			return err
		}
		kind, name := r.node()
		n, err := move(a.Nodes, r.Request.Context(), r.user, kind, name)
		return a.replyNode(r, n, err)
	}
}

func (a *api) deleteNode(r *request) error {
	kind, name := r.node()
	if err := a.Nodes.Delete(r.Request.Context(), r.user, kind, name); err != nil {
		return err
	}
	r.Status(http.StatusNoContent)
	return nil
}

func (a *api) replyNode(r *request, n *core.Node, err error) error {
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, nodeOf(n, a.Nodes.Now()))
}
