package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

const oldMD5 = "e10adc3949ba59abbe56e057f20f883e" // of 123456

func adopt(t *testing.T, s *Service, u core.User) {
	t.Helper()
	require.NoError(t, s.Adopt(t.Context(), &u, core.APISecretOf(u.Name, oldMD5)))
}

// Clients go on with the secret they have, people with the password they have; nobody else gets in.
func TestAdoptedUser(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	born := time.Date(2020, 5, 13, 9, 25, 48, 0, time.UTC)
	adopt(t, s, core.User{ID: 7, Name: "crm", Role: core.RoleDeveloper, Email: "crm@example.org", CreatedAt: born})
	require.Equal(t, int64(7), m.users["crm"].ID)
	require.Equal(t, born, m.users["crm"].CreatedAt)
	require.Empty(t, m.users["crm"].PasswordHash)
	require.NotContains(t, m.users["crm"].SecretHash, oldMD5)

	u, err := s.CheckSecret(t.Context(), "crm", core.APISecret("crm", "123456"), host)
	require.NoError(t, err)
	require.Equal(t, int64(7), u.ID)
	u, err = s.CheckPassword(t.Context(), "crm", "123456", host)
	require.NoError(t, err)
	require.True(t, u.MustChange, "it is to be changed")
	for _, wrong := range []string{"", "1234567", oldMD5, core.APISecret("crm", "123456"), m.users["crm"].SecretHash} {
		u, err = s.CheckPassword(t.Context(), "crm", wrong, host)
		requireRefused(t, u, err)
	}

	// The password that is set first leaves the secret to the clients; the one that is set for good does not.
	require.NoError(t, s.SetSignIn(t.Context(), "crm", "mine from now on"))
	u, err = s.CheckPassword(t.Context(), "crm", "mine from now on", host)
	require.NoError(t, err)
	require.False(t, u.MustChange)
	u, err = s.CheckPassword(t.Context(), "crm", "123456", host)
	requireRefused(t, u, err)
	_, err = s.CheckSecret(t.Context(), "crm", core.APISecret("crm", "123456"), host)
	require.NoError(t, err)
	require.NoError(t, s.SetPassword(t.Context(), "crm", "another one"))
	u, err = s.CheckSecret(t.Context(), "crm", core.APISecret("crm", "123456"), host)
	requireRefused(t, u, err)
	_, err = s.CheckSecret(t.Context(), "crm", core.APISecret("crm", "another one"), host)
	require.NoError(t, err)
}

func TestAdoptedWithoutASecret(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, false)
	require.NoError(t, s.Adopt(t.Context(), &core.User{Name: "crm", Role: core.RoleViewer}, ""))
	u, err := s.CheckPassword(t.Context(), "crm", "111111", host)
	requireRefused(t, u, err)
	u, err = s.CheckSecret(t.Context(), "crm", core.APISecret("crm", "111111"), host)
	requireRefused(t, u, err)
	require.NoError(t, s.SetPassword(t.Context(), "crm", "a password"))
	_, err = s.CheckPassword(t.Context(), "crm", "a password", host)
	require.NoError(t, err)
}

func TestReadopt(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	adopt(t, s, core.User{Name: "crm", Role: core.RoleDeveloper, Email: "old@example.org"})
	newer := core.APISecret("crm", "newer password")
	require.NoError(t, s.Readopt(t.Context(), &core.User{Name: "crm", Role: core.RoleViewer, Email: "new@example.org", Disabled: false}, newer))
	require.Equal(t, "new@example.org", m.users["crm"].Email)
	require.Equal(t, core.RoleDeveloper, m.users["crm"].Role, "what a user may do is decided here")
	_, err := s.CheckSecret(t.Context(), "crm", newer, host)
	require.NoError(t, err)
	u, err := s.CheckSecret(t.Context(), "crm", core.APISecretOf("crm", oldMD5), host)
	requireRefused(t, u, err)

	require.NoError(t, s.Readopt(t.Context(), &core.User{Name: "crm", Role: core.RoleViewer, Disabled: true}, newer))
	u, err = s.CheckSecret(t.Context(), "crm", newer, host)
	requireRefused(t, u, err)

	for _, what := range []string{"SetSignIn", "SetPassword"} {
		set := map[string]func() error{
			"SetSignIn":   func() error { return s.SetSignIn(t.Context(), "crm", "a password") },
			"SetPassword": func() error { return s.SetPassword(t.Context(), "crm", "a password") },
		}[what]
		require.NoError(t, set())
		err = s.Readopt(t.Context(), &core.User{Name: "crm", Role: core.RoleViewer}, newer)
		require.Equal(t, core.CodeConflict, core.CodeOf(err), what)
	}
	require.Equal(t, core.CodeNotFound, core.CodeOf(s.Readopt(t.Context(), &core.User{Name: "nobody", Role: core.RoleViewer}, newer)))
}

func TestAdoptRefuses(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, false)
	for want, u := range map[string]core.User{
		"there is a user named shop already": {Name: name, Role: core.RoleViewer},
		"name: must not hold a colon":        {Name: "a:b", Role: core.RoleViewer},
		"role: must be admin":                {Name: "a"},
	} {
		require.ErrorContains(t, s.Adopt(t.Context(), &u, ""), want)
	}
	require.Equal(t, core.CodeRule, core.CodeOf(s.SetSignIn(t.Context(), name, "short")))
	require.Equal(t, core.CodeNotFound, core.CodeOf(s.SetSignIn(t.Context(), "nobody", "long enough")))
}

func TestHasSecret(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	u := m.users[name]
	for value, want := range map[string]bool{rightSecret(): true, wrongSecret(1): false, "": false} {
		got, err := s.HasSecret(t.Context(), &u, value)
		require.NoError(t, err)
		require.Equal(t, want, got, value)
	}
	got, err := s.HasSecret(t.Context(), &core.User{}, "")
	require.NoError(t, err)
	require.True(t, got)
	got, err = s.HasSecret(t.Context(), &core.User{}, rightSecret())
	require.NoError(t, err)
	require.False(t, got)
}
