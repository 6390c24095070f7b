package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

const adminPassword = "let-me-in-please"

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// bundle is a whole API over a real database and services, on a real server.
type bundle struct {
	opts Options
	log  *lines
	url  string
}

func setup(t *testing.T, change func(*Options)) *bundle {
	t.Helper()
	b := &bundle{log: new(lines)}
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: logger})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	m, err := manage.New(manage.Options{
		Store: s, Logger: logger, Zone: time.UTC, Route: func(core.Destination) []string { return []string{core.QueueDefault} },
		Wake: func(time.Time) {}, Cancel: func() {},
	})
	require.NoError(t, err)
	a, err := auth.New(auth.Options{Store: s, Logger: logger, Cost: auth.Cost{MemoryKiB: 64, Passes: 1}, RefuseAfter: time.Millisecond})
	require.NoError(t, err)
	_, err = a.EnsureAdmin(t.Context(), adminPassword)
	require.NoError(t, err)
	b.opts = Options{Manage: m, Auth: a, JoinToken: join.New(s, logger), Store: s, Logger: logger, Zone: time.UTC}
	if change != nil {
		change(&b.opts)
	}
	h, err := New(b.opts)
	require.NoError(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// do sends a request as admin, with a JSON body when there is one, and gives the answer and its body.
func (b *bundle) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.SetBasicAuth("admin", adminPassword)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = []string{header[i+1]}
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w, string(text)
}

func read[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

func TestNewWantsItsOptions(t *testing.T) {
	t.Parallel()
	_, err := New(Options{})
	require.Error(t, err)
}

func TestWatching(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "carillon_runs_total 0\n") })
	})
	for path, want := range map[string]string{
		"/health": `{"status":"ok"}`, "/ready": `{"status":"ok"}`, "/metrics": "carillon_runs_total 0\n",
	} {
		w, text := b.do(t, http.MethodGet, path, "", "Authorization", "")
		require.Equal(t, http.StatusOK, w.StatusCode, path)
		require.Equal(t, want, text)
		w, text = b.do(t, http.MethodHead, path, "", "Authorization", "")
		require.Equal(t, http.StatusOK, w.StatusCode, path)
		require.Empty(t, text)
	}
	w, _ := b.do(t, http.MethodGet, "/api/v1/openapi.yaml", "", "Authorization", "")
	require.Equal(t, http.StatusOK, w.StatusCode)
}

// pages stand for those of master/ui.
type pages struct{}

func (pages) Register(r gin.IRouter) {
	r.GET("/", func(c *gin.Context) { c.String(http.StatusOK, "the overview") })
}

func (pages) NotFound(c *gin.Context) { c.String(http.StatusNotFound, "no page") }

// Browsers get pages, also of what there is not; programs get problems.
func TestPagesBesideTheAPI(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Pages = pages{} })
	_, text := b.do(t, http.MethodGet, "/", "")
	require.Equal(t, "the overview", text)
	for _, c := range []struct{ path, accept, kind string }{
		{"/nothing", "text/html,*/*;q=0.8", "text/plain; charset=utf-8"},
		{"/nothing", "*/*", problem.MediaType},
		{"/api/nothing", "text/html", problem.MediaType},
	} {
		w, _ := b.do(t, http.MethodGet, c.path, "", "Accept", c.accept)
		require.Equal(t, http.StatusNotFound, w.StatusCode)
		require.Equal(t, c.kind, w.Header.Get("Content-Type"), "%+v", c)
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) {
		o.Ready = func(context.Context) error {
			return errors.Join(errors.New("the schema is older than this build"), fmt.Errorf("the lease: %w", errors.New("was lost")))
		}
	})
	w, text := b.do(t, http.MethodGet, "/ready", "")
	require.Equal(t, http.StatusServiceUnavailable, w.StatusCode)
	require.JSONEq(t, `{"status":"unavailable","reasons":["the schema is older than this build","the lease: was lost"]}`, text)
	w, _ = b.do(t, http.MethodGet, "/health", "")
	require.Equal(t, http.StatusOK, w.StatusCode, "it is alive all the same")
	w, _ = b.do(t, http.MethodGet, "/metrics", "")
	require.Equal(t, http.StatusNotFound, w.StatusCode, "there are none")
}

