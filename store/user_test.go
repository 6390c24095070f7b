package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// Each change of a user writes its own part and no other, of its own user and no other.
func TestChangesOfAUserUndoNothingOfEachOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var want, other core.User
		fill.Value(t, &want)
		other = want
		other.Name = "other"
		require.NoError(t, b.CreateUser(b.ctx, &want))
		require.NoError(t, b.CreateUser(b.ctx, &other))
		for _, change := range []func() store.UserChange{
			func() store.UserChange {
				want.PasswordHash, want.SecretHash, want.MustChange = "new password", "new secret", false
				return store.UserChange{Password: &store.PasswordChange{PasswordHash: "new password", SecretHash: "new secret"}}
			},
			func() store.UserChange {
				want.Disabled = false
				return store.UserChange{Disabled: new(false)}
			},
			func() store.UserChange {
				want.Role = core.RoleViewer
				return store.UserChange{Role: new(core.RoleViewer)}
			},
			func() store.UserChange {
				want.Email = ""
				return store.UserChange{Email: new("")}
			},
			func() store.UserChange {
				want.DisplayName = "Ada"
				return store.UserChange{DisplayName: new("Ada")}
			},
			func() store.UserChange {
				want.PasswordHash, want.MustChange = "newer password", true
				return store.UserChange{SignIn: &store.SignInChange{PasswordHash: "newer password", MustChange: true}}
			},
			func() store.UserChange {
				want.SecretHash = ""
				return store.UserChange{Secret: new("")}
			},
		} {
			require.NoError(t, b.ChangeUser(b.ctx, want.ID, change()))
			got, err := b.UserByName(b.ctx, want.Name)
			require.NoError(t, err)
			fill.Same(t, &want, got)
		}
		got, err := b.UserByID(b.ctx, other.ID)
		require.NoError(t, err)
		fill.Same(t, &other, got)
		_, err = b.UserByID(b.ctx, other.ID+1)
		requireCode(t, err, core.CodeNotFound)
		requireCode(t, b.ChangeUser(b.ctx, other.ID+1, store.UserChange{Disabled: new(true)}), core.CodeNotFound)
	})
}
