package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// user stores a user.
func (b *bundle) user(name string, role core.Role) *core.User {
	b.t.Helper()
	u := &core.User{Name: name, Role: role, CreatedAt: testdb.Now()}
	require.NoError(b.t, b.CreateUser(b.ctx, u))
	return u
}

// token stores a token of a user, whose hash is its name.
func (b *bundle) token(u *core.User, name string) *core.APIToken {
	b.t.Helper()
	k := &core.APIToken{UserID: u.ID, Name: name, Role: u.Role, Hash: name, CreatedAt: testdb.Now()}
	require.NoError(b.t, b.CreateAPIToken(b.ctx, k))
	return k
}

func TestAPITokenRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		u := b.user("ada", core.RoleDeveloper)
		var want core.APIToken
		fill.Value(t, &want)
		want.UserID = u.ID
		require.NoError(t, b.CreateAPIToken(b.ctx, &want))
		got, of, err := b.APITokenByHash(b.ctx, want.Hash)
		require.NoError(t, err)
		fill.Same(t, &want, got)
		fill.Same(t, u, of)
		listed, err := b.APITokens(b.ctx, u.ID)
		require.NoError(t, err)
		require.Len(t, listed, 1)
		fill.Same(t, &want, listed[0])
		_, _, err = b.APITokenByHash(b.ctx, "another")
		requireCode(t, err, core.CodeNotFound)
	})
}

// A user's tokens are the user's own: their names are free to others, and nobody else can take them away.
func TestAPITokensOfTwoUsers(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ada, bob := b.user("ada", core.RoleViewer), b.user("bob", core.RoleViewer)
		first := b.token(ada, "ci")
		second := &core.APIToken{UserID: bob.ID, Name: "ci", Role: core.RoleViewer, Hash: "of bob"}
		require.NoError(t, b.CreateAPIToken(b.ctx, second))
		requireCode(t, b.CreateAPIToken(b.ctx, &core.APIToken{UserID: ada.ID, Name: "ci", Hash: "new"}), core.CodeConflict)
		b.token(ada, "CI") // names are compared to the letter

		requireCode(t, b.DeleteAPIToken(b.ctx, bob.ID, first.ID), core.CodeNotFound)
		require.NoError(t, b.DeleteAPIToken(b.ctx, ada.ID, first.ID))
		requireCode(t, b.DeleteAPIToken(b.ctx, ada.ID, first.ID), core.CodeNotFound)
		left, err := b.APITokens(b.ctx, ada.ID)
		require.NoError(t, err)
		require.Len(t, left, 1)
		_, of, err := b.APITokenByHash(b.ctx, "of bob")
		require.NoError(t, err)
		require.Equal(t, bob.ID, of.ID)
	})
}

func TestAPITokensAreFew(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		u := b.user("ada", core.RoleViewer)
		for i := range core.MaxAPITokens {
			b.token(u, fmt.Sprint(i))
		}
		requireCode(t, b.CreateAPIToken(b.ctx, &core.APIToken{UserID: u.ID, Name: "more", Hash: "more"}), core.CodeConflict)
	})
}

// Masters store uses whenever they come to it, so an older one may come last.
func TestUsesOfAPITokens(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		u := b.user("ada", core.RoleViewer)
		one, two := b.token(u, "one"), b.token(u, "two")
		at := testdb.Now()
		require.NoError(t, b.NoteAPITokenUses(b.ctx, map[int64]time.Time{one.ID: at, two.ID: at.Add(time.Second)}))
		require.NoError(t, b.NoteAPITokenUses(b.ctx, map[int64]time.Time{one.ID: at.Add(time.Second), two.ID: at, two.ID + 100: at}))
		tokens, err := b.APITokens(b.ctx, u.ID)
		require.NoError(t, err)
		for _, k := range tokens {
			require.Equal(t, at.Add(time.Second), k.LastUsedAt, k.Name)
		}
	})
}

func TestSomebodyStaysAdmin(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		ada, bob := b.user("ada", core.RoleAdmin), b.user("bob", core.RoleAdmin)
		b.user("eve", core.RoleDeveloper)
		demotion := store.UserChange{Role: new(core.RoleDeveloper)}
		lock, unlock := store.UserChange{Disabled: new(true)}, store.UserChange{Disabled: new(false)}
		require.NoError(t, b.ChangeUser(b.ctx, ada.ID, lock))
		requireCode(t, b.ChangeUser(b.ctx, bob.ID, lock), core.CodeConflict)
		requireCode(t, b.ChangeUser(b.ctx, bob.ID, demotion), core.CodeConflict)
		require.NoError(t, b.ChangeUser(b.ctx, ada.ID, demotion), "who is locked out is no admin to lose")
		require.NoError(t, b.ChangeUser(b.ctx, ada.ID, unlock))
		require.NoError(t, b.ChangeUser(b.ctx, bob.ID, store.UserChange{Role: new(core.RoleAdmin), Disabled: new(false)}))
		requireCode(t, b.ChangeUser(b.ctx, bob.ID, demotion), core.CodeConflict)
		require.NoError(t, b.ChangeUser(b.ctx, ada.ID, store.UserChange{Role: new(core.RoleAdmin)}))
		require.NoError(t, b.ChangeUser(b.ctx, bob.ID, demotion))
	})
}

// Two admins that lock each other out at once: one of them stays.
func TestAdminsThatDeposeEachOther(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		ada, bob := a.user("ada", core.RoleAdmin), a.user("bob", core.RoleAdmin)
		var both sync.WaitGroup
		var errs [2]error
		both.Go(func() { errs[0] = a.ChangeUser(a.ctx, ada.ID, store.UserChange{Disabled: new(true)}) })
		both.Go(func() { errs[1] = b.ChangeUser(b.ctx, bob.ID, store.UserChange{Role: new(core.RoleViewer)}) })
		both.Wait()
		refused := 0
		for _, err := range errs {
			if err != nil {
				requireCode(t, err, core.CodeConflict)
				refused++
			}
		}
		require.Equal(t, 1, refused)
	})
}
