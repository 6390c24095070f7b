package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/carillonhq/carillon/core"
)

const nodeQuery = `SELECT n.kind, n.name, n.incarnation, n.state, n.weight, n.labels, n.admin_state, n.admin_weight, n.admin_labels,
	n.slots, n.plugins, n.platform, n.version, n.protocol, n.started_at, n.seen_at, n.running, coalesce(i.lease_until, 0)
	FROM nodes n LEFT JOIN incarnations i ON i.id = n.incarnation `

// Nodes lists all nodes ever seen, masters first, by name. A node without a lease has a zero LeaseUntil.
func (s *Store) Nodes(ctx context.Context) ([]core.Node, error) {
	var nodes []core.Node
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		n, err := scanNode(rows)
		nodes = append(nodes, n)
		return err
	}, nodeQuery+"ORDER BY n.kind, n.name")
	return nodes, s.edge(err)
}

// Node reads one node.
func (s *Store) Node(ctx context.Context, kind core.NodeKind, name string) (*core.Node, error) {
	n, err := s.read(ctx).node(kind, name)
	return n, s.edge(err)
}

func (t tx) node(kind core.NodeKind, name string) (n *core.Node, err error) {
	err = t.each(func(rows *sql.Rows) error {
		found, err := scanNode(rows)
		n = &found
		return err
	}, nodeQuery+"WHERE n.kind = ? AND n.name = ?", string(kind), name)
	if err == nil && n == nil {
		err = core.NotFound("there is no %s named %q", kind, name)
	}
	return n, err
}

func scanNode(rows *sql.Rows) (core.Node, error) {
	var (
		n                    core.Node
		labels, adminLabels  string
		started, seen, lease int64
	)
	if err := rows.Scan(&n.Kind, &n.Name, &n.Incarnation, &n.Own.State, &n.Own.Weight, &labels, &n.Admin.State, &n.Admin.Weight, &adminLabels,
		&n.Slots, &n.Plugins, &n.Platform, &n.Version, &n.Protocol, &started, &seen, &n.Running, &lease); err != nil {
		return n, err
	}
	own, err := decodeNames(labels)
	admin, adminErr := decodeNames(adminLabels)
	n.Own.Labels, n.Admin.Labels = own, admin
	n.StartedAt, n.SeenAt, n.LeaseUntil = instant(started), instant(seen), instant(lease)
	n.Settle()
	return n, errors.Join(err, adminErr)
}
