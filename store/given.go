package store

import (
	"context"
	"database/sql"
	"time"
)

// Claimed lists the runs that a master has reserved and not dispatched.
func (s *Store) Claimed(ctx context.Context, master string) ([]Held, error) {
	var claimed []Held
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var h Held
		err := rows.Scan(&h.RunID, &h.Token)
		claimed = append(claimed, h)
		return err
	}, "SELECT id, token FROM runs WHERE "+ofHolder+" AND state = 'planned'", master)
	return claimed, s.edge(err)
}

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
