package store

import (
	"context"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// EditNode changes what an administrator says of a node, when it allows that, and gives the node as it is in force then.
func (s *Store) EditNode(ctx context.Context, kind core.NodeKind, name string, edit core.NodeEdit) (n *core.Node, err error) {
	err = s.write(ctx, func(t tx) error {
		if n, err = t.node(kind, name); err != nil {
			return err
		}
		if err := edit.Check(n); err != nil {
			return err
		}
		before := n.Admin
		// Only what the edit names is written: two administrators who change different things do not undo each other.
		var columns []string
		var args []any
		set := func(column string, value any) {
			columns, args = append(columns, column+" = ?"), append(args, value)
		}
		if edit.State != nil {
			n.Admin.State = *edit.State
			set("admin_state", string(n.Admin.State))
		}
		if edit.Weight != nil {
			n.Admin.Weight = *edit.Weight
			set("admin_weight", n.Admin.Weight)
		}
		if edit.Labels != nil {
			n.Admin.Labels = *edit.Labels
			set("admin_labels", encodeSaid(n.Admin.Labels))
		}
		n.Settle()
		if len(columns) == 0 {
			return nil
		}
		if _, err := t.exec("UPDATE nodes SET "+strings.Join(columns, ", ")+" WHERE kind = ? AND name = ?", append(args, string(kind), name)...); err != nil {
			return err
		}
		return t.auditNode("edit", s.Now(), n, core.Changes(before, n.Admin))
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// encodeSaid gives a list as JSON, an empty one too: that is something said.
func encodeSaid(names []string) string {
	if names == nil {
		return ""
	}
	return encode(names)
}

// DeleteNode forgets a node when allow lets it, which is told how many runs the node has in hand. The node's lease is
// left to run out: what it may have been given in the meantime is recovered then.
func (s *Store) DeleteNode(ctx context.Context, kind core.NodeKind, name string, allow func(n *core.Node, now time.Time, runs int64) error) error {
	return s.write(ctx, func(t tx) error {
		n, err := t.node(kind, name)
		if err != nil {
			return err
		}
		var runs int64
		if _, err := t.one([]any{&runs}, "SELECT count(*) FROM runs WHERE "+ofHolder+" AND state IN ('dispatched','running')", n.Incarnation); err != nil {
			return err
		}
		if err := allow(n, s.Now(), runs); err != nil {
			return err
		}
		if _, err = t.exec("DELETE FROM nodes WHERE kind = ? AND name = ?", string(kind), name); err != nil {
			return err
		}
		return t.auditNode("delete", s.Now(), n, core.Changes(n.Admin, nil))
	})
}

// auditNode keeps what administrators say of a node.
func (t tx) auditNode(action string, now time.Time, n *core.Node, changes []core.FieldChange) error {
	return t.audit(now, action, core.AuditNode, string(n.Kind)+"/"+n.Name, n.Name, changes)
}
