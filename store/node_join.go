package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Join registers a worker as Register does, and takes its name over from another worker that has it. The younger of two
// has the name: one that started before the other is refused while the other's lease holds. It gives the elder whose
// lease still holds: that one has not left, and may still be at work.
//
// From then on Renew refuses the elder, wherever its stream is. Its lease is not cut short: it trusts that lease until it
// hears otherwise, and what it runs must not be given on before.
func (s *Store) Join(ctx context.Context, n *core.Node, host string, lease time.Duration) (elder *core.Node, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		if elder, err = t.elder(n, host, now); err != nil {
			return err
		}
		return t.register(n, host, now.Add(lease), now)
	})
	if err != nil {
		return nil, err
	}
	return elder, nil
}

// elder gives the other worker that has the name of n, if its lease holds. It refuses n when that one has a right to it.
func (t tx) elder(n *core.Node, host string, now time.Time) (*core.Node, error) {
	var (
		other          = core.Node{Kind: n.Kind, Name: n.Name}
		otherHost      string
		started, lease int64
	)
	found, err := t.one([]any{&other.Incarnation, &started, &otherHost, &lease}, `SELECT i.id, n.started_at, i.host, i.lease_until
		FROM nodes n JOIN incarnations i ON i.id = n.incarnation WHERE n.kind = ? AND n.name = ? AND i.id <> ? AND i.lease_until > ?`,
		string(n.Kind), n.Name, n.Incarnation, micros(now))
	if err != nil || !found {
		return nil, err
	}
	other.StartedAt, other.LeaseUntil = instant(started), instant(lease)
	switch {
	case otherHost != "" && host == "":
		return nil, core.Conflict("the name %s is that of a worker inside a master's own process: give this worker another by --name", n.Name)
	case other.StartedAfter(n):
		return nil, core.Conflict("a worker named %s that started later is alive: give this one another name by --name", n.Name)
	}
	return &other, nil
}