func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w, _ := b.do(t, http.MethodGet, "/api/v1/tasks", "")
	require.Equal(t, http.StatusOK, w.StatusCode)
	require.NoError(t, b.opts.Store.Close())
	_, text := b.do(t, http.MethodGet, "/ready", "")
	require.JSONEq(t, `{"status":"unavailable","reasons":["the database (sqlite) fails"]}`, text, "of the database its kind, of its error nothing")
	for _, path := range []string{"/ready", "/api/v1/tasks"} {
		w, text := b.do(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusServiceUnavailable, w.StatusCode, text)
		require.Equal(t, "1", w.Header.Get("Retry-After"))
	}
}

func TestProblemsOfTheRouter(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/nothing", 404}, {http.MethodGet, "/api/v1/tasks/", 404}, {http.MethodGet, "/API/V1/tasks", 404},
		{http.MethodPost, "/health", 405}, {http.MethodDelete, "/api/v1/settings", 405},
	} {
		w, text := b.do(t, c.method, c.path, "")
		require.Equal(t, c.status, w.StatusCode, c.path)
		require.Equal(t, problem.MediaType, w.Header.Get("Content-Type"))
		require.Equal(t, c.status, read[problem.Problem](t, text).Status)
		require.Equal(t, c.status == 405, w.Header.Get("Allow") != "")
		require.Equal(t, "nosniff", w.Header.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", w.Header.Get("Cache-Control"))
	}
}

// A whole life through the API, on real services.
func TestTaskFromCreateToDelete(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w, text := b.do(t, http.MethodPost, "/api/v1/tasks?start=true", `{"kind":"http","title":"ping",
		"schedule":{"kind":"interval","interval":"1h","start":"2026-01-01T00:00:00Z"},"keepers":[1,99],
		"callback":{"method":"GET","url":"http://127.0.0.1:1/x","secret":"whsec_c2VjcmV0LXNlY3JldA=="}}`)
	require.Equal(t, http.StatusCreated, w.StatusCode, text)
	created := read[v1.Task](t, text)
	require.Equal(t, "running", created.State)
	require.Len(t, created.Upcoming, 5)
	require.Len(t, created.Warnings, 1)
	path := w.Header.Get("Location")

	w, text = b.do(t, http.MethodPost, path+"/run", "")
	require.Equal(t, http.StatusAccepted, w.StatusCode, text)
	run := read[v1.Run](t, text)
	require.Equal(t, "manual", run.Trigger)
	w, text = b.do(t, http.MethodPost, "/api/v1/runs/"+run.ID+"/cancel", `{"reason":"not now"}`)
	require.Equal(t, http.StatusAccepted, w.StatusCode, text)
	cancelled := read[v1.Run](t, text)
	require.Equal(t, "cancelled", cancelled.State)
	require.Contains(t, cancelled.Reason, "not now")
	_, text = b.do(t, http.MethodGet, path+"/runs", "")
	require.Len(t, read[v1.Page[v1.Run]](t, text).Items, 1)

	w, text = b.do(t, http.MethodPut, path, `{"kind":"http","title":"ping","schedule":{"kind":"once","start":"2030-01-01T00:00:00Z"},
		"callback":{"method":"GET","url":"http://127.0.0.1:1/x"}}`)
	require.Equal(t, http.StatusConflict, w.StatusCode, text)
	w, _ = b.do(t, http.MethodPost, path+"/stop", "")
	require.Equal(t, http.StatusOK, w.StatusCode)
	_, text = b.do(t, http.MethodGet, path, "")
	stopped := read[v1.Task](t, text)
	w, text = b.do(t, http.MethodPut, path, text)
	require.Equal(t, http.StatusOK, w.StatusCode, text)
	require.Equal(t, stopped.Version+1, read[v1.Task](t, text).Version)
	stored, err := b.opts.Store.Task(t.Context(), created.ID)
	require.NoError(t, err)
	require.Equal(t, "whsec_c2VjcmV0LXNlY3JldA==", stored.Callback.Secret)

	old, err := json.Marshal(stopped)
	require.NoError(t, err)
	w, _ = b.do(t, http.MethodPut, path, string(old))
	require.Equal(t, http.StatusConflict, w.StatusCode, "the version has moved on")
	w, _ = b.do(t, http.MethodDelete, path, "")
	require.Equal(t, http.StatusNoContent, w.StatusCode)
	_, text = b.do(t, http.MethodGet, "/api/v1/tasks", "")
	require.Empty(t, read[v1.Page[v1.Task]](t, text).Items)
}

