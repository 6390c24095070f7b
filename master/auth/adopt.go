package auth

import (
	"context"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Adopt creates a user whom another system has kept: with the API secret that the user has there, and without a password.
// Until one is set here the password that the secret was made of signs in, and is to be changed. The user keeps the id
// unless it is 0 or somebody else's; then a new one is given. An empty secret is none: such a user may call nothing until
// a password is set. Its other errors are Add's.
func (s *Service) Adopt(ctx context.Context, u *core.User, apiSecret string) error {
	if err := CheckUser(u); err != nil {
		return err
	}
	u.PasswordHash, u.MustChange = "", true
	if err := s.hashSecret(ctx, u, apiSecret); err != nil {
		return err
	}
	return s.opts.Store.AdoptUser(ctx, u)
}

// Readopt brings the API secret, the email and the state of an adopted user up to date. It is a conflict once the user has a
// password of its own.
func (s *Service) Readopt(ctx context.Context, adopted *core.User, apiSecret string) error {
	if err := CheckUser(adopted); err != nil {
		return err
	}
	u, err := s.opts.Store.UserByName(ctx, adopted.Name)
	if err != nil {
		return err
	}
	if u.PasswordHash != "" {
		return core.Conflict("user %s has a password of its own here", u.Name)
	}
	if err := s.hashSecret(ctx, u, apiSecret); err != nil {
		return err
	}
	return s.change(ctx, u, store.UserChange{Secret: &u.SecretHash, Email: &adopted.Email, Disabled: &adopted.Disabled})
}

// HasSecret says whether an API secret is the user's, disabled or not. An empty one is that of a user who has none.
func (s *Service) HasSecret(ctx context.Context, u *core.User, apiSecret string) (bool, error) {
	if u.SecretHash == "" || apiSecret == "" {
		return u.SecretHash == apiSecret, nil
	}
	return s.proofs.check(ctx, claim{user: u.ID, kind: secret, stored: u.SecretHash, value: apiSecret}, func() bool { return false })
}

func (s *Service) hashSecret(ctx context.Context, u *core.User, apiSecret string) (err error) {
	u.SecretHash = ""
	if apiSecret != "" {
		u.SecretHash, err = s.hash(ctx, apiSecret)
	}
	return err
}

// hash makes a slow hash, in turn.
func (s *Service) hash(ctx context.Context, value string) (string, error) {
	if err := enter(ctx, s.proofs.hashing); err != nil {
		return "", err
	}
	defer leave(s.proofs.hashing)
	return s.opts.Cost.hash(value), nil
}
