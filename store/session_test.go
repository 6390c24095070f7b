package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// signIn stores a user with two sessions.
func (b *bundle) signIn(name string) *core.User {
	u := &core.User{Name: name, Role: core.RoleViewer}
	require.NoError(b.t, b.CreateUser(b.ctx, u))
	for _, id := range []string{name + "1", name + "2"} {
		require.NoError(b.t, b.CreateSession(b.ctx, &core.Session{ID: id, UserID: u.ID, CreatedAt: testdb.Now(), SeenAt: testdb.Now()}))
	}
	return u
}

// sessions are the ids of a user's sessions.
func (b *bundle) sessions(u *core.User) []string {
	all, err := b.Sessions(b.ctx, u.ID)
	require.NoError(b.t, err)
	ids := []string{}
	for _, s := range all {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestSessionRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want core.Session
		fill.Value(t, &want)
		require.NoError(t, b.CreateSession(b.ctx, &want))
		got, p, err := b.Session(b.ctx, want.ID)
		require.NoError(t, err)
		fill.Same(t, &want, got)
		require.Zero(t, p)

		var wanted core.Preferences
		for range 2 { // the second time there is a row already
			fill.Value(t, &wanted)
			require.NoError(t, b.SavePreferences(b.ctx, want.UserID, wanted))
			_, p, err = b.Session(b.ctx, want.ID)
			require.NoError(t, err)
			require.Equal(t, wanted, p)
		}

		want.SeenAt = want.SeenAt.Add(time.Minute)
		require.NoError(t, b.TouchSession(b.ctx, want.ID, want.SeenAt))
		all, err := b.Sessions(b.ctx, want.UserID)
		require.NoError(t, err)
		require.Len(t, all, 1)
		fill.Same(t, &want, &all[0])

		requireCode(t, b.EndSession(b.ctx, want.UserID+1, want.ID), core.CodeNotFound)
		require.NoError(t, b.EndSession(b.ctx, want.UserID, want.ID))
		_, _, err = b.Session(b.ctx, want.ID)
		requireCode(t, err, core.CodeNotFound)
		requireCode(t, b.EndSession(b.ctx, want.UserID, want.ID), core.CodeNotFound)
	})
}

// A new password, or being locked out, ends the sessions of that user and of nobody else; other changes end none.
func TestWhatEndsSessions(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		other := b.signIn("other")
		for i, c := range []struct {
			change store.UserChange
			ends   bool
		}{
			{store.UserChange{Password: new(store.PasswordChange)}, true},
			{store.UserChange{SignIn: new(store.SignInChange)}, true},
			{store.UserChange{Disabled: new(true)}, true},
			{store.UserChange{Disabled: new(false)}, false},
			{store.UserChange{Role: new(core.RoleAdmin)}, false},
			{store.UserChange{Email: new("x@example.org")}, false},
			{store.UserChange{Secret: new("hash")}, false},
		} {
			u := b.signIn(string(rune('a' + i)))
			require.NoError(t, b.ChangeUser(b.ctx, u.ID, c.change))
			require.Equal(t, c.ends, len(b.sessions(u)) == 0, "%+v", c.change)
		}
		require.Len(t, b.sessions(other), 2)
	})
}

func TestPruneSessions(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		for id, s := range map[string]core.Session{
			"fresh": {CreatedAt: now.Add(-time.Minute), SeenAt: now},
			"idle":  {CreatedAt: now.Add(-time.Minute), SeenAt: now.Add(-2 * time.Hour)},
			"old":   {CreatedAt: now.Add(-48 * time.Hour), SeenAt: now},
		} {
			s.ID, s.UserID = id, 1
			require.NoError(t, b.CreateSession(b.ctx, &s))
		}
		n, err := b.PruneSessions(b.ctx, now.Add(-24*time.Hour), now.Add(-time.Hour))
		require.NoError(t, err)
		require.Equal(t, int64(2), n)
		require.Equal(t, []string{"fresh"}, b.sessions(&core.User{ID: 1}))
	})
}
