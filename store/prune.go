package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// pruneAged deletes up to limit rows of a table whose key, which begins with an instant as the ids of runs do, says that they are
// older than an instant. It gives how many.
func (s *Store) pruneAged(ctx context.Context, table, key string, before time.Time, limit int) (int, error) {
	return s.pruneWhere(ctx, table, key, key+" < ?", limit, core.FirstRunID(before))
}

// pruneWhere deletes up to limit rows of a table that a condition holds for, the lowest keys first, and gives how many.
func (s *Store) pruneWhere(ctx context.Context, table, key, condition string, limit int, args ...any) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		keys, err := t.strings("SELECT "+key+" FROM "+table+" WHERE "+condition+" ORDER BY "+key+" LIMIT ?", append(args, limit)...)
		if err != nil {
			return err
		}
		n = len(keys)
		return eachIn(keys, func(list string, args []any) error {
			_, err := t.exec("DELETE FROM "+table+" WHERE "+key+" IN "+list, args...)
			return err
		})
	})
	return n, err
}
