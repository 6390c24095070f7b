package store

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// auditDelayed keeps a move of a delayed task, which the transaction has locked.
func (t tx) auditDelayed(now time.Time, action string, d *core.DelayedTask, to core.DelayedState, more ...core.FieldChange) error {
	var changes []core.FieldChange
	if d.State != to {
		changes = append(changes, core.FieldChange{Field: "state", Before: string(d.State), After: string(to)})
	}
	return t.audit(now, action, core.AuditDelayed, d.ID, d.SourceApp+" / "+d.Topic+" / "+d.ContentKey, append(changes, more...))
}

// auditVoid keeps that a delayed task is about to be voided. When it cannot be, the transaction is undone, with this too.
func (t tx) auditVoid(now time.Time, id string) error {
	if !t.audits() {
		return nil
	}
	d, err := t.lockDelayed(id)
	if err != nil {
		return err
	}
	return t.auditDelayed(now, "void", d, core.DelayedVoided)
}

// dueChange tells of a delayed task that it is due at another instant.
func dueChange(before, after time.Time) []core.FieldChange {
	due := func(at time.Time) any { return struct{ Due time.Time }{at} }
	return core.Changes(due(before), due(after))
}
