package compat_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// What each role may do, apart from the table of actions: a viewer changes nothing.
func TestRoles(t *testing.T) {
	t.Parallel()
	all := []core.Role{core.RoleViewer, core.RoleOperator, core.RoleDeveloper, core.RoleAdmin}
	for path, least := range map[string]core.Role{
		"/api/task/create": core.RoleDeveloper, "/api/task/edit": core.RoleDeveloper,
		"/api/task/start": core.RoleOperator, "/api/task/pause": core.RoleOperator, "/api/task/resume": core.RoleOperator,
		"/api/task/stop": core.RoleOperator, "/api/task/runonce": core.RoleOperator, "/api/delaytask/create": core.RoleOperator,
	} {
		for i, role := range all {
			h := setup(t)
			h.auth.role = role
			forbidden := i < slices.Index(all, least)
			require.Equal(t, forbidden, h.post(t, path, "id="+taskID).Status == -1, "%s as %s", path, role)
			if forbidden {
				require.Empty(t, h.tasks.did, "%s as %s", path, role)
				require.Nil(t, h.delayed.created)
			}
		}
	}
	for _, path := range []string{"/api/task/querylist", "/api/task/querytaskdetail?id=" + taskID} {
		h := setup(t)
		h.auth.role = core.RoleViewer
		w := h.get(t, path)
		require.Equal(t, http.StatusOK, w.Code)
		require.NotContains(t, w.Body.String(), `"Status":-1`)
	}
}
