package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Register stores a node that starts or comes back, with a lease of the given length. host is the incarnation of the
// master whose process it lives in, empty when it has a process of its own. What n says of its state, weight and labels
// is taken as its own word; when Register returns, n has what is in force.
func (s *Store) Register(ctx context.Context, n *core.Node, host string, lease time.Duration) error {
	return s.write(ctx, func(t tx) error {
		now := s.Now()
		return t.register(n, host, now.Add(lease), now)
	})
}

func (t tx) register(n *core.Node, host string, until, now time.Time) error {
	if err := t.upsert(into{
		table: "nodes", columns: "kind,name,incarnation,state,weight,slots,labels,plugins,platform,version,protocol,started_at,seen_at,running", key: "kind,name",
		update: `incarnation = excluded.incarnation, state = excluded.state, weight = excluded.weight, slots = excluded.slots,
			labels = excluded.labels, plugins = excluded.plugins, platform = excluded.platform, version = excluded.version, protocol = excluded.protocol, started_at = excluded.started_at,
			seen_at = excluded.seen_at`,
	}, string(n.Kind), n.Name, n.Incarnation, string(n.State), n.Weight, n.Slots, encodeNames(n.Labels), n.Plugins, n.Platform, n.Version, n.Protocol,
		micros(n.StartedAt), micros(now), 0); err != nil {
		return err
	}
	if err := t.upsert(into{
		table: "incarnations", columns: "id,kind,name,host,lease_until", key: "id", update: "lease_until = excluded.lease_until",
	}, n.Incarnation, string(n.Kind), n.Name, host, micros(until)); err != nil {
		return err
	}
	stored, err := t.node(n.Kind, n.Name)
	if err != nil {
		return err
	}
	n.Own, n.Admin, n.LeaseUntil = core.Traits{State: n.State, Weight: n.Weight, Labels: n.Labels}, stored.Admin, until
	n.Settle()
	return nil
}

// Beat is the news of one node's heartbeat.
type Beat struct {
	Incarnation string
	Kind        core.NodeKind
	Name        string
	State       core.NodeState
	Running     int
	// Lease is for how long the node counts as alive from when its heartbeat arrived.
	Lease time.Duration
	// Arrived is when that was, by the monotonic clock of this process. Zero is the instant of storing it.
	Arrived time.Time
}

// since is when the heartbeat arrived, by the database's clock, which reads now.
func (b *Beat) since(now time.Time) time.Time {
	if b.Arrived.IsZero() {
		return now
	}
	return now.Add(-time.Since(b.Arrived))
}

// Renew extends the leases of nodes and gives the incarnations that have none any more: they were given up for dead or ended
// it themselves, and what they held is given on, or they are workers whose name was taken over or deleted. They must not
// go on.
//
// A lease counts from when its heartbeat arrived, not from when the database took it, for one that waited for a lock says
// nothing of the time since. It cuts no lease short that was renewed meanwhile, by another master that the worker has moved
// to; but one that is longer than a lease can be, because the clock was set back.
func (s *Store) Renew(ctx context.Context, beats []Beat) (gone []string, err error) {
	// A master without workers reserves nothing, and judges leases all the same.
	if s.clock.stale() {
		if err := s.sampleClock(ctx); err != nil {
			return nil, err
		}
	}
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		gone = gone[:0]
		for _, b := range beats {
			named, err := t.exec("UPDATE nodes SET seen_at = ?, running = ?, state = ? WHERE kind = ? AND name = ? AND incarnation = ?",
				micros(now), b.Running, string(b.State), string(b.Kind), b.Name, b.Incarnation)
			if err != nil {
				return err
			}
			// A worker whose name is another's is fenced off: its lease is left to run out.
			leased := int64(0)
			if named > 0 || b.Kind != core.NodeWorker {
				until, longest := micros(b.since(now).Add(b.Lease)), micros(now.Add(b.Lease))
				if leased, err = t.exec(`UPDATE incarnations SET lease_until = CASE WHEN lease_until > ? AND lease_until <= ? THEN lease_until ELSE ? END
					WHERE id = ? AND lease_until > 0`, until, longest, until, b.Incarnation); err != nil {
					return err
				}
			}
			if leased == 0 {
				gone = append(gone, b.Incarnation)
			}
		}
		return nil
	})
	return gone, err
}

// Expire ends a node's lease at once and for good, when it is known to be gone: what it held is recovered without waiting. A
// heartbeat that is stored after it renews nothing.
func (s *Store) Expire(ctx context.Context, incarnation string) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("UPDATE incarnations SET lease_until = 0 WHERE id = ?", incarnation)
		return err
	})
}

// ExpireHere ends the leases of all masters and of the workers inside their processes. It is for a start on SQLite: the
// file's lock proves that the process which served the file before is gone.
func (s *Store) ExpireHere(ctx context.Context) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("UPDATE incarnations SET lease_until = 0 WHERE kind = 'master' OR host <> ''")
		return err
	})
}
