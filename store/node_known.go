package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// KnowWorkers makes the names of workers known that have not joined yet, so that tasks may name them. A worker that is known
// stays as it is. They have no lease, so nothing is given to them before they join.
func (s *Store) KnowWorkers(ctx context.Context, workers []core.Node) error {
	return s.write(ctx, func(t tx) error {
		known, err := t.strings("SELECT name FROM nodes WHERE kind = ?", string(core.NodeWorker))
		if err != nil {
			return err
		}
		there := map[string]bool{}
		for _, name := range known {
			there[name] = true
		}
		for _, n := range workers {
			if there[n.Name] {
				continue
			}
			there[n.Name] = true
			if err := t.upsert(into{
				table: "nodes", columns: "kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running", key: "kind,name", keep: true,
			}, string(core.NodeWorker), n.Name, "", string(core.NodeEnabled), n.Weight, n.Slots, "", "", 0, 0, 0); err != nil {
				return err
			}
		}
		return nil
	})
}
