package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Register stores a node that starts or comes back, with a lease of the given length. host is the incarnation of the
// master whose process it lives in, empty when it has a process of its own.
func (s *Store) Register(ctx context.Context, n *core.Node, host string, lease time.Duration) error {
	return s.write(ctx, func(t tx) error {
		now := s.Now()
		n.LeaseUntil = now.Add(lease)
		if _, err := t.exec(`INSERT INTO nodes (kind,name,incarnation,state,weight,slots,labels,version,started_at,seen_at,running)
			VALUES (?,?,?,?,?,?,?,?,?,?,0) ON CONFLICT (kind,name) DO UPDATE SET incarnation = excluded.incarnation, state = excluded.state,
			weight = excluded.weight, slots = excluded.slots, labels = excluded.labels, version = excluded.version,
			started_at = excluded.started_at, seen_at = excluded.seen_at`,
			string(n.Kind), n.Name, n.Incarnation, string(n.State), n.Weight, n.Slots, encodeNames(n.Labels), n.Version,
			micros(n.StartedAt), micros(now)); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO incarnations (id,kind,name,host,lease_until) VALUES (?,?,?,?,?)
			ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until`,
			n.Incarnation, string(n.Kind), n.Name, host, micros(n.LeaseUntil))
		return err
	})
}

// Beat is the news of one node's heartbeat.
type Beat struct {
	Incarnation string
	Kind        core.NodeKind
	Name        string
	State       core.NodeState
	Running     int
	Lease       time.Duration
}

// Renew extends the leases of nodes and gives the incarnations whose lease is gone: they were given up for dead, what
// they held has been given on, and they must not go on with it.
func (s *Store) Renew(ctx context.Context, beats []Beat) (gone []string, err error) {
	err = s.write(ctx, func(t tx) error {
		now := s.Now()
		gone = gone[:0]
		for _, b := range beats {
			n, err := t.exec("UPDATE incarnations SET lease_until = ? WHERE id = ?", micros(now.Add(b.Lease)), b.Incarnation)
			if err != nil {
				return err
			}
			if n == 0 {
				gone = append(gone, b.Incarnation)
				continue
			}
			if _, err := t.exec("UPDATE nodes SET seen_at = ?, running = ?, state = ? WHERE kind = ? AND name = ? AND incarnation = ?",
				micros(now), b.Running, string(b.State), string(b.Kind), b.Name, b.Incarnation); err != nil {
				return err
			}
		}
		return nil
	})
	return gone, err
}

// Expire ends a node's lease at once, when it is known to be gone: what it held is recovered without waiting.
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

// Nodes lists all nodes ever seen, masters first, by name. A node without a lease has a zero LeaseUntil.
func (s *Store) Nodes(ctx context.Context) ([]core.Node, error) {
	var nodes []core.Node
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			n              core.Node
			labels         string
			started, lease int64
		)
		if err := rows.Scan(&n.Kind, &n.Name, &n.Incarnation, &n.State, &n.Weight, &n.Slots, &labels, &n.Version, &started,
			&n.Running, &lease); err != nil {
			return err
		}
		var err error
		n.Labels, err = decodeNames(labels)
		n.StartedAt, n.LeaseUntil = instant(started), instant(lease)
		nodes = append(nodes, n)
		return err
	}, `SELECT n.kind, n.name, n.incarnation, n.state, n.weight, n.slots, n.labels, n.version, n.started_at, n.running,
		coalesce(i.lease_until, 0) FROM nodes n LEFT JOIN incarnations i ON i.id = n.incarnation ORDER BY n.kind, n.name`)
	return nodes, s.edge(err)
}

// Reroute moves planned runs that nobody holds from one queue to another, when the worker of the first is gone.
func (s *Store) Reroute(ctx context.Context, from, to string, ids []string) error {
	return s.write(ctx, func(t tx) error {
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("UPDATE runs SET queue = ? WHERE queue = ? AND state = 'planned' AND holder = '' AND id IN "+list,
				append([]any{to, from}, args...)...)
			return err
		})
	})
}

// Stranded is a planned run in a queue that no worker may serve.
type Stranded struct {
	RunID     string
	Queue     string
	Executors []string
}

// Stranded lists up to limit planned runs, due by until, of queues pinned to a worker other than those alive, with the
// workers that may do them.
func (s *Store) Stranded(ctx context.Context, alive []string, until time.Time, limit int) ([]Stranded, error) {
	t := s.read(ctx)
	skip := map[string]bool{}
	for _, name := range alive {
		skip[core.QueueOfNode(name)] = true
	}
	var queues []string
	err := t.each(func(rows *sql.Rows) error {
		var q string
		err := rows.Scan(&q)
		if _, pinned := core.NodeOfQueue(q); pinned && !skip[q] {
			queues = append(queues, q)
		}
		return err
	}, "SELECT DISTINCT queue FROM runs WHERE claim_at IS NOT NULL")
	if err != nil {
		return nil, s.edge(err)
	}
	var out []Stranded
	for _, q := range queues {
		runs, err := t.selectRuns("queue = ? AND claim_at <= ? ORDER BY claim_at LIMIT ?", q, micros(until), limit-len(out))
		if err != nil {
			return nil, s.edge(err)
		}
		for _, r := range runs {
			executors, err := s.executorsOf(t, r)
			if err != nil {
				return nil, s.edge(err)
			}
			out = append(out, Stranded{r.ID, q, executors})
		}
	}
	return out, nil
}

func (s *Store) executorsOf(t tx, r *core.Run) ([]string, error) {
	if r.DelayedID != "" {
		var names string
		if _, err := t.one([]any{&names}, "SELECT executors FROM delayed_tasks WHERE id = ?", r.DelayedID); err != nil {
			return nil, err
		}
		return decodeNames(names)
	}
	defs, err := s.definitionsOf(t, map[string]int64{r.TaskID: r.TaskVersion})
	if err != nil || defs[r.TaskID] == nil {
		return nil, err
	}
	return defs[r.TaskID].Executors, nil
}
