package auth

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// edit changes a row as another process would.
func (m *memory) edit(name string, change func(*core.User)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[name]
	change(&u)
	m.users[name] = u
}

const (
	name = "shop"
	pass = "correct horse"
	host = "192.0.2.7"
)

// setup gives a service with one user, whose credentials it has not seen yet when fresh is set.
func setup(t testing.TB, fresh bool) (*Service, *memory) {
	t.Helper()
	m := &memory{users: map[string]core.User{}}
	s := open(t, m)
	_, err := s.Add(t.Context(), name, pass, core.RoleDeveloper, "shop@example.org")
	require.NoError(t, err)
	if fresh {
		s = open(t, m) // as after a restart
	}
	return s, m
}

func open(t testing.TB, m *memory) *Service {
	t.Helper()
	s, err := New(Options{Store: m, Logger: slog.New(slog.DiscardHandler), Cost: Cost{MemoryKiB: 64, Passes: 1}, Hashes: 1})
	require.NoError(t, err)
	return s
}

func rightSecret() string { return core.APISecret(name, pass) }

// wrongSecret gives the nth of many wrong secrets.
func wrongSecret(n int) string { return core.APISecret(name, string(rune('a'+n))) }

func requireRefused(t testing.TB, u *core.User, err error) {
	t.Helper()
	require.Nil(t, u)
	require.Equal(t, core.CodeUnauthenticated, core.CodeOf(err), "%v", err)
}
