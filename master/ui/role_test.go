package ui

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// allowed says for each route who may call it: (A)dmins, (D)evelopers, (O)perators, (V)iewers, (N)obody who is signed in. A
// new route is a line here.
func allowed() map[string]string {
	const all, write, operate, admin = "ADOV", "AD", "ADO", "A"
	return map[string]string{
		"GET /":        all,
		"GET /events":  all,
		"GET /sign-in": all + "N", "POST /sign-in": all + "N", "GET /language/:language": all + "N", "POST /sign-out": all,

		"GET /account": all, "GET /account/password": all, "POST /account/password": all, "POST /account/preferences": all,
		"POST /account/profile": all, "POST /account/sessions/end": all, "POST /account/secret": all, "POST /account/secret/drop": all,
		"POST /account/tokens": all, "POST /account/tokens/:token/delete": all,

		"GET /tasks": all, "POST /tasks/bulk": operate, "GET /tasks/:id": all, "POST /tasks/:id/run": operate, "POST /tasks/:id/start": operate,
		"POST /tasks/:id/pause": operate, "POST /tasks/:id/resume": operate, "POST /tasks/:id/stop": operate, "POST /tasks/:id/restore": write,
		"POST /tasks/:id/delete": write,
		"GET /tasks/new":         write, "POST /tasks/new": write, "POST /tasks/new/part": write, "POST /tasks/new/curl": write, "POST /tasks/new/test": write,
		"GET /tasks/new/test/:id": write, "POST /tasks/new/test/:id/cancel": write, "GET /tasks/:id/edit": write, "POST /tasks/:id/edit": write,
		"POST /tasks/:id/edit/stop": write,

		"GET /delayed-tasks": all, "POST /delayed-tasks": operate, "GET /delayed-tasks/new": operate, "POST /delayed-tasks/new": operate,
		"GET /delayed-tasks/:id": all, "POST /delayed-tasks/:id/reset": operate, "POST /delayed-tasks/:id/execute": operate,
		"POST /delayed-tasks/:id/void": operate, "POST /delayed-tasks/:id/postpone": operate,

		"GET /runs": all, "GET /runs/clear": admin, "POST /runs/clear": admin, "GET /runs/:id": all, "POST /runs/:id/cancel": operate,
		"POST /runs/:id/replay": operate,

		"GET /plugins": all, "GET /plugins/:package": all, "POST /plugins/:package/:version/delete": write,

		"GET /nodes": all, "GET /nodes/:kind/:name": all, "GET /nodes/:kind/:name/edit": admin, "POST /nodes/:kind/:name/edit": admin,
		"POST /nodes/:kind/:name/enable": operate, "POST /nodes/:kind/:name/drain": operate, "POST /nodes/:kind/:name/disable": operate,
		"POST /nodes/:kind/:name/delete": admin,

		"GET /users": admin, "GET /users/new": admin, "POST /users/new": admin, "GET /users/:id": admin, "POST /users/:id": admin,
		"POST /users/:id/lock": admin, "POST /users/:id/unlock": admin, "GET /users/:id/password": admin, "POST /users/:id/password": admin,
		"POST /users/:id/secret": admin, "POST /users/:id/secret/drop": admin, "POST /users/:id/tokens": admin,
		"POST /users/:id/tokens/:token/delete": admin,

		"GET /settings": all, "POST /settings": admin,
		"GET /audit":      operate,
		"GET /system-log": operate,
		"GET /api-docs":   all, "GET /api-docs/client": all,
	}
}

var inPath = regexp.MustCompile(`:\w+`)

func TestEveryRouteAndRole(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	b := setup(t)
	table := allowed()
	for _, p := range b.ui.pages {
		for _, rt := range p.routes {
			name := rt.method + " " + rt.path
			letters, ok := table[name]
			require.True(t, ok, "%s is not in the table", name)
			delete(table, name)
			if name == "GET /events" || name == "POST /sign-out" {
				continue // one has no end, the other would end the session
			}
			for letter, role := range map[string]core.Role{
				"A": core.RoleAdmin, "D": core.RoleDeveloper, "O": core.RoleOperator, "V": core.RoleViewer,
			} {
				w := b.do(t, role, rt.method, inPath.ReplaceAllString(rt.path, "x"), nil)
				// Which other answer it is depends on what there is.
				require.Equal(t, !strings.Contains(letters, letter), w.Code == http.StatusForbidden, "%s as %s: %d", name, role, w.Code)
				require.NotEqual(t, http.StatusInternalServerError, w.Code, "%s as %s", name, role)
			}
			w := b.do(t, "", rt.method, inPath.ReplaceAllString(rt.path, "x"), nil)
			toSignIn := w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), signInPath+"?next=")
			require.Equal(t, !strings.Contains(letters, "N") || rt.path == "/language/:language", toSignIn, "%s as nobody: %d", name, w.Code)
		}
	}
	require.Empty(t, table, "routes that are not there")
}

// What a page of another site sends is refused, whoever is signed in, and changes nothing.
func TestOtherSitesMayNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, site := range []string{"cross-site", "same-site"} {
		w := b.do(t, core.RoleAdmin, http.MethodPost, "/settings", map[string][]string{"Retention_Days": {"1"}}, "Sec-Fetch-Site", site)
		require.Equal(t, http.StatusForbidden, w.Code)
	}
	values, err := b.store.Settings(t.Context())
	require.NoError(t, err)
	require.Empty(t, values)
}
