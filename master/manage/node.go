package manage

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Nodes is the service of nodes: what administrators say of them. The master that has a worker's stream heeds it within
// about a second, whichever master was told.
type Nodes struct {
	store nodeStore
	log   *slog.Logger
}

// nodeStore keeps the nodes and knows the database's clock.
type nodeStore interface {
	Nodes(ctx context.Context) ([]core.Node, error)
	Node(ctx context.Context, kind core.NodeKind, name string) (*core.Node, error)
	EditNode(ctx context.Context, kind core.NodeKind, name string, edit core.NodeEdit) (*core.Node, error)
	DeleteNode(ctx context.Context, kind core.NodeKind, name string, allow func(n *core.Node, now time.Time, runs int64) error) error
	HeldRuns(ctx context.Context, incarnation string, limit int) ([]*core.Run, error)
	QueueLengths(ctx context.Context) (map[string]int64, error)
	Now() time.Time
}

// Now is the time by the database's clock, which leases are held against.
func (s *Nodes) Now() time.Time { return s.store.Now() }

// List lists all nodes that have joined and were not deleted, masters first, by name.
func (s *Nodes) List(ctx context.Context) ([]core.Node, error) { return s.store.Nodes(ctx) }

// Get reads one node.
func (s *Nodes) Get(ctx context.Context, kind core.NodeKind, name string) (*core.Node, error) {
	return s.store.Node(ctx, kind, name)
}

// Runs gives what a node has in hand, the earliest first, at most limit.
func (s *Nodes) Runs(ctx context.Context, n *core.Node, limit int) ([]*core.Run, error) {
	return s.store.HeldRuns(ctx, n.Incarnation, limit)
}

// Waiting counts the planned runs by the queue that they wait in.
func (s *Nodes) Waiting(ctx context.Context) (map[string]int64, error) {
	return s.store.QueueLengths(ctx)
}

// Edit changes what administrators say of a worker, and gives the worker as it is in force then. A move that the worker's
// state does not allow is a conflict.
func (s *Nodes) Edit(ctx context.Context, actor *core.User, kind core.NodeKind, name string, edit core.NodeEdit) (*core.Node, error) {
	n, err := s.store.EditNode(ctx, kind, name, edit)
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "node edited", "kind", kind, "name", name, "state", n.State, "weight", n.Weight, "labels", n.Labels, "by", actor.Name)
	return n, nil
}

// Enable lets a worker take runs.
func (s *Nodes) Enable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return s.Edit(ctx, actor, kind, name, core.NodeEdit{State: new(core.NodeEnabled)})
}

// Drain has a worker finish what it has and take no more.
func (s *Nodes) Drain(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return s.Edit(ctx, actor, kind, name, core.NodeEdit{State: new(core.NodeDraining)})
}

// Disable keeps a worker out: as after Drain, and it may be deleted.
func (s *Nodes) Disable(ctx context.Context, actor *core.User, kind core.NodeKind, name string) (*core.Node, error) {
	return s.Edit(ctx, actor, kind, name, core.NodeEdit{State: new(core.NodeDisabled)})
}

// Delete forgets a node that is gone, or a worker that is disabled and has nothing in hand. Should it join again, it is a
// new one.
func (s *Nodes) Delete(ctx context.Context, actor *core.User, kind core.NodeKind, name string) error {
	err := s.store.DeleteNode(ctx, kind, name, func(n *core.Node, now time.Time, runs int64) error {
		switch {
		case n.Kind == core.NodeMaster && n.Alive(now):
			return core.Conflict("master %s is alive: stop it before it is deleted", n.Name)
		case n.State != core.NodeDisabled && n.Alive(now):
			return core.Conflict("worker %s is alive and %s: stop or disable it before it is deleted", n.Name, n.State)
		case runs > 0:
			return core.Conflict("worker %s has %d runs in hand: delete it when they have ended", n.Name, runs)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "node deleted", "kind", kind, "name", name, "by", actor.Name)
	return nil
}
