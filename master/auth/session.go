package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// sessionSize is how many random bytes a session's token has.
	sessionSize = 32
	// touchAfter is how old the note of when a session was heard of may be before it is written anew.
	touchAfter = time.Minute
)

// SessionStore keeps sessions. A *store.Store is one.
type SessionStore interface {
	CreateSession(ctx context.Context, n *core.Session) error
	Session(ctx context.Context, id string) (*core.Session, core.Preferences, error)
	Sessions(ctx context.Context, userID int64) ([]core.Session, error)
	TouchSession(ctx context.Context, id string, seen time.Time) error
	EndSession(ctx context.Context, userID int64, id string) error
	SavePreferences(ctx context.Context, userID int64, p core.Preferences) error
	UserByID(ctx context.Context, id int64) (*core.User, error)
	Now() time.Time
}

// Sessions says who is signed in with a browser. What a browser holds is a token made at random; the database has its
// SHA-256 and is asked at every request, so whatever ends a session ends it at every master at once: signing out, a new
// password, being disabled (both in the transaction that stores them), 12 hours without a request, 7 days in all.
type Sessions struct {
	users *Service
	store SessionStore
	log   *slog.Logger
}

// NewSessions makes the sessions of a service's users. All are required.
func NewSessions(users *Service, store SessionStore, log *slog.Logger) (*Sessions, error) {
	if users == nil || store == nil || log == nil {
		return nil, errors.New("auth: users, store and log are required")
	}
	return &Sessions{users: users, store: store, log: log}, nil
}

// SignedIn is who is signed in with a browser.
type SignedIn struct {
	core.Session
	User core.User // without hashes
	// Adopted says that the user has no password but the one brought from another system.
	Adopted     bool
	Preferences core.Preferences
}

// SignIn makes a session for who knows a user's password, and gives the token. Its errors are CheckPassword's, which
// slows down whoever guesses.
func (s *Sessions) SignIn(ctx context.Context, name, password, addr, agent string) (token string, err error) {
	u, err := s.users.CheckPassword(ctx, name, password, addr)
	if err != nil {
		if core.CodeOf(err) == core.CodeUnauthenticated {
			// The name is left out: people type a password there by mistake.
			s.log.WarnContext(ctx, "a sign-in was refused", "address", addr)
		}
		return "", err
	}
	token, err = s.open(ctx, u.ID, addr, agent)
	if err == nil {
		s.log.InfoContext(ctx, "signed in", "user", u.Name, "address", addr)
	}
	return token, err
}

// open makes a session.
func (s *Sessions) open(ctx context.Context, userID int64, addr, agent string) (token string, err error) {
	raw := make([]byte, sessionSize)
	_, _ = rand.Read(raw) // crypto/rand never fails: it ends the process rather
	token = base64.RawURLEncoding.EncodeToString(raw)
	now := s.store.Now()
	return token, s.store.CreateSession(ctx, &core.Session{
		ID: sessionID(token), UserID: userID, CreatedAt: now, SeenAt: now,
		Address: cut(addr, core.MaxSessionAddress), Agent: cut(agent, core.MaxSessionAgent),
	})
}

// Check says who holds a token. The error has the code unauthenticated when the session has ended or there never was one.
func (s *Sessions) Check(ctx context.Context, token string) (*SignedIn, error) {
	ended := &core.Error{Code: core.CodeUnauthenticated, Format: "the session has ended"}
	if len(token) != base64.RawURLEncoding.EncodedLen(sessionSize) {
		return nil, ended
	}
	n, preferences, err := s.store.Session(ctx, sessionID(token))
	if core.CodeOf(err) == core.CodeNotFound {
		return nil, ended
	}
	if err != nil {
		return nil, err
	}
	now := s.store.Now()
	if now.Sub(n.SeenAt) > core.SessionIdle || now.Sub(n.CreatedAt) > core.SessionLifetime {
		return nil, ended
	}
	u, err := s.store.UserByID(ctx, n.UserID)
	if core.CodeOf(err) == core.CodeNotFound || err == nil && u.Disabled {
		return nil, ended
	}
	if err != nil {
		return nil, err
	}
	if now.Sub(n.SeenAt) > touchAfter {
		if err := s.store.TouchSession(ctx, n.ID, now); err != nil {
			return nil, err
		}
	}
	in := &SignedIn{Session: *n, User: *u, Adopted: u.PasswordHash == "", Preferences: preferences}
	in.User.PasswordHash, in.User.SecretHash = "", ""
	return in, nil
}

// SignOut ends a session. One that has ended is no error.
func (s *Sessions) SignOut(ctx context.Context, in *SignedIn) error {
	err := s.End(ctx, in, in.ID)
	if core.CodeOf(err) == core.CodeNotFound {
		return nil
	}
	return err
}

// End ends any session of who is signed in.
func (s *Sessions) End(ctx context.Context, in *SignedIn, id string) error {
	return s.store.EndSession(ctx, in.UserID, id)
}

// List lists the sessions of who is signed in that go on, the one heard of last first.
func (s *Sessions) List(ctx context.Context, in *SignedIn) ([]core.Session, error) {
	all, err := s.store.Sessions(ctx, in.UserID)
	now, current := s.store.Now(), all[:0]
	for _, n := range all {
		if now.Sub(n.SeenAt) <= core.SessionIdle && now.Sub(n.CreatedAt) <= core.SessionLifetime {
			current = append(current, n)
		}
	}
	return current, err
}

// ChangePassword gives who is signed in a new password in place of the present one, by the rules of Service.ChangePassword.
// All sessions of the user end; the token is that of a new one.
func (s *Sessions) ChangePassword(ctx context.Context, in *SignedIn, current string, reset PasswordReset) (token string, err error) {
	if err := s.users.ChangePassword(ctx, &in.User, current, in.Address, reset); err != nil {
		return "", err
	}
	return s.open(ctx, in.UserID, in.Address, in.Agent)
}

// SavePreferences stores how who is signed in wants to see the pages. The error names the field.
func (s *Sessions) SavePreferences(ctx context.Context, in *SignedIn, p core.Preferences) error {
	if err := p.Validate(); err != nil {
		return err
	}
	return s.store.SavePreferences(ctx, in.UserID, p)
}

func sessionID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// cut shortens what a browser says of itself.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(text, "?")
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}
