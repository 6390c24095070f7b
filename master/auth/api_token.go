package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// tokenPrefix begins every API token, so that scanners for secrets that got into the wrong place know one.
	tokenPrefix = "carillon_"
	// tokenSize is the length of an API token: the prefix and the 26 characters of rand.Text, which are 130 bits.
	tokenSize = len(tokenPrefix) + 26
	// tokenCaller stands for the name of who calls by a token in the counters of refusals. No user has it.
	tokenCaller = ":token"
)

// bearer is whoever has a token.
type bearer struct {
	token *core.APIToken
	user  *core.User
}

func (s *Service) readBearer(ctx context.Context, hash string) (*bearer, error) {
	k, u, err := s.opts.Store.APITokenByHash(ctx, hash)
	return &bearer{k, u}, err
}

// CheckToken says who calls with an API token, from the host addr: the user as the token lets the caller be, with the lesser
// of both roles and without hashes, and the token. The error has the code unauthenticated when the token is unknown or has
// expired, or the user is locked out; with any other error the check could not be made. It costs a SHA-256 and, once a
// second, a read of the database.
func (s *Service) CheckToken(ctx context.Context, value, addr string) (*core.User, *core.APIToken, error) {
	began := time.Now()
	b, err := s.bearer(ctx, value)
	if err != nil {
		return nil, nil, err
	}
	if b == nil {
		s.refuse(ctx, began, tokenCaller, addr)
		return nil, nil, &core.Error{Code: core.CodeUnauthenticated, Format: "the token is not known, or has expired"}
	}
	s.uses.note(b.token.ID, s.opts.Store.Now())
	u := *b.user
	u.PasswordHash, u.SecretHash = "", ""
	u.Role = u.Role.Lesser(b.token.Role)
	return &u, b.token, nil
}

// bearer gives whoever has a token, nil when the caller is to be refused.
func (s *Service) bearer(ctx context.Context, value string) (*bearer, error) {
	if len(value) != tokenSize || !strings.HasPrefix(value, tokenPrefix) {
		return nil, nil
	}
	// Looked for by a hash, a token cannot be found out letter by letter from how long the search takes.
	b, err := s.bearers.get(ctx, hashToken(value))
	if err != nil || b == nil || b.user.Disabled || b.token.Expired(s.opts.Store.Now()) {
		return nil, err
	}
	return b, nil
}

func hashToken(value string) string {
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])
}

// Tokens lists a user's tokens, those that have expired too.
func (s *Service) Tokens(ctx context.Context, userID int64) ([]*core.APIToken, error) {
	if _, err := s.opts.Store.UserByID(ctx, userID); err != nil {
		return nil, err
	}
	return s.opts.Store.APITokens(ctx, userID)
}

// NewToken gives a user a token, whose name, role and expiry are set, and gives its value, which nobody can read again. The
// role is at most that of the user and of the actor.
func (s *Service) NewToken(ctx context.Context, actor *core.User, k *core.APIToken) (value string, err error) {
	now := s.opts.Store.Now()
	if err := k.Validate(now); err != nil {
		return "", err
	}
	u, err := s.opts.Store.UserByID(ctx, k.UserID)
	if err != nil {
		return "", err
	}
	for _, of := range []*core.User{u, actor} {
		if of.Role.Lesser(k.Role) != k.Role {
			return "", core.Broken("role", "must be at most %s, the role of %s", of.Role, of.Name)
		}
	}
	value = tokenPrefix + rand.Text()
	k.Hash, k.CreatedAt, k.LastUsedAt = hashToken(value), now, time.Time{}
	if err := s.opts.Store.CreateAPIToken(ctx, k); err != nil {
		return "", err
	}
	s.opts.Logger.InfoContext(ctx, "token created", "user", u.Name, "token", k.Name, "role", k.Role, "by", actor.Name)
	return value, nil
}

// DeleteToken takes a token from a user. It is out at once in this process and within a second in others.
func (s *Service) DeleteToken(ctx context.Context, actor *core.User, userID, id int64) error {
	defer s.bearers.purge()
	if err := s.opts.Store.DeleteAPIToken(ctx, userID, id); err != nil {
		return err
	}
	s.opts.Logger.InfoContext(ctx, "token deleted", "user", userID, "token", id, "by", actor.Name)
	return nil
}

// uses holds when tokens were last used, as far as that is not stored yet.
type uses struct {
	mu   sync.Mutex
	last map[int64]time.Time
}

func (u *uses) note(id int64, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[int64]time.Time{}
	}
	u.last[id] = at
}

// take gives what is not stored yet.
func (u *uses) take() map[int64]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer func() { u.last = nil }()
	return u.last
}

// putBack takes what could not be stored back, as far as there is nothing newer.
func (u *uses) putBack(old map[int64]time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.Copy(old, u.last)
	u.last = old
}

// StoreUses stores when tokens were last used. It is a duty of every master: a use costs no write of its own.
func (s *Service) StoreUses(ctx context.Context) error {
	used := s.uses.take()
	if len(used) == 0 {
		return nil
	}
	err := s.opts.Store.NoteAPITokenUses(ctx, used)
	if err != nil {
		s.uses.putBack(used)
	}
	return err
}
