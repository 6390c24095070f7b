package v1

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

type fakeAudit struct{ *fakes }

func (f fakeAudit) List(_ context.Context, filter store.AuditFilter) ([]core.AuditEntry, error) {
	f.auditFilter = filter
	list := slices.DeleteFunc(slices.Clone(f.audit), func(e core.AuditEntry) bool { return filter.Before != "" && e.ID >= filter.Before })
	return list[:min(filter.Limit, len(list))], f.fail
}

func TestAuditIsListed(t *testing.T) {
	t.Parallel()
	whole := filled[core.AuditEntry]()
	f := &fakes{audit: []core.AuditEntry{*whole, {ID: "b", Changes: nil}, {ID: "a"}}}
	f.audit[0].ID = "c"
	first := get[Page[AuditEntry]](t, f, http.StatusOK, call{path: "/audit?limit=2", role: core.RoleOperator})
	require.Len(t, first.Items, 2)
	require.Equal(t, auditEntryOf(&f.audit[0]), first.Items[0])
	require.NotNil(t, first.Items[1].Changes, "a list, also when it is empty")
	second := get[Page[AuditEntry]](t, f, http.StatusOK, call{path: "/audit?limit=2&cursor=" + first.Next})
	require.Equal(t, "a", second.Items[0].ID)
	require.Empty(t, second.Next)

	get[Page[AuditEntry]](t, f, http.StatusOK, call{path: "/audit?user=ada&kind=task&objectId=t&action=edit&from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z"})
	require.Equal(t, store.AuditFilter{
		UserName: "ada", Kind: core.AuditTask, ObjectID: "t", Action: "edit", From: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		To: time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), Limit: defaultLimit + 1,
	}, f.auditFilter)
	for query, field := range map[string]string{"kind=tasks": "kind", "objectId=t": "objectId", "from=today": "from", "cursor=!": "cursor", "who=ada": "who"} {
		require.Equal(t, field, f.refused(t, http.StatusBadRequest, call{path: "/audit?" + query}).Field)
	}
	f.fail = core.Unavailable("away")
	f.refused(t, http.StatusServiceUnavailable, call{path: "/audit"})
}

// Services learn from the context who asks, and by which token.
func TestAuthorOfACall(t *testing.T) {
	t.Parallel()
	f := &fakes{delayed: []*core.DelayedTask{{ID: "x"}}}
	get[DelayedTask](t, f, http.StatusOK, call{method: http.MethodPost, path: "/delayed-tasks/x/void", role: core.RoleOperator})
	get[DelayedTask](t, f, http.StatusOK, call{method: http.MethodPost, path: "/delayed-tasks/x/void", header: map[string]string{"Authorization": "Bearer of-admin"}})
	require.Equal(t, []core.Author{
		{UserID: 1, UserName: "operator", Address: "192.0.2.1", Via: core.ViaAPI},
		{UserID: 1, UserName: "admin", APIToken: "ci", Address: "192.0.2.1", Via: core.ViaAPI},
	}, f.authors)
}
