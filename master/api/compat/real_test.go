package compat_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/master/api/compat"
	"github.com/carillonhq/carillon/master/auth"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// The life of a task and of a delayed task through the form API, with the real services on a database of their own.
func TestWithTheRealServices(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	services, err := manage.New(manage.Options{Store: db, Logger: quiet, Zone: shanghai, Route: testdb.AnyWorker,
		Wake: func(time.Time) {}, Cancel: func() {}})
	require.NoError(t, err)
	users, err := auth.New(auth.Options{Store: db, Logger: quiet, Cost: auth.Cost{Passes: 1, MemoryKiB: 8}, RefuseAfter: time.Microsecond})
	require.NoError(t, err)
	_, err = users.EnsureAdmin(t.Context(), "opensesame")
	require.NoError(t, err)
	engine := gin.New()
	compat.Register(engine, compat.Deps{Tasks: services.Tasks, Delayed: services.Delayed, Settings: services.Settings, Auth: users,
		Logger: quiet, Zone: shanghai, Now: db.Now})
	h := compat.FoldCase(engine)

	call := func(method, path, fields, secret string) (*httptest.ResponseRecorder, answer) {
		r := httptest.NewRequest(method, path, strings.NewReader(fields))
		r.Header.Set("ms_auth_user", "admin")
		r.Header.Set("ms_auth_secret", secret)
		r.Header.Set("Accept-Language", english)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var a answer
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a))
		return w, a
	}
	secret := core.APISecret("admin", "opensesame")
	post := func(path, fields string) answer {
		_, a := call(http.MethodPost, path, fields, secret)
		return a
	}
	w, a := call(http.MethodPost, "/api/task/create", httpTask(), adminSecret)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, 2, a.Status)

	a = post("/api/task/create", httpTask("RunNow", "true", "Keepers", "1", "keepers", "77", "EndDate", "2199-01-01"))
	require.Equal(t, "the task was created and started (no user has these keeper ids: 77)", a.Message)
	var id string
	require.NoError(t, json.Unmarshal(a.Data, &id))
	ofTask := encode("Id", id)

	for _, step := range []struct {
		path, fields string
		status       int
		message      string
	}{
		{"/api/task/create", httpTask("CronExpression", "0 0 2 * *"), 3, "CronExpression: expression is"},
		{"/api/task/create", httpTask("CronExpression", ""), 5, "CronExpression: is required"},
		{"/api/task/create", httpTask("CronExpression", "0 0 2 1 1 ? 2020"), 5, "CronExpression: names no instant"},
		{"/api/task/create", httpTask("Title", ""), 5, "Title: is required"},
		{"/api/task/create", httpTask("EndDate", "2026-01-01"), 5, "EndDate: lies before the start"},
		{"/api/task/create", httpTask("Nexts", taskID), 5, "Nexts: there is no task"},
		{"/api/task/create", httpTask("Executors", "nobody"), 5, "Executors: there is no worker"},
		{"/api/task/create", httpTask("HttpMethod", "BREW"), 5, "HttpMethod: must be GET"},
		{"/api/task/create", httpTask("HttpRequestUrl", ""), 5, "HttpRequestUrl: is required"},
		{"/api/task/create", httpTask("HttpHeaders", `[{"ParamKey":"a b","ParamValue":"c"}]`), 3, "HttpHeaders: \"a b\" is not a header name"},
		{"/api/task/create", httpTask("MetaType", "1", "AssemblyName", "a"), 5, "ClassName: is required"},
		{"/api/task/edit", httpTask("Id", id), 0, "the task is running: only a stopped task can be edited"},
		{"/api/task/start", ofTask, 0, "the task is running: only a stopped task can be started"},
		{"/api/task/resume", ofTask, 0, "the task is running: only a paused task can be resumed"},
		{"/api/task/runonce", ofTask, 1, "the task is being run once"},
		{"/api/task/pause", ofTask, 1, "the task was paused"},
		{"/api/task/runonce", ofTask, 0, "the task is paused: only a running task can be run once"},
		{"/api/task/resume", ofTask, 1, "the task was resumed"},
		{"/api/task/stop", ofTask, 1, "the task was stopped"},
		{"/api/task/stop", ofTask, 0, "the task is stopped: only a running or paused task can be stopped"},
		{"/api/task/edit", httpTask("Id", id, "Title", "edited", "Nexts", id), 5, "Nexts: "},
		{"/api/task/edit", httpTask("Id", id, "Title", "edited"), 1, "the task was edited"},
		{"/api/task/start", ofTask, 1, "the task was started"},
		{"/api/task/start", encode("id", taskID), 4, "there is no task " + taskID},
		{"/api/delaytask/create", delayed("DelayTimeSpan", "3600"), 1, "the delayed task was created"},
		{"/api/delaytask/create", delayed("Topic", ""), 5, "Topic: is required"},
	} {
		a := post(step.path, step.fields)
		require.Equal(t, step.status, a.Status, a.Message)
		require.True(t, strings.HasPrefix(a.Message, step.message), a.Message)
	}
	_, a = call(http.MethodGet, "/api/task/querytaskdetail?id="+id, "", secret)
	require.Contains(t, string(a.Data), `"Title":"edited"`)
	require.Contains(t, string(a.Data), `"CreateUserName":"admin"`)
	require.Regexp(t, `"NextRunTime":"\d{4}-\d\d-\d\d 02:00:00"`, string(a.Data))
	w, _ = call(http.MethodGet, "/api/task/querylist?name=EDIT&pageSize=10", "", secret)
	require.Contains(t, w.Body.String(), `{"total":1,"rows":[{"Id":"`+id+`"`)
}
