package manage

import (
	"context"
	"sync"

	"github.com/carillonhq/carillon/core"
)

// workers knows the names that workers have ever had. A name once known stays so, and the database is asked again only
// for a name that is not: creations that name executors cost no read.
type workers struct {
	nodes interface {
		Nodes(ctx context.Context) ([]core.Node, error)
	}

	mu    sync.Mutex
	known map[string]bool
}

// check refuses names that no worker ever had.
func (w *workers) check(ctx context.Context, names []string) error {
	if len(names) == 0 || w.firstUnknown(names) == "" {
		return nil
	}
	nodes, err := w.nodes.Nodes(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		if n.Kind == core.NodeWorker {
			known[n.Name] = true
		}
	}
	w.mu.Lock()
	w.known = known
	w.mu.Unlock()
	if name := w.firstUnknown(names); name != "" {
		return core.Broken("executors", "there is no worker named %q: a worker must have joined once before it can be named", name)
	}
	return nil
}

func (w *workers) firstUnknown(names []string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, name := range names {
		if !w.known[name] {
			return name
		}
	}
	return ""
}