func TestDelayedTasks(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	one := `{"sourceApp":"shop","topic":"unpaid","contentKey":"1","delay":"1h","callback":{"url":"http://127.0.0.1:1/x"}}`
	w, text := b.do(t, http.MethodPost, "/api/v1/delayed-tasks", one, "Idempotency-Key", "k1")
	require.Equal(t, http.StatusCreated, w.StatusCode, text)
	first := read[v1.DelayedCreated](t, text)
	_, text = b.do(t, http.MethodPost, "/api/v1/delayed-tasks", one, "Idempotency-Key", "k1")
	require.Equal(t, first, read[v1.DelayedCreated](t, text), "the same key gives the same task")

	_, text = b.do(t, http.MethodGet, w.Header.Get("Location"), "")
	got := read[v1.DelayedTask](t, text)
	require.Equal(t, "created", got.State)
	require.Equal(t, "POST", got.Callback.Method)
	require.Equal(t, "success", got.Callback.Success.Contains)
	require.Equal(t, &v1.Retry{Count: 3, Backoff: "linear", Delay: "10s"}, got.Retry)

	w, text = b.do(t, http.MethodPost, "/api/v1/delayed-tasks", `{"items":[`+one+`,`+strings.Replace(one, `"unpaid"`, `""`, 1)+`]}`)
	require.Equal(t, http.StatusUnprocessableEntity, w.StatusCode)
	require.Equal(t, "items[1].topic", read[problem.Problem](t, text).Field)
	w, text = b.do(t, http.MethodPost, "/api/v1/delayed-tasks", `{"items":[`+one+`,`+
		strings.Replace(one, `"callback":{`, `"retry":{"count":0},"callback":{"success":{},`, 1)+`]}`)
	require.Equal(t, http.StatusCreated, w.StatusCode, text)
	items := read[v1.Page[v1.DelayedCreated]](t, text).Items
	require.Len(t, items, 2)
	_, text = b.do(t, http.MethodGet, "/api/v1/delayed-tasks/"+items[1].ID, "")
	got = read[v1.DelayedTask](t, text)
	require.Equal(t, 0, got.Retry.Count)
	require.Empty(t, got.Callback.Success.Contains)
	_, text = b.do(t, http.MethodGet, "/api/v1/delayed-tasks?topic=unpaid&limit=2", "")
	page := read[v1.Page[v1.DelayedTask]](t, text)
	require.Len(t, page.Items, 2)
	_, text = b.do(t, http.MethodGet, "/api/v1/delayed-tasks?topic=unpaid&limit=2&cursor="+page.Next, "")
	require.Len(t, read[v1.Page[v1.DelayedTask]](t, text).Items, 1)

	for _, c := range []struct {
		action string
		status int
		state  string
	}{{"reset", 409, ""}, {"void", 200, "voided"}, {"execute", 409, ""}, {"reset", 200, "ready"}, {"execute", 200, "ready"}} {
		w, text = b.do(t, http.MethodPost, "/api/v1/delayed-tasks/"+first.ID+"/"+c.action, "")
		require.Equal(t, c.status, w.StatusCode, "%s: %s", c.action, text)
		if c.status == 200 {
			require.Equal(t, c.state, read[v1.DelayedTask](t, text).State)
		}
	}
}

