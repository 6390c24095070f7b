package auth

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestEnsureAdminWithAPassword(t *testing.T) {
	t.Parallel()
	m := &memory{users: map[string]core.User{}}
	s := open(t, m)
	generated, err := s.EnsureAdmin(t.Context(), "given-password")
	require.NoError(t, err)
	require.Empty(t, generated)
	u, err := s.CheckPassword(t.Context(), "admin", "given-password", host)
	require.NoError(t, err)
	require.EqualValues(t, 1, u.ID)
	require.Equal(t, core.RoleAdmin, u.Role)
	require.False(t, u.MustChange)
	require.False(t, u.CreatedAt.IsZero())

	generated, err = s.EnsureAdmin(t.Context(), "another-password")
	require.NoError(t, err)
	require.Empty(t, generated)
	u, err = s.CheckPassword(t.Context(), "admin", "another-password", host)
	requireRefused(t, u, err)
}

func TestEnsureAdminWithoutAPassword(t *testing.T) {
	t.Parallel()
	m := &memory{users: map[string]core.User{}}
	s := open(t, m)
	generated, err := s.EnsureAdmin(t.Context(), "")
	require.NoError(t, err)
	require.Regexp(t, `^[A-Z2-7]{20,}$`, generated)
	u, err := s.CheckSecret(t.Context(), "admin", core.APISecret("admin", generated), host)
	require.NoError(t, err)
	require.True(t, u.MustChange)

	again, err := open(t, m).EnsureAdmin(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, again)

	require.NoError(t, s.SetPassword(t.Context(), "admin", "mine-from-now-on"))
	u, err = s.CheckPassword(t.Context(), "admin", "mine-from-now-on", host)
	require.NoError(t, err)
	require.False(t, u.MustChange)
}

func TestEnsureAdminRefusesAWeakPassword(t *testing.T) {
	t.Parallel()
	m := &memory{users: map[string]core.User{}}
	_, err := open(t, m).EnsureAdmin(t.Context(), "11111")
	require.Equal(t, core.CodeRule, core.CodeOf(err), "%v", err)
	require.Empty(t, m.users)
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	for what, c := range map[string]struct {
		name, password string
		role           core.Role
		want           string
	}{
		"taken":          {name, pass, core.RoleViewer, "there is a user named shop already"},
		"no name":        {"", pass, core.RoleViewer, "name: is required"},
		"long name":      {strings.Repeat("n", 101), pass, core.RoleViewer, "name: has 101 characters"},
		"colon":          {"a:b", pass, core.RoleViewer, "name: must not hold a colon"},
		"line break":     {"a\nb", pass, core.RoleViewer, "name: must not hold a colon"},
		"space":          {" a", pass, core.RoleViewer, "name: must not hold a colon"},
		"role":           {"a", pass, "root", "role: must be admin"},
		"short password": {"a", "12345", core.RoleViewer, "password: must have at least 6"},
	} {
		_, err := s.Add(t.Context(), c.name, c.password, c.role, "")
		require.ErrorContains(t, err, c.want, what)
		require.NotEmpty(t, core.CodeOf(err), what)
	}
	require.Len(t, m.users, 1)

	u, err := s.Add(t.Context(), "Käufer 王", pass, core.RoleOperator, "k@example.org")
	require.NoError(t, err)
	require.Empty(t, u.PasswordHash+u.SecretHash)
	_, err = s.CheckSecret(t.Context(), "Käufer 王", core.APISecret("Käufer 王", pass), host)
	require.NoError(t, err)
}

func TestChangesOfAnUnknownUser(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, false)
	require.Equal(t, core.CodeNotFound, core.CodeOf(s.SetPassword(t.Context(), "nobody", pass)))
	require.Equal(t, core.CodeNotFound, core.CodeOf(s.SetDisabled(t.Context(), "nobody", true)))
	require.Equal(t, core.CodeRule, core.CodeOf(s.SetPassword(t.Context(), name, "short")))
}

// A process that locks a user out may have read the row before another one stored a new password, and the other way round.
func TestChangesOfTwoProcessesUndoNothingOfEachOther(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ first, second func(s *Service) error }{
		"a password set while the user is disabled": {
			func(s *Service) error { return s.SetDisabled(t.Context(), name, true) },
			func(s *Service) error { return s.SetPassword(t.Context(), name, "a new password") },
		},
		"the user disabled while a password is set": {
			func(s *Service) error { return s.SetPassword(t.Context(), name, "a new password") },
			func(s *Service) error { return s.SetDisabled(t.Context(), name, true) },
		},
	} {
		s, m := setup(t, true)
		other := open(t, m)
		m.reading = func() { // the first has read the row and not written yet
			m.reading = nil
			require.NoError(t, c.second(other), what)
		}
		require.NoError(t, c.first(s), what)
		require.True(t, m.users[name].Disabled, what)
		right, err := matches(m.users[name].PasswordHash, "a new password")
		require.NoError(t, err)
		require.True(t, right, what)
		right, err = matches(m.users[name].SecretHash, core.APISecret(name, "a new password"))
		require.NoError(t, err)
		require.True(t, right, what)
	}
}
