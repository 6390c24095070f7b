package compat_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// The real services are what the form API asks for.
var (
	_ compat.Tasks    = (*manage.Tasks)(nil)
	_ compat.Delayed  = (*manage.Delayed)(nil)
	_ compat.Settings = (*manage.Settings)(nil)
	_ compat.Auth     = (*auth.Service)(nil)
)

const (
	taskID    = "0198c1b2-7d1e-7000-8000-0000000000aa"
	delayedID = "0198c1b2-7d1e-7000-8000-0000000000dd"
)

// shanghai is the server's zone in the tests: it has been 8 hours ahead of UTC, without clock changes, since 1991.
var shanghai = time.FixedZone("CST", 8*3600)

// now is what the clock says in the tests.
var now = time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC)

// bundle is a form API over fakes that remember what they were asked.
type bundle struct {
	http.Handler
	tasks    *fakeTasks
	delayed  *fakeDelayed
	settings *fakeSettings
	auth     *fakeAuth
	log      *syncBuffer
}

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode) // gin prints every route otherwise
	m.Run()
}

func setup(tb testing.TB) *bundle {
	tb.Helper()
	b := &bundle{tasks: &fakeTasks{}, delayed: &fakeDelayed{}, settings: &fakeSettings{}, auth: &fakeAuth{}, log: &syncBuffer{}}
	b.settings.DelayPattern = core.DelayRelative
	engine := gin.New()
	compat.Register(engine, compat.Deps{
		Tasks: b.tasks, Delayed: b.delayed, Settings: b.settings, Auth: b.auth, Zone: shanghai,
		Now: func() time.Time { return now }, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
	b.Handler = compat.FoldCase(engine)
	return b
}

// fakeTasks answers with what it was set to and keeps what it was given.
type fakeTasks struct {
	err     error
	unknown []int64
	saved   *core.Task
	list    []*core.Task
	total   int64
	next    []time.Time

	did    []string // the calls, such as "start ID by admin"
	task   *core.Task
	start  bool
	filter store.TaskFilter
}

func (f *fakeTasks) note(what, id string, actor *core.User) error {
	f.did = append(f.did, what+" "+id+" by "+actor.Name)
	return f.err
}

func (f *fakeTasks) Create(_ context.Context, actor *core.User, t *core.Task, start bool) ([]int64, error) {
	f.task, f.start, t.ID = t, start, taskID
	return f.unknown, f.note("create", t.ID, actor)
}

func (f *fakeTasks) Edit(_ context.Context, actor *core.User, t *core.Task) ([]int64, error) {
	f.task = t
	return f.unknown, f.note("edit", t.ID, actor)
}

func (f *fakeTasks) Start(_ context.Context, u *core.User, id string) error {
	return f.note("start", id, u)
}

func (f *fakeTasks) Pause(_ context.Context, u *core.User, id string) error {
	return f.note("pause", id, u)
}

func (f *fakeTasks) Resume(_ context.Context, u *core.User, id string) error {
	return f.note("resume", id, u)
}

func (f *fakeTasks) Stop(_ context.Context, u *core.User, id string) error {
	return f.note("stop", id, u)
}

func (f *fakeTasks) RunOnce(_ context.Context, u *core.User, id string) (*core.Run, error) {
	return &core.Run{}, f.note("runonce", id, u)
}

func (f *fakeTasks) Get(_ context.Context, id string) (*core.Task, error) {
	if f.saved == nil || f.saved.ID != id {
		return nil, core.NotFound("there is no task %s", id)
	}
	saved := *f.saved
	return &saved, nil
}

func (f *fakeTasks) List(_ context.Context, filter store.TaskFilter) ([]*core.Task, error) {
	f.filter = filter
	return f.list, f.err
}

func (f *fakeTasks) Count(context.Context, store.TaskFilter) (int64, error) { return f.total, nil }

func (f *fakeTasks) Next(t *core.Task, n int) []time.Time {
	if t.State != core.TaskRunning {
		return nil
	}
	return f.next[:min(n, len(f.next))]
}

type fakeDelayed struct {
	err     error
	created *core.DelayedTask
	actor   *core.User
}

func (f *fakeDelayed) Create(_ context.Context, actor *core.User, d *core.DelayedTask) error {
	if f.err != nil {
		return f.err
	}
	if err := d.Validate(); err != nil {
		return err
	}
	d.ID, f.created, f.actor = delayedID, d, actor
	return nil
}

type fakeSettings struct {
	core.Settings
	err    error
	panics bool
}

func (f *fakeSettings) Current(context.Context) (core.Settings, error) {
	if f.panics {
		panic("out of luck")
	}
	return f.Settings, f.err
}

// fakeAuth knows admin with the password 111111, as the documents of ScheduleMaster have it.
type fakeAuth struct {
	err  error
	addr string
	role core.Role // of admin; empty is admin's own
}

func (f *fakeAuth) CheckSecret(_ context.Context, name, secret, addr string) (*core.User, error) {
	f.addr = addr
	if f.err != nil {
		return nil, f.err
	}
	if name != "admin" || secret != adminSecret {
		return nil, &core.Error{Code: core.CodeUnauthenticated, Format: "the user name or its password or secret is wrong"}
	}
	return &core.User{ID: 1, Name: name, Role: cmp.Or(f.role, core.RoleAdmin)}, nil
}

// adminSecret is md5("admin" + md5("111111") + "admin").
const adminSecret = "811a5cb95196217ed3fda54cf73b9244"

// answer is the envelope as a client reads it.
type answer struct {
	Success bool
	Status  int
	Message string
	Data    json.RawMessage
}

// post sends fields, in their order, as an url-encoded form and reads the envelope. An Accept-Language may follow.
func (b *bundle) post(tb testing.TB, path, fields string, language ...string) answer {
	tb.Helper()
	w := b.send(tb, http.MethodPost, path, fields, "application/x-www-form-urlencoded", language...)
	return read(tb, w, http.StatusOK)
}

func (b *bundle) get(tb testing.TB, path string, language ...string) *httptest.ResponseRecorder {
	tb.Helper()
	return b.send(tb, http.MethodGet, path, "", "", language...)
}

func (b *bundle) send(tb testing.TB, method, path, body, contentType string, language ...string) *httptest.ResponseRecorder {
	tb.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("ms_auth_user", "admin")
	r.Header.Set("ms_auth_secret", adminSecret)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, l := range language {
		r.Header.Set("Accept-Language", l)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

func read(tb testing.TB, w *httptest.ResponseRecorder, code int) answer {
	tb.Helper()
	require.Equal(tb, code, w.Code)
	require.Equal(tb, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
	var a answer
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	require.NoError(tb, d.Decode(&a), w.Body)
	require.Equal(tb, a.Status == 1, a.Success)
	return a
}

// encode writes names and values in turn as a form.
func encode(namesAndValues ...string) string {
	var parts []string
	for i := 0; i < len(namesAndValues); i += 2 {
		parts = append(parts, url.QueryEscape(namesAndValues[i])+"="+url.QueryEscape(namesAndValues[i+1]))
	}
	return strings.Join(parts, "&")
}

// syncBuffer takes a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

var _ io.Writer = (*syncBuffer)(nil)
