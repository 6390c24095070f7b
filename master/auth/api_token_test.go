package auth

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// admin is who makes changes in the tests.
func admin() *core.User { return &core.User{ID: 99, Name: "root", Role: core.RoleAdmin} }

// newToken gives the user of the tests a token.
func newToken(t testing.TB, s *Service, change func(*core.APIToken)) string {
	t.Helper()
	k := &core.APIToken{UserID: 1, Name: "ci", Role: core.RoleOperator}
	if change != nil {
		change(k)
	}
	value, err := s.NewToken(t.Context(), admin(), k)
	require.NoError(t, err)
	return value
}

func requireTokenRefused(t testing.TB, s *Service, value string) {
	t.Helper()
	u, k, err := s.CheckToken(t.Context(), value, host)
	require.Nil(t, k)
	requireRefused(t, u, err)
}

func TestTokenLetsIn(t *testing.T) {
	t.Parallel()
	s, m := setup(t, true)
	value := newToken(t, s, nil)
	require.Regexp(t, `^carillon_[A-Z2-7]{26}$`, value)
	for range 3 {
		u, k, err := s.CheckToken(t.Context(), value, host)
		require.NoError(t, err)
		require.Equal(t, name, u.Name)
		require.Equal(t, core.RoleOperator, u.Role, "the lesser of both roles")
		require.Equal(t, "ci", k.Name)
		require.Empty(t, u.PasswordHash+u.SecretHash)
	}
	require.Equal(t, 1, m.reads, "once a second")
	require.Zero(t, s.proofs.slow.Load(), "without any slow hash")
	require.NotContains(t, m.tokens[0].Hash, value[len(tokenPrefix):])
	require.Len(t, m.tokens[0].Hash, 64)
	requireTokenRefused(t, s, tokenPrefix+m.tokens[0].Hash[:26])
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		value := newToken(t, s, nil)
		for _, wrong := range []string{
			"", "x", tokenPrefix, strings.Repeat("x", 10_000), tokenPrefix + strings.Repeat("A", 26), strings.ToLower(value), value + "A", value[:len(value)-1], pass, rightSecret(),
		} {
			began := time.Now()
			requireTokenRefused(t, s, wrong)
			require.GreaterOrEqual(t, time.Since(began), s.opts.RefuseAfter)
		}
		m.broken = errors.New("away")
		_, _, err := s.CheckToken(t.Context(), value, host)
		require.ErrorContains(t, err, "away")
		m.broken = nil

		require.NoError(t, s.SetDisabled(t.Context(), name, true))
		requireTokenRefused(t, s, value)
		require.NoError(t, s.SetDisabled(t.Context(), name, false))
		_, _, err = s.CheckToken(t.Context(), value, host)
		require.NoError(t, err)
		require.NoError(t, s.DeleteToken(t.Context(), admin(), 1, 1))
		requireTokenRefused(t, s, value)
	})
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, true)
		value := newToken(t, s, func(k *core.APIToken) { k.ExpiresAt = time.Now().Add(time.Minute) })
		time.Sleep(time.Minute - time.Nanosecond)
		_, _, err := s.CheckToken(t.Context(), value, host)
		require.NoError(t, err)
		time.Sleep(time.Nanosecond)
		requireTokenRefused(t, s, value)
	})
}

// What another process changed is in force within a second, what this one changed at once.
func TestChangesReachTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		value := newToken(t, s, nil)
		role := func() core.Role {
			u, _, err := s.CheckToken(t.Context(), value, host)
			require.NoError(t, err)
			return u.Role
		}
		require.Equal(t, core.RoleOperator, role())
		m.edit(name, func(u *core.User) { u.Role = core.RoleViewer })
		require.Equal(t, core.RoleOperator, role())
		time.Sleep(rowAge)
		require.Equal(t, core.RoleViewer, role())
		_, err := s.Edit(t.Context(), admin(), 1, UserEdit{Role: new(core.RoleAdmin)})
		require.NoError(t, err)
		require.Equal(t, core.RoleOperator, role(), "never more than the token's own")
		other := open(t, m)
		require.NoError(t, other.DeleteToken(t.Context(), admin(), 1, 1))
		role()
		time.Sleep(rowAge)
		requireTokenRefused(t, s, value)
	})
}

// Who tries many tokens is made to wait like who tries many passwords.
func TestTriedTokensAreThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, true)
		for range wrongPerUser {
			requireTokenRefused(t, s, "x")
		}
		began := time.Now()
		requireTokenRefused(t, s, "x")
		require.Equal(t, s.opts.ThrottledAfter, time.Since(began))
		value := newToken(t, s, nil)
		_, _, err := s.CheckToken(t.Context(), value, host)
		require.NoError(t, err, "a right one always passes")
	})
}

func TestTokensThatAreNotMade(t *testing.T) {
	t.Parallel()
	s, m := setup(t, true)
	for what, c := range map[string]struct {
		actor  *core.User
		change func(*core.APIToken)
		want   string
	}{
		"more than the user":  {admin(), func(k *core.APIToken) { k.Role = core.RoleAdmin }, "role: must be at most developer, the role of shop"},
		"more than the actor": {&core.User{Name: "op", Role: core.RoleOperator}, func(k *core.APIToken) { k.Role = core.RoleDeveloper }, "role: must be at most operator, the role of op"},
		"no name":             {admin(), func(k *core.APIToken) { k.Name = "" }, "name: is required"},
		"expired":             {admin(), func(k *core.APIToken) { k.ExpiresAt = time.Now() }, "expiresAt: must lie in the future"},
		"nobody":              {admin(), func(k *core.APIToken) { k.UserID = 7 }, "there is no user 7"},
	} {
		k := &core.APIToken{UserID: 1, Name: "ci", Role: core.RoleViewer}
		c.change(k)
		_, err := s.NewToken(t.Context(), c.actor, k)
		require.EqualError(t, err, c.want, what)
	}
	require.Empty(t, m.tokens)
	_, err := s.Tokens(t.Context(), 7)
	require.Equal(t, core.CodeNotFound, core.CodeOf(err))
}

func TestUsesAreStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		value := newToken(t, s, nil)
		require.NoError(t, s.StoreUses(t.Context()), "there is nothing to store")
		use := func() time.Time {
			_, _, err := s.CheckToken(t.Context(), value, host)
			require.NoError(t, err)
			return time.Now()
		}
		used := use()
		require.True(t, m.tokens[0].LastUsedAt.IsZero(), "a use writes nothing by itself")
		m.broken = errors.New("away")
		require.Error(t, s.StoreUses(t.Context()))
		m.broken = nil
		require.NoError(t, s.StoreUses(t.Context()))
		require.Equal(t, used, m.tokens[0].LastUsedAt, "what could not be stored is stored later")

		old := s.uses.take()
		require.Empty(t, old)
		time.Sleep(time.Minute)
		used = use()
		s.uses.putBack(map[int64]time.Time{1: used.Add(-time.Minute)})
		require.NoError(t, s.StoreUses(t.Context()))
		require.Equal(t, used, m.tokens[0].LastUsedAt, "the newer one")
	})
}
