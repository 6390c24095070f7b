package ui

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

const testPassword = "let-me-in-please"

// bundle is the pages over a real database and services.
type bundle struct {
	ui     *UI
	store  *store.Store
	engine *gin.Engine
	tokens map[core.Role]string // of a session of a user of each role, who is named as it
}

func setup(t *testing.T) *bundle {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: log})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	m, err := manage.New(manage.Options{
		Store: s, Logger: log, Zone: time.UTC, Route: func(core.Destination) []string { return []string{core.QueueDefault} },
		Wake: func(time.Time) {}, Cancel: func() {},
	})
	require.NoError(t, err)
	users, err := auth.New(auth.Options{Store: s, Logger: log, Cost: auth.Cost{MemoryKiB: 64, Passes: 1}, RefuseAfter: time.Millisecond})
	require.NoError(t, err)
	sessions, err := auth.NewSessions(users, s, log)
	require.NoError(t, err)
	b := &bundle{store: s, engine: gin.New(), tokens: map[core.Role]string{}}
	b.ui, err = New(Options{Manage: m, Users: users, Sessions: sessions, Logger: log, Now: s.Now, Zone: time.UTC})
	require.NoError(t, err)
	t.Cleanup(b.ui.Close)
	b.ui.Register(b.engine)
	for _, role := range allRoles() {
		_, err := users.Add(t.Context(), string(role), testPassword, role, "")
		require.NoError(t, err)
		b.tokens[role], err = sessions.SignIn(t.Context(), string(role), testPassword, "192.0.2.1", "test")
		require.NoError(t, err)
	}
	return b
}

func allRoles() []core.Role {
	return []core.Role{core.RoleAdmin, core.RoleDeveloper, core.RoleOperator, core.RoleViewer}
}

// do sends a request as a role, or as nobody; form is what a POST sends.
func (b *bundle) do(t *testing.T, role core.Role, method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Accept-Language", "en")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token := b.tokens[role]; token != "" {
		r.AddCookie(&http.Cookie{Name: auth.SessionCookie(false), Value: token})
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.engine.ServeHTTP(w, r)
	return w
}
