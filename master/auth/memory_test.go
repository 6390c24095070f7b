package auth

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// memory is a store of users in memory that counts its reads.
type memory struct {
	mu      sync.Mutex
	users   map[string]core.User
	reads   int
	broken  error
	reading func() // called inside a read after the row was taken
	tokens  []core.APIToken

	sessions    map[string]core.Session
	preferences core.Preferences
	touches     int
}

func (m *memory) UserByID(_ context.Context, id int64) (*core.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.users {
		if u.ID == id {
			return &u, m.broken
		}
	}
	return nil, core.NotFound("there is no user %d", id)
}

func (m *memory) CreateAPIToken(_ context.Context, k *core.APIToken) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k.ID = int64(len(m.tokens) + 1)
	m.tokens = append(m.tokens, *k)
	return m.broken
}

func (m *memory) APITokens(_ context.Context, userID int64) ([]*core.APIToken, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*core.APIToken
	for _, k := range m.tokens {
		if k.UserID == userID {
			all = append(all, &k)
		}
	}
	return all, m.broken
}

func (m *memory) APITokenByHash(ctx context.Context, hash string) (*core.APIToken, *core.User, error) {
	m.mu.Lock()
	m.reads++
	var found *core.APIToken
	for _, k := range m.tokens {
		if k.Hash == hash {
			found = &k
		}
	}
	err := m.broken
	m.mu.Unlock()
	if found == nil || err != nil {
		return nil, nil, cmp.Or(err, error(core.NotFound("there is no such token")))
	}
	u, err := m.UserByID(ctx, found.UserID)
	return found, u, err
}

func (m *memory) DeleteAPIToken(_ context.Context, userID, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.tokens)
	m.tokens = slices.DeleteFunc(m.tokens, func(k core.APIToken) bool { return k.ID == id && k.UserID == userID })
	if len(m.tokens) == before {
		return core.NotFound("the user has no token %d", id)
	}
	return m.broken
}

func (m *memory) NoteAPITokenUses(_ context.Context, uses map[int64]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	for i := range m.tokens {
		if at, ok := uses[m.tokens[i].ID]; ok {
			m.tokens[i].LastUsedAt = at
		}
	}
	return nil
}

func (m *memory) UserByName(_ context.Context, name string) (*core.User, error) {
	m.mu.Lock()
	u, ok := m.users[name]
	m.reads++
	err, reading := m.broken, m.reading
	m.mu.Unlock()
	if reading != nil {
		reading()
	}
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, core.NotFound("there is no user named %s", name)
	}
	return &u, nil
}

func (m *memory) Users(context.Context) ([]*core.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*core.User
	for _, u := range m.users {
		all = append(all, &u)
	}
	return all, m.broken
}

func (m *memory) CreateUser(_ context.Context, u *core.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, taken := m.users[u.Name]; taken {
		return core.Conflict("there is a user named %s already", u.Name)
	}
	u.ID = int64(len(m.users) + 1)
	m.users[u.Name] = *u
	return m.broken
}

func (m *memory) AdoptUser(ctx context.Context, u *core.User) error {
	id := u.ID
	if err := m.CreateUser(ctx, u); err != nil || id == 0 {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.users {
		if other.ID == id && other.Name != u.Name {
			return nil
		}
	}
	u.ID = id
	m.users[u.Name] = *u
	return nil
}

func (m *memory) ChangeUser(_ context.Context, id int64, c store.UserChange) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, u := range m.users {
		if u.ID != id {
			continue
		}
		if c.Password != nil {
			u.PasswordHash, u.SecretHash, u.MustChange = c.Password.PasswordHash, c.Password.SecretHash, c.Password.MustChange
		}
		if c.SignIn != nil {
			u.PasswordHash, u.MustChange = c.SignIn.PasswordHash, c.SignIn.MustChange
		}
		if c.Secret != nil {
			u.SecretHash = *c.Secret
		}
		if c.Role != nil {
			u.Role = *c.Role
		}
		if c.Email != nil {
			u.Email = *c.Email
		}
		if c.DisplayName != nil {
			u.DisplayName = *c.DisplayName
		}
		if c.Disabled != nil {
			u.Disabled = *c.Disabled
		}
		m.users[name] = u
	}
	return m.broken
}

func (m *memory) Now() time.Time { return time.Now() }
