package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Audit is the service of the audit: who changed what, when and from where. What is changed under the context of a
// core.Author is kept by the store, in the transaction of the change; who makes a context for a request from outside names
// its author there.
type Audit struct{ store *store.Store }

// List lists entries from the latest. The filter's limit must be set.
func (s *Audit) List(ctx context.Context, f store.AuditFilter) ([]core.AuditEntry, error) {
	return s.store.Audit(ctx, f)
}
