package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Account is a user as those see it who administrate, without hashes.
type Account struct {
	core.User
	HasPassword  bool
	HasAPISecret bool
}

func accountOf(u *core.User) Account {
	a := Account{User: *u, HasPassword: u.PasswordHash != "", HasAPISecret: u.SecretHash != ""}
	a.PasswordHash, a.SecretHash = "", ""
	return a
}

// Credentials are what a user signs in with, told once.
type Credentials struct {
	Password  string // empty when it was given and not made here
	APISecret string // what clients of ScheduleMaster send; empty when it stays as it was
}

// Accounts gives all users by id.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	users, err := s.opts.Store.Users(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Account, len(users))
	for i, u := range users {
		all[i] = accountOf(u)
	}
	return all, nil
}

// Account gives one user.
func (s *Service) Account(ctx context.Context, id int64) (Account, error) {
	u, err := s.opts.Store.UserByID(ctx, id)
	if err != nil {
		return Account{}, err
	}
	return accountOf(u), nil
}

// Create makes a user: its name, role, email and display name, and whether the password must be changed at the first
// sign-in. Without a password one is made at random. Its errors are Add's.
func (s *Service) Create(ctx context.Context, actor, u *core.User, pass string) (Account, Credentials, error) {
	made := madeIfEmpty(&pass)
	if err := s.add(ctx, u, pass); err != nil {
		return Account{}, Credentials{}, err
	}
	s.opts.Logger.InfoContext(ctx, "user created", "user", u.Name, "role", u.Role, "by", actor.Name)
	return accountOf(u), Credentials{made, core.APISecret(u.Name, pass)}, nil
}

// UserEdit is what is to be changed of a user; what is nil stays.
type UserEdit struct {
	Role        *core.Role
	Email       *string
	DisplayName *string
}

// Edit changes a user, and gives the user as it is then. It is a conflict when nobody would be left who is an admin.
func (s *Service) Edit(ctx context.Context, actor *core.User, id int64, edit UserEdit) (Account, error) {
	u, err := s.opts.Store.UserByID(ctx, id)
	if err != nil {
		return Account{}, err
	}
	if edit.Role != nil {
		u.Role = *edit.Role
	}
	if edit.Email != nil {
		u.Email = *edit.Email
	}
	if edit.DisplayName != nil {
		u.DisplayName = *edit.DisplayName
	}
	if edit == (UserEdit{}) {
		return accountOf(u), nil
	}
	if err := u.Validate(); err != nil {
		return Account{}, err
	}
	if err := s.change(ctx, u, store.UserChange{Role: edit.Role, Email: edit.Email, DisplayName: edit.DisplayName}); err != nil {
		return Account{}, err
	}
	s.opts.Logger.InfoContext(ctx, "user edited", "user", u.Name, "role", u.Role, "by", actor.Name)
	return s.Account(ctx, id)
}

// SetLocked locks a user out, or lets the user in again. It holds at once in this process and within a second in others. It
// is a conflict when nobody would be left who is an admin.
func (s *Service) SetLocked(ctx context.Context, actor *core.User, id int64, locked bool) (Account, error) {
	u, err := s.opts.Store.UserByID(ctx, id)
	if err != nil {
		return Account{}, err
	}
	if err := s.change(ctx, u, store.UserChange{Disabled: &locked}); err != nil {
		return Account{}, err
	}
	s.opts.Logger.InfoContext(ctx, "user locked or unlocked", "user", u.Name, "locked", locked, "by", actor.Name)
	return s.Account(ctx, id)
}

// PasswordReset is a new password that somebody gives to a user.
type PasswordReset struct {
	Password   string // empty: one is made at random
	MustChange bool   // at the next sign-in
	// KeepSecret leaves the API secret as it is, so that the clients that have it go on.
	KeepSecret bool
}

// ResetPassword gives a user a new password, and unless told otherwise the API secret that is made of it. Tokens go on.
func (s *Service) ResetPassword(ctx context.Context, actor *core.User, id int64, reset PasswordReset) (Credentials, error) {
	u, err := s.opts.Store.UserByID(ctx, id)
	if err != nil {
		return Credentials{}, err
	}
	told, err := s.setPassword(ctx, u, reset)
	if err == nil {
		s.opts.Logger.InfoContext(ctx, "password reset", "user", u.Name, "by", actor.Name)
	}
	return told, err
}

