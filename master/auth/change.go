package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode"

	"github.com/carillonhq/carillon/core"
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
	if err := u.Validate(); err != nil {
		return err
	}
	// RFC 7617 ends the name at the first colon and forbids control characters; a header loses spaces at its ends.
	if strings.ContainsFunc(u.Name, func(r rune) bool { return r == ':' || unicode.IsControl(r) }) || strings.TrimSpace(u.Name) != u.Name {
		return core.Broken("name", "must not hold a colon or a control character, nor begin or end with a space")
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

// SetPassword gives a user a new password, and so a new API secret. The old ones are out at once in this process and
// within a second in others. An unknown name is not found; a short password is refused by the field password.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	return s.change(ctx, name, func(u *core.User) error {
		u.MustChange = false
		return s.rehash(ctx, u, password)
	}, func(u *core.User) { s.learn(u, password) })
}

// SetDisabled says whether a user may call. It holds at once in this process and within a second in others. An unknown
// name is not found.
func (s *Service) SetDisabled(ctx context.Context, name string, disabled bool) error {
	return s.change(ctx, name, func(u *core.User) error {
		u.Disabled = disabled
		return nil
	}, func(*core.User) {})
}

// change reads a user, changes and stores it; then is called when that worked.
func (s *Service) change(ctx context.Context, name string, change func(*core.User) error, then func(*core.User)) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	u, err := s.opts.Store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	if err := change(u); err != nil {
		return err
	}
	// An error may hide a commit, so the row is dropped whatever comes back.
	defer s.rows.drop(name)
	if err := s.opts.Store.UpdateUser(ctx, u); err != nil {
		return err
	}
	then(u)
	return nil
}

// rehash gives a user the hashes of a new password, which it checks.
func (s *Service) rehash(ctx context.Context, u *core.User, pass string) error {
	if err := core.CheckPassword(pass); err != nil {
		return err
	}
	if err := enter(ctx, s.proofs.hashing); err != nil {
		return err
	}
	defer leave(s.proofs.hashing)
	u.PasswordHash = s.opts.Cost.hash(pass)
	u.SecretHash = s.opts.Cost.hash(core.APISecret(u.Name, pass))
	return nil
}

func (s *Service) learn(u *core.User, pass string) {
	s.proofs.learn(claim{u.ID, password, u.PasswordHash, pass})
	s.proofs.learn(claim{u.ID, secret, u.SecretHash, core.APISecret(u.Name, pass)})
}