func TestSettingsAndNodes(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w, text := b.do(t, http.MethodPut, "/api/v1/settings", `{"Http_RequestTimeout":"20","DelayTask_RetryTimes":5,"Email_FromAccountPwd":"hunter22"}`)
	require.Equal(t, http.StatusOK, w.StatusCode, text)
	require.NotContains(t, text, "hunter22")
	_, text = b.do(t, http.MethodGet, "/api/v1/settings", "")
	values := read[map[string]string](t, text)
	require.Equal(t, "5", values["DelayTask_RetryTimes"])
	require.Len(t, values, len(core.SettingSpecs()))
	// What was read can be put back whole.
	w, text = b.do(t, http.MethodPut, "/api/v1/settings", text)
	require.Equal(t, http.StatusOK, w.StatusCode, text)
	stored, err := b.opts.Store.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, "hunter22", stored["Email_FromAccountPwd"])
	w, text = b.do(t, http.MethodPut, "/api/v1/settings", `{"DelayTask_RetryTimes":5.5}`)
	require.Equal(t, http.StatusUnprocessableEntity, w.StatusCode)
	require.Equal(t, "DelayTask_RetryTimes", read[problem.Problem](t, text).Field)

	_, text = b.do(t, http.MethodGet, "/api/v1/nodes", "")
	require.Empty(t, read[v1.Page[v1.Node]](t, text).Items)
}

// The form API lies under paths of any case, and takes part in the bound on bodies.
func TestFormAPI(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	secret := []string{"Ms_auth_user", "admin", "Ms_auth_secret", core.APISecret("admin", adminPassword), "Content-Type", "application/x-www-form-urlencoded"}
	form := url.Values{
		"SourceApp": {"shop"}, "Topic": {"t"}, "ContentKey": {"k"}, "DelayTimeSpan": {"60"}, "NotifyUrl": {"http://127.0.0.1:1/x"},
		"NotifyDataType": {"application/json"}, "NotifyBody": {"{}"},
	}.Encode()
	for _, path := range []string{"/api/delaytask/create", "/api/DelayTask/Create", "/API/DELAYTASK/CREATE"} {
		w, text := b.do(t, http.MethodPost, path, form, secret...)
		require.Equal(t, http.StatusOK, w.StatusCode)
		require.Equal(t, true, read[map[string]any](t, text)["Success"], text)
	}
	w, text := b.do(t, http.MethodPost, "/api/delaytask/create", form+"&Remark="+strings.Repeat("x", MaxBody), secret...)
	require.Equal(t, http.StatusOK, w.StatusCode)
	require.Equal(t, false, read[map[string]any](t, text)["Success"], text)
	w, _ = b.do(t, http.MethodPost, "/api/delaytask/create", form)
	require.Equal(t, http.StatusUnauthorized, w.StatusCode)
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	w, text := b.do(t, http.MethodPost, "/api/v1/tasks", `{"title":"`+strings.Repeat("x", MaxBody)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.StatusCode)
	require.Equal(t, problem.MediaType, w.Header.Get("Content-Type"), text)
}

func TestRequestsAreLogged(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	_, text := b.do(t, http.MethodGet, "/api/v1/tasks/none", "", "Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	require.Equal(t, trace, read[problem.Problem](t, text).TraceID)
	require.Eventually(t, func() bool {
		return strings.Contains(b.log.String(), "path=/api/v1/tasks/none status=404") && strings.Contains(b.log.String(), "trace="+trace)
	}, time.Minute, time.Millisecond)
	require.NotContains(t, b.log.String(), adminPassword)
}

func TestPanics(t *testing.T) {
	t.Parallel()
	log := new(lines)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(recovered(slog.New(slog.NewTextHandler(log, nil))))
	engine.GET("/before", func(*gin.Context) { panic("nobody should see this") })
	engine.GET("/amid", func(c *gin.Context) {
		_, _ = c.Writer.WriteString("half")
		c.Writer.Flush()
		panic("nobody should see this")
	})
	engine.GET("/abort", func(*gin.Context) { panic(http.ErrAbortHandler) })
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)
	b := &bundle{url: server.URL}
	w, text := b.do(t, http.MethodGet, "/before", "")
	require.Equal(t, http.StatusInternalServerError, w.StatusCode)
	require.NotContains(t, text, "nobody")
	require.Contains(t, log.String(), "nobody should see this")
	require.Contains(t, log.String(), read[problem.Problem](t, text).TraceID)

	for _, path := range []string{"/amid", "/abort"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		require.NoError(t, err)
		w, err := http.DefaultClient.Do(r)
		if err == nil {
			_, err = io.ReadAll(w.Body)
			require.NoError(t, w.Body.Close())
		}
		require.Error(t, err, path)
	}
	w, _ = b.do(t, http.MethodGet, "/before", "")
	require.Equal(t, http.StatusInternalServerError, w.StatusCode, "the server goes on")
}
