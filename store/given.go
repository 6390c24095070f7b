package store

import (
	"context"
	"database/sql"
	"time"
)

// Given lists the runs that were given to an incarnation at least age ago and whose outcome is not recorded.
func (s *Store) Given(ctx context.Context, incarnation string, age time.Duration) ([]Held, error) {
	var given []Held
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var h Held
		err := rows.Scan(&h.RunID, &h.Token)
		given = append(given, h)
		return err
	}, "SELECT id, token FROM runs WHERE "+ofHolder+" AND state IN ('dispatched','running') AND dispatched_at <= ?",
		incarnation, micros(s.Now().Add(-age)))
	return given, s.edge(err)
}
