package v1

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// AuditEntry says of one change who made it, when and from where, of what, and what it changed.
type AuditEntry struct {
	ID         string        `json:"id"`
	At         Instant       `json:"at"`
	UserID     int64         `json:"userId,omitempty"`
	UserName   string        `json:"userName"`
	APIToken   string        `json:"apiToken,omitempty"`
	Address    string        `json:"address,omitempty"`
	Via        string        `json:"via"`
	Action     string        `json:"action"`
	Kind       string        `json:"kind"`
	ObjectID   string        `json:"objectId,omitempty"`
	ObjectName string        `json:"objectName,omitempty"`
	Changes    []FieldChange `json:"changes"`
}

// FieldChange is one field before a change and after it. Secrets show as Kept on both sides.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

func auditEntryOf(e *core.AuditEntry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: instantOf(e.At), UserID: e.UserID, UserName: e.UserName, APIToken: e.APIToken, Address: e.Address, Via: string(e.Via),
		Action: e.Action, Kind: string(e.Kind), ObjectID: e.ObjectID, ObjectName: e.ObjectName, Changes: []FieldChange{},
	}
	for _, c := range e.Changes {
		out.Changes = append(out.Changes, FieldChange{c.Field, c.Before, c.After})
	}
	return out
}

func (a *api) listAudit(r *request) error {
	q := r.query
	limit := q.limit()
	f := store.AuditFilter{
		UserName: q.text("user"), Kind: choice(q, "kind", core.AuditKinds()...), ObjectID: q.text("objectId"), Action: q.text("action"),
		From: q.instant("from"), To: q.instant("to"), Before: q.cursor(), Limit: limit + 1,
	}
	if f.ObjectID != "" && f.Kind == "" {
		q.fail("objectId", "goes with kind: ids of different kinds may be alike")
	}
	if q.err != nil {
		return q.err
	}
	entries, err := a.Audit.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, page(entries, limit, func(e core.AuditEntry) string { return e.ID },
		func(e core.AuditEntry) AuditEntry { return auditEntryOf(&e) }))
}