// ChangePassword gives a user a new password in place of the present one, which is asked for: who found a browser signed in
// must not be able to lock the user out. A wrong one is refused by the field current, and counted from the host addr as
// CheckPassword does.
func (s *Service) ChangePassword(ctx context.Context, actor *core.User, current, addr string, reset PasswordReset) error {
	u, err := s.opts.Store.UserByID(ctx, actor.ID)
	if err != nil {
		return err
	}
	if _, err := s.CheckPassword(ctx, u.Name, current, addr); err != nil {
		if core.CodeOf(err) == core.CodeUnauthenticated {
			return core.Broken("current", "is not the present password")
		}
		return err
	}
	if reset.Password == "" {
		return core.Broken("password", "is required")
	}
	if reset.Password == current {
		return core.Broken("password", "must differ from the present one")
	}
	if _, err = s.setPassword(ctx, u, reset); err == nil {
		s.opts.Logger.InfoContext(ctx, "password changed", "user", u.Name)
	}
	return err
}

func (s *Service) setPassword(ctx context.Context, u *core.User, reset PasswordReset) (Credentials, error) {
	pass := reset.Password
	made := madeIfEmpty(&pass)
	if reset.KeepSecret {
		if err := core.CheckPassword(pass); err != nil {
			return Credentials{}, err
		}
		hash, err := s.hash(ctx, pass)
		if err != nil {
			return Credentials{}, err
		}
		if err := s.change(ctx, u, store.UserChange{SignIn: &store.SignInChange{PasswordHash: hash, MustChange: reset.MustChange}}); err != nil {
			return Credentials{}, err
		}
		s.proofs.learn(claim{u.ID, password, hash, pass})
		return Credentials{Password: made}, nil
	}
	if err := s.rehash(ctx, u, pass); err != nil {
		return Credentials{}, err
	}
	if err := s.change(ctx, u, store.UserChange{Password: &store.PasswordChange{
		PasswordHash: u.PasswordHash, SecretHash: u.SecretHash, MustChange: reset.MustChange,
	}}); err != nil {
		return Credentials{}, err
	}
	s.learn(u, pass)
	return Credentials{made, core.APISecret(u.Name, pass)}, nil
}

// madeIfEmpty makes a password at random where none was given, and gives what it made.
func madeIfEmpty(pass *string) (made string) {
	if *pass == "" {
		made = rand.Text()
		*pass = made
	}
	return made
}

// NewAPISecret gives a user an API secret made at random, in place of the one there may be, and tells it. The password stays.
func (s *Service) NewAPISecret(ctx context.Context, actor *core.User, id int64) (string, error) {
	drawn := make([]byte, secretSize/2)
	_, _ = rand.Read(drawn) // crypto/rand never fails: it ends the process rather
	value := hex.EncodeToString(drawn)
	return value, s.setAPISecret(ctx, actor, id, value)
}

// DropAPISecret leaves a user without an API secret.
func (s *Service) DropAPISecret(ctx context.Context, actor *core.User, id int64) error {
	return s.setAPISecret(ctx, actor, id, "")
}

func (s *Service) setAPISecret(ctx context.Context, actor *core.User, id int64, value string) error {
	u, err := s.opts.Store.UserByID(ctx, id)
	if err != nil {
		return err
	}
	if u.PasswordHash == "" {
		// Of one who was brought from another system the secret is what proves the password, until one is set here.
		return core.Conflict("user %s has no password of its own here yet: reset it first", u.Name)
	}
	if err := s.hashSecret(ctx, u, value); err != nil {
		return err
	}
	if err := s.change(ctx, u, store.UserChange{Secret: &u.SecretHash}); err != nil {
		return err
	}
	if value != "" {
		s.proofs.learn(claim{u.ID, secret, u.SecretHash, value})
	}
	s.opts.Logger.InfoContext(ctx, "API secret changed", "user", u.Name, "there", value != "", "by", actor.Name)
	return nil
}
