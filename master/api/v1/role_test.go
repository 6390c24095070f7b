package v1

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/store"
)

// allowed is the whole table of who may do what, written apart from the routes: the letters of admin, developer,
// operator and viewer.
func allowed() map[string]string {
	return map[string]string{
		"GET /tasks":                                   "ADOV",
		"POST /tasks":                                  "AD",
		"POST /tasks/bulk":                             "ADO",
		"GET /tasks/:id":                               "ADOV",
		"PUT /tasks/:id":                               "AD",
		"DELETE /tasks/:id":                            "AD",
		"GET /tasks/:id/runs":                          "ADOV",
		"GET /tasks/:id/versions":                      "ADOV",
		"GET /tasks/:id/versions/:version":             "ADOV",
		"POST /tasks/:id/restore":                      "AD",
		"POST /tasks/:id/start":                        "ADO",
		"POST /tasks/:id/pause":                        "ADO",
		"POST /tasks/:id/resume":                       "ADO",
		"POST /tasks/:id/stop":                         "ADO",
		"POST /tasks/:id/run":                          "ADO",
		"POST /tasks/test":                             "AD",
		"POST /tasks/import-curl":                      "AD",
		"GET /schedule/preview":                        "ADOV",
		"GET /delayed-tasks":                           "ADOV",
		"POST /delayed-tasks":                          "ADO",
		"GET /delayed-tasks/:id":                       "ADOV",
		"POST /delayed-tasks/:id/reset":                "ADO",
		"POST /delayed-tasks/:id/execute":              "ADO",
		"POST /delayed-tasks/:id/void":                 "ADO",
		"POST /delayed-tasks/:id/postpone":             "ADO",
		"POST /delayed-tasks/bulk":                     "ADO",
		"GET /runs":                                    "ADOV",
		"GET /runs/:id":                                "ADOV",
		"POST /runs/:id/cancel":                        "ADO",
		"POST /runs/clear":                             "A",
		"GET /runs/:id/curl":                           "ADOV",
		"POST /runs/:id/replay":                        "ADO",
		"GET /overview":                                "ADOV",
		"GET /nodes":                                   "ADOV",
		"GET /nodes/:kind/:name":                       "ADOV",
		"PATCH /nodes/:kind/:name":                     "A",
		"DELETE /nodes/:kind/:name":                    "A",
		"POST /nodes/:kind/:name/enable":               "ADO",
		"POST /nodes/:kind/:name/drain":                "ADO",
		"POST /nodes/:kind/:name/disable":              "ADO",
		"POST /join-token/rotate":                      "A",
		"GET /me":                                      "ADOV",
		"PATCH /me":                                    "ADOV",
		"POST /me/password":                            "ADOV",
		"POST /me/api-secret":                          "ADOV",
		"DELETE /me/api-secret":                        "ADOV",
		"GET /me/api-tokens":                           "ADOV",
		"POST /me/api-tokens":                          "ADOV",
		"DELETE /me/api-tokens/:token":                 "ADOV",
		"GET /users":                                   "ADOV",
		"POST /users":                                  "A",
		"GET /users/:id":                               "ADOV",
		"PATCH /users/:id":                             "A",
		"POST /users/:id/lock":                         "A",
		"POST /users/:id/unlock":                       "A",
		"POST /users/:id/reset-password":               "A",
		"POST /users/:id/api-secret":                   "A",
		"DELETE /users/:id/api-secret":                 "A",
		"GET /users/:id/api-tokens":                    "A",
		"POST /users/:id/api-tokens":                   "A",
		"DELETE /users/:id/api-tokens/:token":          "A",
		"GET /settings":                                "ADOV",
		"PUT /settings":                                "A",
		"GET /plugins":                                 "ADOV",
		"POST /plugins":                                "AD",
		"GET /plugins/:package":                        "ADOV",
		"GET /plugins/:package/versions/:version":      "ADOV",
		"DELETE /plugins/:package/versions/:version":   "AD",
		"GET /plugins/:package/versions/:version/file": "AD",
		"GET /audit":                                   "ADO",
		"GET /system-log":                              "ADO",
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
		path := inPath.ReplaceAllString(rt.path, "x")
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

// fakeSessions know one session of each role, and one of an operator who has to change the password.
type fakeSessions struct{}

func (fakeSessions) Check(_ context.Context, token string) (*auth.SignedIn, error) {
	role, ok := strings.CutPrefix(token, "session-of-")
	if !ok {
		return nil, &core.Error{Code: core.CodeUnauthenticated, Format: "the session has ended"}
	}
	role, must := strings.CutSuffix(role, "-new")
	return &auth.SignedIn{User: core.User{ID: 1, Name: role, Role: core.Role(role), MustChange: must}}, nil
}

// Who is signed in with a browser may call, by a page of ours and no other, unless the password is to be changed first.
func TestSessionsMayCall(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		method, cookie, site string
		status               int
	}{
		"reads":                      {http.MethodGet, "carillon=session-of-viewer", "same-origin", 200},
		"changes":                    {http.MethodPost, "carillon=session-of-operator", "same-origin", 200},
		"has a lesser role":          {http.MethodPost, "carillon=session-of-viewer", "same-origin", 403},
		"by a page of another site":  {http.MethodPost, "carillon=session-of-operator", "cross-site", 403},
		"by a page of a sister site": {http.MethodPost, "carillon=session-of-operator", "same-site", 403},
		"has ended":                  {http.MethodGet, "carillon=other", "same-origin", 401},
		"has to change the password": {http.MethodGet, "carillon=session-of-operator-new", "same-origin", 403},
		"the cookie of HTTPS":        {http.MethodGet, "__Host-carillon=session-of-viewer", "same-origin", 401},
	} {
		path := "/tasks"
		if c.method == http.MethodPost {
			path = "/nodes/worker/w/enable"
		}
		w := new(fakes).do(t, call{method: c.method, path: path, header: map[string]string{
			"Authorization": "", "Cookie": c.cookie, "Sec-Fetch-Site": c.site,
		}})
		require.Equal(t, c.status, w.Code, "%s: %s", what, w.Body)
	}
	w := new(fakes).do(t, call{path: "/tasks", header: map[string]string{
		"Authorization": "", "Cookie": "__Host-carillon=session-of-viewer", "X-Forwarded-Proto": "https",
	}})
	require.Equal(t, http.StatusOK, w.Code)
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
		"neither":                 {map[string]string{"Authorization": "Digest x"}, 401},
		"token":                   {map[string]string{"Authorization": "Bearer of-viewer"}, 200},
		"token, other case":       {map[string]string{"Authorization": "bearer  of-viewer "}, 200},
		"wrong token":             {map[string]string{"Authorization": "Bearer x"}, 401},
		"no token":                {map[string]string{"Authorization": "Bearer"}, 401},
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

// A token takes its role through the whole table, and gives out no credentials.
func TestEveryRouteByToken(t *testing.T) {
	t.Parallel()
	for _, rt := range new(fakes).api().routes() {
		name := rt.method + " " + rt.path
		path := inPath.ReplaceAllString(rt.path, "1")
		f := &fakes{}
		w := f.do(t, call{method: rt.method, path: path, header: map[string]string{"Authorization": "Bearer of-viewer"}})
		require.Equal(t, !strings.Contains(allowed()[name], "V") || makesCredentials(name), w.Code == http.StatusForbidden, name)
		w = f.do(t, call{method: rt.method, path: path, header: map[string]string{"Authorization": "Bearer of-admin"}})
		require.Equal(t, makesCredentials(name), w.Code == http.StatusForbidden, name)
	}
}

// makesCredentials says of a route that it takes somebody in person.
func makesCredentials(route string) bool {
	for _, path := range []string{"/api-secret", "/api-tokens", "/password", "/reset-password"} {
		if strings.HasPrefix(route, "POST ") && strings.HasSuffix(route, path) {
			return true
		}
	}
	return false
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
