package v1

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// allowed is the whole table of who may do what, written apart from the routes: the letters of admin, developer,
// operator and viewer.
func allowed() map[string]string {
	return map[string]string{
		"GET /tasks":                      "ADOV",
		"POST /tasks":                     "AD",
		"GET /tasks/:id":                  "ADOV",
		"PUT /tasks/:id":                  "AD",
		"DELETE /tasks/:id":               "AD",
		"GET /tasks/:id/runs":             "ADOV",
		"POST /tasks/:id/start":           "ADO",
		"POST /tasks/:id/pause":           "ADO",
		"POST /tasks/:id/resume":          "ADO",
		"POST /tasks/:id/stop":            "ADO",
		"POST /tasks/:id/run":             "ADO",
		"GET /delayed-tasks":              "ADOV",
		"POST /delayed-tasks":             "ADO",
		"GET /delayed-tasks/:id":          "ADOV",
		"POST /delayed-tasks/:id/reset":   "ADO",
		"POST /delayed-tasks/:id/execute": "ADO",
		"POST /delayed-tasks/:id/void":    "ADO",
		"GET /runs":                       "ADOV",
		"GET /runs/:id":                   "ADOV",
		"POST /runs/:id/cancel":           "ADO",
		"GET /nodes":                      "ADOV",
		"GET /settings":                   "ADOV",
		"PUT /settings":                   "A",
	}
}

func TestEveryRouteAndRole(t *testing.T) {
	t.Parallel()
	table := allowed()
	for _, rt := range new(fakes).api().routes() {
		name := rt.method + " " + rt.path
		letters, ok := table[name]
		require.True(t, ok, "%s is not in the table", name)
		delete(table, name)
		path := strings.ReplaceAll(rt.path, ":id", "x")
		for letter, role := range map[string]core.Role{
			"A": core.RoleAdmin, "D": core.RoleDeveloper, "O": core.RoleOperator, "V": core.RoleViewer, "?": "inventor",
		} {
			f := &fakes{}
			w := f.do(t, call{method: rt.method, path: path, role: role})
			if strings.Contains(letters, letter) {
				// Which other answer it is depends on what there is.
				require.NotEqual(t, http.StatusForbidden, w.Code, "%s as %s", name, role)
				require.NotEqual(t, http.StatusUnauthorized, w.Code, "%s as %s", name, role)
				continue
			}
			require.Equal(t, http.StatusForbidden, w.Code, "%s as %s", name, role)
			require.Empty(t, f.calls, "%s as %s", name, role)
		}
		f := &fakes{}
		p := f.refused(t, http.StatusUnauthorized, call{method: rt.method, path: path, header: map[string]string{"Authorization": ""}})
		require.Equal(t, "urn:carillon:problem:unauthenticated", p.Type)
		require.Empty(t, f.calls)
	}
	require.Empty(t, table, "routes that are not there")
}

func TestWaysToSayWhoCalls(t *testing.T) {
	t.Parallel()
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for what, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"basic":                   {map[string]string{"Authorization": basic("viewer:viewer")}, 200},
		"wrong password":          {map[string]string{"Authorization": basic("viewer:other")}, 401},
		"no basic":                {map[string]string{"Authorization": "Bearer x"}, 401},
		"not base64":              {map[string]string{"Authorization": "Basic !"}, 401},
		"basic not UTF-8":         {map[string]string{"Authorization": basic("vi\xe9wer:viewer")}, 400},
		"secret":                  {map[string]string{"Authorization": "", "ms_auth_user": "viewer", "ms_auth_secret": "secret of viewer"}, 200},
		"secret, other case":      {map[string]string{"Authorization": "", "MS_AUTH_USER": "viewer", "Ms_Auth_Secret": "secret of viewer"}, 200},
		"wrong secret":            {map[string]string{"Authorization": "", "ms_auth_user": "viewer", "ms_auth_secret": "x"}, 401},
		"no secret":               {map[string]string{"Authorization": "", "ms_auth_user": "viewer"}, 401},
		"wrong secret, basic too": {map[string]string{"ms_auth_user": "viewer", "ms_auth_secret": "x"}, 401},
		"header not UTF-8":        {map[string]string{"X-Anything": "\xff"}, 400},
	} {
		w := new(fakes).do(t, call{path: "/nodes", header: c.header})
		require.Equal(t, c.status, w.Code, what)
		if c.status == http.StatusUnauthorized {
			require.Equal(t, `Basic realm="Carillon", charset="UTF-8"`, w.Header().Get("WWW-Authenticate"), what)
		}
	}
}

// The address is the connection's: fakeAuth fails on any other than httptest's.
func TestForwardedAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	w := new(fakes).do(t, call{path: "/nodes", header: map[string]string{"X-Forwarded-For": "203.0.113.1", "X-Real-IP": "203.0.113.1"}})
	require.Equal(t, http.StatusOK, w.Code)
}

func TestCheckThatCannotBeMade(t *testing.T) {
	t.Parallel()
	f := &fakes{fail: new(store.Failure)}
	require.Equal(t, http.StatusServiceUnavailable, f.do(t, call{path: "/nodes"}).Code)
	f.fail = errors.New("damaged row")
	require.Equal(t, http.StatusInternalServerError, f.do(t, call{path: "/nodes"}).Code)
}

// A browser adds credentials to what another site's page sends.
func TestOtherSitesMayNotChangeAnything(t *testing.T) {
	t.Parallel()
	for origin, status := range map[string]int{"": 200, "same-origin": 200, "none": 200, "cross-site": 403, "same-site": 403} {
		f := &fakes{delayed: []*core.DelayedTask{{ID: "x"}}}
		w := f.do(t, call{method: http.MethodPost, path: "/delayed-tasks/x/void", header: map[string]string{"Sec-Fetch-Site": origin}})
		require.Equal(t, status, w.Code, origin)
		require.Equal(t, status == 200, len(f.calls) == 1, origin)
	}
	require.Equal(t, http.StatusOK, new(fakes).do(t, call{path: "/nodes", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}).Code)
}

func TestMethodsAndPaths(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	w := f.do(t, call{method: http.MethodPatch, path: "/tasks"})
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.ElementsMatch(t, []string{"GET", "POST"}, strings.Split(w.Header().Get("Allow"), ", "))
	require.Equal(t, http.StatusNotFound, f.do(t, call{path: "/task"}).Code)
	require.Equal(t, http.StatusNotFound, f.do(t, call{path: "/tasks/" + strings.Repeat("x", 101)}).Code)
	f.refused(t, http.StatusBadRequest, call{path: "/tasks/%ff"})

	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, Base+"/nodes", nil)
	r.SetBasicAuth("viewer", "viewer")
	r.RemoteAddr = "@"
	w = httptest.NewRecorder()
	f.handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusInternalServerError, w.Code, "an address without a port is taken whole")
}
