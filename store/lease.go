package store

import (
	"context"
	"time"
)

// Acquire takes or renews the lease of a duty for holder and says whether holder has it. The token is raised whenever
// the lease changes hands.
func (s *Store) Acquire(ctx context.Context, name, holder string, length time.Duration) (held bool, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		until := micros(now.Add(length))
		n, err := t.exec("UPDATE leases SET lease_until = ? WHERE name = ? AND holder = ?", until, name, holder)
		if err != nil || n == 1 {
			held = n == 1
			return err
		}
		n, err = t.exec("UPDATE leases SET holder = ?, token = token + 1, lease_until = ? WHERE name = ? AND lease_until < ?",
			holder, until, name, micros(now))
		if err != nil || n == 1 {
			held = n == 1
			return err
		}
		if err := t.upsert(into{table: "leases", columns: "name,holder,token,lease_until", key: "name", keep: true}, name, holder, 1, until); err != nil {
			return err
		}
		var owner string
		_, err = t.one([]any{&owner}, "SELECT holder FROM leases WHERE name = ?", name)
		held = owner == holder
		return err
	})
	return held, err
}
