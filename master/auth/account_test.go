package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestUserIsCreatedByAnAdmin(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	a, told, err := s.Create(t.Context(), admin(), &core.User{Name: "ada", DisplayName: "Ada", Role: core.RoleViewer, MustChange: true}, "")
	require.NoError(t, err)
	require.Regexp(t, `^[A-Z2-7]{26}$`, told.Password)
	require.Equal(t, core.APISecret("ada", told.Password), told.APISecret)
	require.True(t, a.HasPassword && a.HasAPISecret && a.MustChange)
	require.Empty(t, a.PasswordHash+a.SecretHash)
	_, err = s.CheckPassword(t.Context(), "ada", told.Password, host)
	require.NoError(t, err)
	require.Equal(t, "Ada", m.users["ada"].DisplayName)

	_, told, err = s.Create(t.Context(), admin(), &core.User{Name: "bob", Role: core.RoleViewer}, "given to him")
	require.NoError(t, err)
	require.Empty(t, told.Password, "who gave it knows it")
	_, _, err = s.Create(t.Context(), admin(), &core.User{Name: "bob", Role: core.RoleViewer}, "")
	require.Equal(t, core.CodeConflict, core.CodeOf(err))
	all, err := s.Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 3)
}

func TestUserIsEditedAndLocked(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	a, err := s.Edit(t.Context(), admin(), 1, UserEdit{Role: new(core.RoleViewer), Email: new("new@example.org"), DisplayName: new("Shop")})
	require.NoError(t, err)
	require.Equal(t, []any{core.RoleViewer, "new@example.org", "Shop"}, []any{a.Role, a.Email, a.DisplayName})
	before := m.users[name]
	a, err = s.Edit(t.Context(), admin(), 1, UserEdit{})
	require.NoError(t, err)
	require.Equal(t, before.Email, a.Email)
	_, err = s.Edit(t.Context(), admin(), 1, UserEdit{Role: new(core.Role("root"))})
	require.ErrorContains(t, err, "role: must be")
	_, err = s.Edit(t.Context(), admin(), 7, UserEdit{})
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
	require.Equal(t, before, m.users[name])

	for _, locked := range []bool{true, false} {
		a, err = s.SetLocked(t.Context(), admin(), 1, locked)
		require.NoError(t, err)
		require.Equal(t, locked, a.Disabled)
		_, err = s.CheckPassword(t.Context(), name, pass, host)
		require.Equal(t, locked, err != nil)
	}
}

func TestPasswordIsReset(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	value := newToken(t, s, nil)
	told, err := s.ResetPassword(t.Context(), admin(), 1, PasswordReset{MustChange: true, KeepSecret: true})
	require.NoError(t, err)
	require.Empty(t, told.APISecret, "it stays as it was")
	require.True(t, m.users[name].MustChange)
	u, err := s.CheckPassword(t.Context(), name, pass, host)
	requireRefused(t, u, err)
	_, err = s.CheckPassword(t.Context(), name, told.Password, host)
	require.NoError(t, err)
	_, err = s.CheckSecret(t.Context(), name, rightSecret(), host)
	require.NoError(t, err)

	told, err = s.ResetPassword(t.Context(), admin(), 1, PasswordReset{Password: "another one"})
	require.NoError(t, err)
	require.Equal(t, Credentials{APISecret: core.APISecret(name, "another one")}, told)
	require.False(t, m.users[name].MustChange)
	u, err = s.CheckSecret(t.Context(), name, rightSecret(), host)
	requireRefused(t, u, err)
	_, err = s.CheckSecret(t.Context(), name, told.APISecret, host)
	require.NoError(t, err)
	_, _, err = s.CheckToken(t.Context(), value, host)
	require.NoError(t, err, "tokens go on")
	for _, keep := range []bool{true, false} {
		_, err = s.ResetPassword(t.Context(), admin(), 1, PasswordReset{Password: "short", KeepSecret: keep})
		require.ErrorContains(t, err, "password: must have at least")
	}
}

func TestPasswordOfOnesOwn(t *testing.T) {
	t.Parallel()
	m := &memory{users: map[string]core.User{}}
	s := open(t, m)
	s.opts.RefuseAfter, s.opts.ThrottledAfter = time.Nanosecond, time.Nanosecond
	_, err := s.Add(t.Context(), name, pass, core.RoleViewer, "")
	require.NoError(t, err)
	m.edit(name, func(u *core.User) { u.MustChange = true })
	me := &core.User{ID: 1, Name: name, Role: core.RoleViewer}
	for _, c := range []struct{ current, password, want string }{
		{"wrong", "a new password", "current: is not the present password"},
		{"", "a new password", "current: is not the present password"},
		{pass, "", "password: is required"},
		{pass, "short", "password: must have at least 6 characters"},
		{pass, pass, "password: must differ from the present one"},
	} {
		require.EqualError(t, s.ChangePassword(t.Context(), me, c.current, host, PasswordReset{Password: c.password}), c.want)
	}
	require.NoError(t, s.ChangePassword(t.Context(), me, pass, host, PasswordReset{Password: "a new password"}))
	require.False(t, m.users[name].MustChange)
	_, err = s.CheckPassword(t.Context(), name, "a new password", host)
	require.NoError(t, err)
}

func TestAPISecretOfItsOwn(t *testing.T) {
	t.Parallel()
	s, m := setup(t, false)
	value, err := s.NewAPISecret(t.Context(), admin(), 1)
	require.NoError(t, err)
	_, err = s.CheckSecret(t.Context(), name, value, host)
	require.NoError(t, err)
	u, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
	requireRefused(t, u, err)
	_, err = s.CheckPassword(t.Context(), name, pass, host)
	require.NoError(t, err, "the password stays")

	require.NoError(t, s.DropAPISecret(t.Context(), admin(), 1))
	require.Empty(t, m.users[name].SecretHash)
	u, err = s.CheckSecret(t.Context(), name, value, host)
	requireRefused(t, u, err)

	require.NoError(t, s.Adopt(t.Context(), &core.User{Name: "crm", Role: core.RoleViewer}, core.APISecret("crm", pass)))
	crm, err := s.opts.Store.UserByName(t.Context(), "crm")
	require.NoError(t, err)
	_, err = s.NewAPISecret(t.Context(), admin(), crm.ID)
	require.Equal(t, core.CodeConflict, core.CodeOf(err), "it is what the old password is held against")
}
