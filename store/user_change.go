package store

import (
	"context"
	"database/sql"

	"github.com/carillonhq/carillon/core"
)

// UserChange is what is to be changed of a user; what is nil stays. Each part is written by itself, so that two changes at
// once, as of a page and of the command line, undo nothing of each other.
type UserChange struct {
	Password *PasswordChange
	SignIn   *SignInChange
	Secret   *string // the hash of a new API secret; empty for none
	Role     *core.Role
	Email    *string
	// DisplayName is what people call the user.
	DisplayName *string
	Disabled    *bool
}

// PasswordChange is a new password: both hashes made of it, and whether it must be changed at the next sign-in.
type PasswordChange struct {
	PasswordHash string
	SecretHash   string
	MustChange   bool
}

// SignInChange is a new password that signs in, and that the API secret was not made of.
type SignInChange struct {
	PasswordHash string
	MustChange   bool
}

func (c UserChange) columns() map[string]any {
	columns := map[string]any{}
	if p := c.Password; p != nil {
		columns["password_hash"], columns["secret_hash"], columns["must_change"] = p.PasswordHash, p.SecretHash, p.MustChange
	}
	if c.SignIn != nil {
		columns["password_hash"], columns["must_change"] = c.SignIn.PasswordHash, c.SignIn.MustChange
	}
	if c.Secret != nil {
		columns["secret_hash"] = *c.Secret
	}
	if c.Role != nil {
		columns["role"] = string(*c.Role)
	}
	if c.Email != nil {
		columns["email"] = *c.Email
	}
	if c.DisplayName != nil {
		columns["display_name"] = *c.DisplayName
	}
	if c.Disabled != nil {
		columns["disabled"] = *c.Disabled
	}
	return columns
}

// deposes says whether the change may leave nobody who administrates.
func (c UserChange) deposes() bool {
	return c.Role != nil && *c.Role != core.RoleAdmin || c.Disabled != nil && *c.Disabled
}

// endsSessions says whether whoever is signed in as the user is to be so no longer: with a new password, or locked out.
func (c UserChange) endsSessions() bool {
	return c.Password != nil || c.SignIn != nil || c.Disabled != nil && *c.Disabled
}

// ChangeUser stores what changes of a user. At least one part must. It is a conflict when nobody would be left who is an
// admin and not locked out. A new password, or being disabled, ends the user's sessions.
func (s *Store) ChangeUser(ctx context.Context, id int64, c UserChange) error {
	return s.write(ctx, func(t tx) error {
		if c.deposes() {
			if err := t.keepAnAdmin(id); err != nil {
				return err
			}
		}
		before, err := t.auditedUser(id)
		if err != nil {
			return err
		}
		res := t.db.Model(&userRow{}).Where("id = ?", id).Updates(c.columns())
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			return core.NotFound("there is no user %d", id)
		}
		if c.endsSessions() {
			if err := t.endSessions(id); err != nil {
				return err
			}
		}
		if before == nil {
			return nil
		}
		after, err := t.auditedUser(id)
		if err != nil {
			return err
		}
		return t.auditUser("edit", s.Now(), after, core.Changes(before, after))
	})
}

// keepAnAdmin refuses when a user is the only admin that can sign in. All admins are locked, in one order: of two who
// depose each other at once the second finds what the first did.
func (t tx) keepAnAdmin(id int64) error {
	only := false
	others := 0
	err := t.each(func(rows *sql.Rows) error {
		var (
			admin    int64
			disabled bool
		)
		err := rows.Scan(&admin, &disabled)
		switch {
		case disabled:
		case admin == id:
			only = true
		default:
			others++
		}
		return err
	}, "SELECT id, disabled FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE")
	if err == nil && only && others == 0 {
		return core.Conflict("user %d is the only admin who is not locked out: make somebody else admin first", id)
	}
	return err
}
