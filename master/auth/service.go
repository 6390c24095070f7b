package auth

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Store keeps users and their tokens. A *store.Store is one.
type Store interface {
	UserByName(ctx context.Context, name string) (*core.User, error)
	UserByID(ctx context.Context, id int64) (*core.User, error)
	Users(ctx context.Context) ([]*core.User, error)
	CreateUser(ctx context.Context, u *core.User) error
	AdoptUser(ctx context.Context, u *core.User) error
	ChangeUser(ctx context.Context, id int64, c store.UserChange) error
	CreateAPIToken(ctx context.Context, k *core.APIToken) error
	APITokens(ctx context.Context, userID int64) ([]*core.APIToken, error)
	APITokenByHash(ctx context.Context, hash string) (*core.APIToken, *core.User, error)
	DeleteAPIToken(ctx context.Context, userID, id int64) error
	NoteAPITokenUses(ctx context.Context, uses map[int64]time.Time) error
	Now() time.Time
}

// Options say what a Service works with.
type Options struct {
	// Store is required.
	Store Store
	// Logger is required.
	Logger *slog.Logger
	// Cost is what a slow hash costs. Defaults to DefaultCost.
	Cost Cost
	// Hashes is how many slow hashes are made at once; the rest wait in line. Defaults to half the processors, at least 1
	// and at most 2, so that signing in never takes all of a machine that fires callbacks.
	Hashes int
	// RefuseAfter is how long after a call began its refusal is given. It hides whether a slow hash was made, and so
	// whether the name is known. Defaults to 100 ms.
	RefuseAfter time.Duration
	// ThrottledAfter is RefuseAfter for those who are throttled. Defaults to 500 ms.
	ThrottledAfter time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Store == nil || o.Logger == nil {
		return o, errors.New("auth: Store and Logger are required")
	}
	if o.Cost == (Cost{}) {
		o.Cost = DefaultCost()
	}
	if o.Cost.Passes < 1 || o.Cost.Passes > maxPasses || o.Cost.MemoryKiB < 8 || o.Cost.MemoryKiB > maxMemoryKiB {
		return o, errors.New("auth: Cost is out of range")
	}
	if o.Hashes == 0 {
		o.Hashes = min(max(runtime.GOMAXPROCS(0)/2, 1), 2)
	}
	if o.RefuseAfter == 0 {
		o.RefuseAfter = 100 * time.Millisecond
	}
	if o.ThrottledAfter == 0 {
		o.ThrottledAfter = 500 * time.Millisecond
	}
	if o.Hashes < 0 || o.RefuseAfter < 0 || o.ThrottledAfter < 0 {
		return o, errors.New("auth: Hashes, RefuseAfter and ThrottledAfter must not be negative")
	}
	return o, nil
}

// maxWaiting is how many refusals wait for their time at once. Those beyond it are given at once, because a waiting call
// costs memory.
const maxWaiting = 1000

// maxValue is the longest value looked at, in bytes: a password's characters have at most four each.
const maxValue = 4 * core.MaxPassword

// secretSize is the length of every API secret: an MD5 sum in hexadecimal digits.
const secretSize = 32

// Service knows who calls. Its methods may be called by many goroutines.
type Service struct {
	opts     Options
	rows     *rows[*core.User] // by name
	bearers  *rows[*bearer]    // by the hash of a token
	uses     uses
	proofs   *proofs
	throttle *throttle
	waiting  atomic.Int64
}

// New makes a Service.
func New(opts Options) (*Service, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Service{opts: opts}
	if s.rows, err = newRows(opts.Store.UserByName); err != nil {
		return nil, err
	}
	if s.bearers, err = newRows(s.readBearer); err != nil {
		return nil, err
	}
	if s.proofs, err = newProofs(opts.Hashes); err != nil {
		return nil, err
	}
	s.throttle, err = newThrottle()
	return s, err
}

// CheckSecret says who calls with the headers ms_auth_user and ms_auth_secret, from the host addr. The error has the code
// unauthenticated when the name is unknown, the secret wrong or the user disabled; with any other error the check could
// not be made. The user given has no hashes.
func (s *Service) CheckSecret(ctx context.Context, name, value, addr string) (*core.User, error) {
	return s.check(ctx, secret, name, value, addr)
}

// CheckPassword says who calls with a name and a password, from the host addr. Its errors are those of CheckSecret.
func (s *Service) CheckPassword(ctx context.Context, name, value, addr string) (*core.User, error) {
	return s.check(ctx, password, name, value, addr)
}

func (s *Service) check(ctx context.Context, k kind, name, value, addr string) (*core.User, error) {
	began := time.Now()
	u, err := s.identify(ctx, k, name, value, addr)
	if err != nil {
		return nil, err
	}
	if u == nil {
		s.refuse(ctx, began, name, addr)
		return nil, &core.Error{Code: core.CodeUnauthenticated, Format: "the user name or its password or secret is wrong"}
	}
	known := *u
	known.PasswordHash, known.SecretHash = "", ""
	return &known, nil
}

// identify gives the user, nil when the caller is to be refused.
func (s *Service) identify(ctx context.Context, k kind, name, value, addr string) (*core.User, error) {
	if len(value) > maxValue || utf8.RuneCountInString(name) > core.MaxUserName || k == secret && len(value) != secretSize {
		return nil, nil
	}
	u, err := s.rows.get(ctx, name)
	if err != nil || u == nil || u.Disabled {
		return nil, err
	}
	c := claim{user: u.ID, kind: k, stored: u.PasswordHash, value: value}
	switch {
	case k == secret:
		c.stored = u.SecretHash
	case u.PasswordHash == "":
		// An adopted user signs in with the password that the secret was made of, until there is one of its own.
		c = claim{user: u.ID, kind: secret, stored: u.SecretHash, value: core.APISecret(u.Name, value)}
	}
	if c.stored == "" {
		return nil, nil // who has neither may call nothing
	}
	right, err := s.proofs.check(ctx, c, func() bool { return s.throttle.over(name, addr) })
	if err != nil || !right {
		return nil, err
	}
	return u, nil
}

// refuse counts a refusal and waits until it may be given.
func (s *Service) refuse(ctx context.Context, began time.Time, name, addr string) {
	after := s.opts.RefuseAfter
	if s.throttle.refused(name, addr) {
		after = s.opts.ThrottledAfter
	}
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > maxWaiting {
		return
	}
	timer := time.NewTimer(after - time.Since(began))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
