package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

const auditColumns = "id,noted_at,user_id,user_name,api_token,address,via,action,kind,object_id,object_name,changes"

// audits says whether what the transaction changes is to be kept in the audit: when somebody asked for it.
func (t tx) audits() bool {
	_, ok := core.AuthorOf(t.ctx)
	return ok
}

// audit keeps in the audit what somebody's request changes. It is called in the transaction of the change. What Carillon
// changes by itself is not kept.
func (t tx) audit(now time.Time, action string, kind core.AuditKind, id, name string, changes []core.FieldChange) error {
	author, ok := core.AuthorOf(t.ctx)
	if !ok {
		return nil
	}
	if changes == nil {
		changes = []core.FieldChange{}
	}
	_, err := t.exec("INSERT INTO audit ("+auditColumns+") VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", core.RunID(now, "a:"+rand.Text()), micros(now),
		author.UserID, author.UserName, author.APIToken, author.Address, string(author.Via), action, string(kind), id, name, encode(changes))
	return err
}

// AuditFilter narrows the audit. Empty fields do not narrow.
type AuditFilter struct {
	UserName string // to the letter
	Kind     core.AuditKind
	ObjectID string // goes with Kind
	Action   string
	From, To time.Time // noted at or after From and before To, to the millisecond
	// Before is the id of the last entry of the page before: entries are listed from the latest.
	Before string
	Limit  int
}

// Audit lists who changed what, from the latest.
func (s *Store) Audit(ctx context.Context, f AuditFilter) ([]core.AuditEntry, error) {
	where, args := "WHERE 1 = 1", []any{}
	add := func(clause string, arg any) {
		where += " AND " + clause
		args = append(args, arg)
	}
	for _, c := range []struct{ column, value string }{
		{"user_name", f.UserName}, {"kind", string(f.Kind)}, {"object_id", f.ObjectID}, {"action", f.Action},
	} {
		if c.value != "" {
			add(c.column+" = ?", c.value)
		}
	}
	if !f.From.IsZero() {
		add("id >= ?", core.FirstRunID(f.From))
	}
	if !f.To.IsZero() {
		add("id < ?", core.FirstRunID(f.To))
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	var entries []core.AuditEntry
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			e       core.AuditEntry
			at      int64
			changes string
		)
		if err := rows.Scan(&e.ID, &at, &e.UserID, &e.UserName, &e.APIToken, &e.Address, &e.Via, &e.Action, &e.Kind, &e.ObjectID, &e.ObjectName, &changes); err != nil {
			return err
		}
		e.At = instant(at)
		if err := json.Unmarshal([]byte(changes), &e.Changes); err != nil {
			return fmt.Errorf("changes of audit entry %s: %w", e.ID, err)
		}
		entries = append(entries, e)
		return nil
	}, "SELECT "+auditColumns+" FROM audit "+where+" ORDER BY id DESC LIMIT ?", append(args, f.Limit)...)
	return entries, s.edge(err)
}

// PruneAudit deletes up to limit entries of the audit that are older than an instant.
func (s *Store) PruneAudit(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.pruneAged(ctx, "audit", "id", before, limit)
}
