package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// AdminName is the name of the first user.
const AdminName = "admin"

// AdminID is the first user's id, which ScheduleMaster's clients send as a keeper.
const AdminID = 1

// EnsureAdmin creates the first user, an administrator named admin, when there is no user at all. Its password is the one
// given, which works at once; when that is empty one is made at random, given back, and must be changed at the first
// sign-in. When there is a user nothing is done and nothing is given back.
func (s *Service) EnsureAdmin(ctx context.Context, password string) (generated string, err error) {
	users, err := s.opts.Store.Users(ctx)
	if err != nil || len(users) > 0 {
		return "", err
	}
	u := &core.User{Name: AdminName, Role: core.RoleAdmin}
	if password == "" {
		// 26 letters and digits of base32, an alphabet that leaves out 0, 1, 8 and 9 so that none is taken for another.
		generated, u.MustChange = rand.Text(), true
		password = generated
	}
	switch err := s.add(ctx, u, password); {
	case core.CodeOf(err) == core.CodeConflict:
		return "", nil // another master was first, and tells its password
	case err != nil:
		return "", fmt.Errorf("create the first user: %w", err)
	}
	if u.ID != AdminID {
		s.opts.Logger.Warn("the first user does not have the id that clients expect", "name", u.Name, "id", u.ID, "expected", AdminID)
	}
	return generated, nil
}

// Add creates a user. A taken name is a conflict; a name that HTTP Basic cannot carry, a bad role, a long email and a short
// password are refused by their fields name, role, email and password.
func (s *Service) Add(ctx context.Context, name, password string, role core.Role, email string) (*core.User, error) {
	u := &core.User{Name: name, Role: role, Email: email}
	if err := s.add(ctx, u, password); err != nil {
		return nil, err
	}
	u.PasswordHash, u.SecretHash = "", ""
	return u, nil
}

func (s *Service) add(ctx context.Context, u *core.User, pass string) error {
	if err := CheckUser(u); err != nil {
		return err
	}
	if err := s.rehash(ctx, u, pass); err != nil {
		return err
	}
	u.CreatedAt = s.opts.Store.Now()
	if err := s.opts.Store.CreateUser(ctx, u); err != nil {
		return err
	}
	s.learn(u, pass)
	return nil
}

// CheckUser checks what is said of a new user, as Add and Adopt do.
func CheckUser(u *core.User) error {
	if err := u.Validate(); err != nil {
		return err
	}
	// RFC 7617 ends the name at the first colon and forbids control characters; a header loses spaces at its ends.
	if strings.ContainsFunc(u.Name, func(r rune) bool { return r == ':' || unicode.IsControl(r) }) || strings.TrimSpace(u.Name) != u.Name {
		return core.Broken("name", "must not hold a colon or a control character, nor begin or end with a space")
	}
	return nil
}

// SetPassword gives a user a new password, and so a new API secret. The old ones are out at once in this process and
// within a second in others. An unknown name is not found; a short password is refused by the field password.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	return s.setNamed(ctx, name, PasswordReset{Password: password})
}

// SetSignIn gives a user a new password for signing in, and leaves the API secret as it is: the clients that have it go on.
// Its errors are SetPassword's.
func (s *Service) SetSignIn(ctx context.Context, name, password string) error {
	return s.setNamed(ctx, name, PasswordReset{Password: password, KeepSecret: true})
}

func (s *Service) setNamed(ctx context.Context, name string, reset PasswordReset) error {
	if err := core.CheckPassword(reset.Password); err != nil {
		return err
	}
	u, err := s.opts.Store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	_, err = s.setPassword(ctx, u, reset)
	return err
}

// SetDisabled says whether a user may call. It holds at once in this process and within a second in others. An unknown
// name is not found.
func (s *Service) SetDisabled(ctx context.Context, name string, disabled bool) error {
	u, err := s.opts.Store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	return s.change(ctx, u, store.UserChange{Disabled: &disabled})
}

// change stores what changes of a user. An error may hide a commit, so what is known is dropped whatever comes back.
func (s *Service) change(ctx context.Context, u *core.User, c store.UserChange) error {
	defer s.bearers.purge() // changes are rare, and tokens know their users by rows of their own
	defer s.rows.drop(u.Name)
	return s.opts.Store.ChangeUser(ctx, u.ID, c)
}

// rehash gives a user the hashes of a new password, which it checks.
func (s *Service) rehash(ctx context.Context, u *core.User, pass string) error {
	if err := core.CheckPassword(pass); err != nil {
		return err
	}
	var err1, err2 error
	u.PasswordHash, err1 = s.hash(ctx, pass)
	u.SecretHash, err2 = s.hash(ctx, core.APISecret(u.Name, pass))
	return errors.Join(err1, err2)
}

func (s *Service) learn(u *core.User, pass string) {
	s.proofs.learn(claim{u.ID, password, u.PasswordHash, pass})
	s.proofs.learn(claim{u.ID, secret, u.SecretHash, core.APISecret(u.Name, pass)})
}
