package v1

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
)

// Who a user is, everybody may know; how to reach and what signs in, admins and the user.
func TestUsersAreShown(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	all := get[Page[User]](t, f, http.StatusOK, call{path: "/users"})
	require.Equal(t, []User{
		{ID: 1, Name: "me", Role: "viewer", Email: "me@example.org", HasPassword: true, CreatedAt: instantOf(now())},
		{ID: 2, Name: "ada", DisplayName: "Ada", Role: "admin", Locked: true, Email: "ada@example.org", MustChange: true, HasAPISecret: true, CreatedAt: instantOf(now())},
	}, all.Items)
	seen := get[Page[User]](t, f, http.StatusOK, call{path: "/users", role: core.RoleDeveloper})
	require.Equal(t, all.Items[0], seen.Items[0], "oneself")
	require.Equal(t, User{ID: 2, Name: "ada", DisplayName: "Ada", Role: "admin", Locked: true}, seen.Items[1])
	require.Equal(t, seen.Items[1], get[User](t, f, http.StatusOK, call{path: "/users/2", role: core.RoleViewer}))
	for _, id := range []string{"3", "0", "-1", "x", "1x", "99999999999999999999"} {
		f.refused(t, http.StatusNotFound, call{path: "/users/" + id})
	}
}

func TestUserIsCreated(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	w := f.do(t, call{method: http.MethodPost, path: "/users", body: `{"name":"bob","role":"viewer"}`})
	require.Equal(t, http.StatusCreated, w.Code)
	require.Equal(t, Base+"/users/3", w.Header().Get("Location"))
	made := get[UserCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/users",
		body: `{"name":"bob","displayName":"Bob","role":"viewer","email":"b@example.org","password":"given","mustChange":false}`})
	require.Equal(t, UserCreated{
		User: User{ID: 3, Name: "bob", DisplayName: "Bob", Role: "viewer", Email: "b@example.org"}, Credentials: Credentials{"made", "secret"},
	}, made)
	require.Equal(t, []string{"create bob  true", "create bob given false"}, f.calls)
	f.refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/users", body: `{"name":"bob","roll":"viewer"}`})
	f.fail = core.Conflict("taken")
	f.refused(t, http.StatusConflict, call{method: http.MethodPost, path: "/users", body: `{}`})
}

func TestUserIsChanged(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	get[User](t, f, http.StatusOK, call{method: http.MethodPatch, path: "/users/2", body: `{"role":"operator","email":""}`})
	require.Equal(t, auth.UserEdit{Role: new(core.RoleOperator), Email: new("")}, f.userEdit)
	get[User](t, f, http.StatusOK, call{method: http.MethodPatch, path: "/users/2", body: `{"displayName":"A"}`})
	require.Equal(t, auth.UserEdit{DisplayName: new("A")}, f.userEdit)
	get[User](t, f, http.StatusOK, call{method: http.MethodPost, path: "/users/2/lock"})
	get[User](t, f, http.StatusOK, call{method: http.MethodPost, path: "/users/2/unlock"})
	require.Equal(t, Credentials{Password: "made"}, get[Credentials](t, f, http.StatusOK, call{method: http.MethodPost, path: "/users/2/reset-password"}))
	get[Credentials](t, f, http.StatusOK, call{method: http.MethodPost, path: "/users/2/reset-password",
		body: `{"password":"given","mustChange":false,"keepApiSecret":true}`})
	require.Equal(t, Credentials{APISecret: "secret"}, get[Credentials](t, f, http.StatusOK, call{method: http.MethodPost, path: "/users/2/api-secret"}))
	get[struct{}](t, f, http.StatusNoContent, call{method: http.MethodDelete, path: "/users/2/api-secret"})
	require.Equal(t, []string{"edit user 2", "edit user 2", "lock 2 true", "lock 2 false", "reset 2  true false", "reset 2 given false true", "secret 2", "no secret 2"}, f.calls)
	f.fail = core.Conflict("the only admin")
	for _, c := range []call{
		{method: http.MethodPatch, path: "/users/2", body: `{}`}, {method: http.MethodPost, path: "/users/2/lock"},
		{method: http.MethodPost, path: "/users/2/reset-password"}, {method: http.MethodDelete, path: "/users/2/api-secret"},
	} {
		f.refused(t, http.StatusConflict, c)
	}
}

