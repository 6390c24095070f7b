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
		n, err := t.exec(`INSERT INTO leases (name,holder,token,lease_until) VALUES (?,?,1,?) ON CONFLICT (name) DO UPDATE SET
			token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END,
			holder = excluded.holder, lease_until = excluded.lease_until
			WHERE leases.holder = excluded.holder OR leases.lease_until < ?`, name, holder, micros(now.Add(length)), micros(now))
		held = n == 1
		return err
	})
	return held, err
}
