package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// CreateSession and those below make memory a store of sessions.
func (m *memory) CreateSession(_ context.Context, n *core.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sessions == nil {
		m.sessions = map[string]core.Session{}
	}
	m.sessions[n.ID] = *n
	return m.broken
}

func (m *memory) Session(_ context.Context, id string) (*core.Session, core.Preferences, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.sessions[id]
	if !ok {
		return nil, core.Preferences{}, errors.Join(core.NotFound("the session has ended"), m.broken)
	}
	return &n, m.preferences, m.broken
}

func (m *memory) Sessions(_ context.Context, userID int64) (all []core.Session, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.sessions {
		if n.UserID == userID {
			all = append(all, n)
		}
	}
	return all, m.broken
}

func (m *memory) TouchSession(_ context.Context, id string, seen time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.sessions[id]
	n.SeenAt = seen
	m.sessions[id] = n
	m.touches++
	return m.broken
}

func (m *memory) EndSession(_ context.Context, userID int64, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n, ok := m.sessions[id]; !ok || n.UserID != userID {
		return core.NotFound("the session has ended")
	}
	delete(m.sessions, id)
	return m.broken
}

func (m *memory) SavePreferences(_ context.Context, _ int64, p core.Preferences) error {
	m.preferences = p
	return m.broken
}

// signIn gives sessions, and a token of the user of setup.
func signIn(t *testing.T) (*Sessions, *memory, string) {
	t.Helper()
	s, m := setup(t, false)
	in, err := NewSessions(s, m, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	token, err := in.SignIn(t.Context(), name, pass, host, "Firefox")
	require.NoError(t, err)
	return in, m, token
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s, m, token := signIn(t)
	in, err := s.Check(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, name, in.User.Name)
	require.Equal(t, host, in.Address)
	require.Equal(t, "Firefox", in.Agent)
	require.Empty(t, in.User.PasswordHash+in.User.SecretHash)
	require.NotContains(t, m.sessions, token, "what is stored signs nobody in")

	_, err = s.SignIn(t.Context(), name, "wrong", host, "")
	requireRefused(t, nil, err)
	for _, other := range []string{"", "x", token[1:] + "A", strings.Repeat("x", 1<<20)} {
		_, err := s.Check(t.Context(), other)
		requireRefused(t, nil, err)
	}

	require.NoError(t, s.SignOut(t.Context(), in))
	require.NoError(t, s.SignOut(t.Context(), in), "twice, as from two windows")
	_, err = s.Check(t.Context(), token)
	requireRefused(t, nil, err)
}

func TestSessionsOfOthersCannotBeEnded(t *testing.T) {
	t.Parallel()
	s, _, token := signIn(t)
	_, err := s.users.Add(t.Context(), "other", pass, core.RoleAdmin, "")
	require.NoError(t, err)
	theirs, err := s.SignIn(t.Context(), "other", pass, host, "")
	require.NoError(t, err)
	mine, err := s.Check(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, core.CodeNotFound, core.CodeOf(s.End(t.Context(), mine, sessionID(theirs))))
	list, err := s.List(t.Context(), mine)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestSessionsEndByTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m, token := signIn(t)
		began := time.Now()
		for time.Since(began) < core.SessionLifetime-core.SessionIdle {
			_, err := s.Check(t.Context(), token)
			require.NoError(t, err, "used often enough")
			time.Sleep(core.SessionIdle)
		}
		require.Positive(t, m.touches)
		time.Sleep(core.SessionIdle)
		in, err := s.Check(t.Context(), token)
		requireRefused(t, nil, err)
		require.Nil(t, in)
		list, err := s.List(t.Context(), &SignedIn{Session: core.Session{UserID: 1}})
		require.NoError(t, err)
		require.Empty(t, list)

		token, err = s.SignIn(t.Context(), name, pass, host, "")
		require.NoError(t, err)
		touches := m.touches
		for range 3 {
			_, err = s.Check(t.Context(), token)
			require.NoError(t, err)
		}
		require.Equal(t, touches, m.touches, "a request in the same minute writes nothing")
		time.Sleep(core.SessionIdle + time.Second)
		_, err = s.Check(t.Context(), token)
		requireRefused(t, nil, err)
	})
}

func TestWhoIsLockedOrGoneIsSignedInNoLonger(t *testing.T) {
	t.Parallel()
	s, m, token := signIn(t)
	m.edit(name, func(u *core.User) { u.Disabled = true })
	_, err := s.Check(t.Context(), token)
	requireRefused(t, nil, err)
	delete(m.users, name)
	_, err = s.Check(t.Context(), token)
	requireRefused(t, nil, err)
	m.broken = errors.New("the database is away")
	_, err = s.Check(t.Context(), token)
	require.Error(t, err)
}

// Who changes the password is signed in anew, and nobody else is any longer.
func TestChangeOfTheOwnPassword(t *testing.T) {
	t.Parallel()
	s, _, token := signIn(t)
	in, err := s.Check(t.Context(), token)
	require.NoError(t, err)
	_, err = s.ChangePassword(t.Context(), in, "wrong", PasswordReset{Password: "another horse"})
	require.Equal(t, core.CodeRule, core.CodeOf(err))
	fresh, err := s.ChangePassword(t.Context(), in, pass, PasswordReset{Password: "another horse"})
	require.NoError(t, err)
	require.NotEqual(t, token, fresh)
	_, err = s.Check(t.Context(), fresh)
	require.NoError(t, err)
	_, err = s.SignIn(t.Context(), name, "another horse", host, "")
	require.NoError(t, err)
}

// A user brought from another system signs in with the password of there, and programs go on with the secret they have.
func TestAdoptedUserGetsAPassword(t *testing.T) {
	t.Parallel()
	s, _, _ := signIn(t)
	require.NoError(t, s.users.Adopt(t.Context(), &core.User{Name: "adopted", Role: core.RoleOperator}, core.APISecret("adopted", "111111")))
	token, err := s.SignIn(t.Context(), "adopted", "111111", host, "")
	require.NoError(t, err)
	in, err := s.Check(t.Context(), token)
	require.NoError(t, err)
	require.True(t, in.Adopted)
	require.True(t, in.User.MustChange)
	token, err = s.ChangePassword(t.Context(), in, "111111", PasswordReset{Password: "a better one", KeepSecret: true})
	require.NoError(t, err)
	in, err = s.Check(t.Context(), token)
	require.NoError(t, err)
	require.False(t, in.Adopted)
	require.False(t, in.User.MustChange)
	_, err = s.users.CheckSecret(t.Context(), "adopted", core.APISecret("adopted", "111111"), host)
	require.NoError(t, err)
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	s, _, token := signIn(t)
	in, err := s.Check(t.Context(), token)
	require.NoError(t, err)
	for field, p := range map[string]core.Preferences{
		"language": {Language: "de"}, "theme": {Theme: "pink"}, "zone": {Zone: "Mars/Olympus"},
	} {
		told, ok := errors.AsType[*core.Error](s.SavePreferences(t.Context(), in, p))
		require.True(t, ok)
		require.Equal(t, field, told.Field)
	}
	require.Error(t, s.SavePreferences(t.Context(), in, core.Preferences{Zone: "Local"}))
	wanted := core.Preferences{Language: "zh", Zone: "Asia/Shanghai", Theme: "dark"}
	require.NoError(t, s.SavePreferences(t.Context(), in, wanted))
	in, err = s.Check(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, wanted, in.Preferences)
}