func TestMyAccount(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	me := get[Me](t, f, http.StatusOK, call{path: "/me", role: core.RoleViewer})
	require.Equal(t, Me{User: User{ID: 1, Name: "me", Role: "viewer", Email: "me@example.org", HasPassword: true, CreatedAt: instantOf(now())}, Role: "viewer"}, me)
	me = get[Me](t, f, http.StatusOK, call{path: "/me", header: map[string]string{"Authorization": "Bearer of-operator"}})
	require.Equal(t, "ci", me.APIToken)
	require.Equal(t, "operator", me.Role)
	get[Me](t, f, http.StatusOK, call{method: http.MethodPatch, path: "/me", role: core.RoleViewer, body: `{"email":"n@example.org"}`})
	require.Equal(t, auth.UserEdit{Email: new("n@example.org")}, f.userEdit)
	p := f.refused(t, http.StatusBadRequest, call{method: http.MethodPatch, path: "/me", role: core.RoleViewer, body: `{"role":"admin"}`})
	require.Equal(t, "role", p.Field, "nobody makes oneself more")
	get[struct{}](t, f, http.StatusNoContent, call{method: http.MethodPost, path: "/me/password", role: core.RoleViewer, body: `{"current":"old","password":"new","keepApiSecret":true}`})
	get[Credentials](t, f, http.StatusOK, call{method: http.MethodPost, path: "/me/api-secret", role: core.RoleViewer})
	require.Equal(t, []string{"edit user 1", "password old 192.0.2.1 new true", "secret 1"}, f.calls)
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	for path, owner := range map[string]int64{"/me/api-tokens": 1, "/users/2/api-tokens": 2} {
		f := new(fakes)
		listed := get[Page[APIToken]](t, f, http.StatusOK, call{path: path})
		require.Equal(t, []APIToken{{ID: 5, Name: "ci", Role: "viewer", Expired: true, CreatedAt: instantOf(now()), ExpiresAt: instantOf(now())}}, listed.Items)

		made := get[APITokenCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"name":"ci","role":"viewer","expiresIn":"24h"}`})
		require.Equal(t, "carillon_X", made.Value)
		require.Equal(t, &core.APIToken{ID: 6, UserID: owner, Name: "ci", Role: core.RoleViewer, ExpiresAt: now().Add(24 * time.Hour)}, f.token)
		get[APITokenCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"name":"ci","expiresAt":"2027-01-01T00:00:00Z"}`})
		require.Equal(t, map[int64]core.Role{1: core.RoleViewer, 2: core.RoleAdmin}[owner], f.token.Role, "the user's")
		require.Equal(t, 2027, f.token.ExpiresAt.Year())
		get[APITokenCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: path, body: `{"name":"ci"}`})
		require.True(t, f.token.ExpiresAt.IsZero())

		for body, field := range map[string]string{
			`{"name":"ci","expiresIn":"0s"}`:                                    "expiresIn",
			`{"name":"ci","expiresIn":"-1h"}`:                                   "expiresIn",
			`{"name":"ci","expiresIn":"1h","expiresAt":"2027-01-01T00:00:00Z"}`: "expiresIn",
			`{"name":"ci","expiresIn":"a day"}`:                                 "expiresIn",
			`{"name":"ci","expiresAt":"tomorrow"}`:                              "expiresAt",
			`{"name":"ci","hash":"x"}`:                                          "hash",
		} {
			w := f.do(t, call{method: http.MethodPost, path: path, body: body})
			require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, w.Code, body)
			require.Contains(t, w.Body.String(), `"field":"`+field+`"`, body)
		}
		get[struct{}](t, f, http.StatusNoContent, call{method: http.MethodDelete, path: path + "/5"})
		f.refused(t, http.StatusNotFound, call{method: http.MethodDelete, path: path + "/x"})
	}
}
