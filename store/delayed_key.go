package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// DelayedByKeys gives the delayed tasks that have the idempotency keys, by key: their id, due instant and state.
func (s *Store) DelayedByKeys(ctx context.Context, namespace string, keys []string) (map[string]*core.DelayedTask, error) {
	batch := make([]creation, len(keys))
	for i, key := range keys {
		batch[i].DelayedTask = &core.DelayedTask{Namespace: namespace, IdempotencyKey: key}
	}
	found, err := s.read(ctx).delayedByKey(batch)
	if err != nil {
		return nil, s.edge(err)
	}
	known := make(map[string]*core.DelayedTask, len(found))
	for k, d := range found {
		known[k.key] = d
	}
	return known, nil
}
