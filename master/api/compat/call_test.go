package compat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
)

const english = "en-GB,en;q=0.9"

func TestFoldPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/api/Task/Create":      "/api/task/create",
		"/API/DELAYTASK/CREATE": "/api/delaytask/create",
		"/api/task/create":      "/api/task/create",
		"/Api/Task":             "/api/task",
		"/api/Tasks/X":          "/api/Tasks/X",
		"/api/v1/Tasks/AbC":     "/api/v1/Tasks/AbC",
		"/Login":                "/Login",
		"":                      "",
	} {
		require.Equal(t, want, compat.FoldPath(path), path)
	}
}

func TestFoldCaseLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	var seen []string
	h := compat.FoldCase(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.String())
	}))
	for _, path := range []string{"/api/Task/QueryList?Name=AbC", "/ui/Tasks"} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, path, r.URL.String())
	}
	require.Equal(t, []string{"/api/task/querylist?Name=AbC", "/ui/Tasks"}, seen)
}

func TestPathsMatchInAnyCase(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/task/start", "/api/Task/Start", "/API/TASK/START", "/api/task/Start/"} {
		h := setup(t)
		require.True(t, h.post(t, path, "id="+taskID).Success, path)
		require.Equal(t, []string{"start " + taskID + " by admin"}, h.tasks.did)
	}
}

func TestWhoCallsMustBeKnown(t *testing.T) {
	t.Parallel()
	for name, headers := range map[string]map[string]string{
		"no headers":   {},
		"no secret":    {"ms_auth_user": "admin"},
		"wrong secret": {"ms_auth_user": "admin", "ms_auth_secret": strings.Repeat("0", 32)},
		"unknown user": {"ms_auth_user": "nobody", "ms_auth_secret": adminSecret},
	} {
		for _, path := range []string{"/api/task/create", "/api/task/nothing", "/api/DelayTask/Create"} {
			h := setup(t)
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("id="+taskID))
			for k, v := range headers {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, `{"Success":false,"Status":2,"Message":"用户名、密码或秘钥错误","Data":null}`, w.Body.String(), name)
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.Empty(t, h.tasks.did)
		}
	}
}

func TestAuthHeadersComeInAnyCase(t *testing.T) {
	t.Parallel()
	for _, names := range [][2]string{{"ms_auth_user", "ms_auth_secret"}, {"MS_AUTH_USER", "MS_AUTH_SECRET"}, {"Ms_Auth_User", "Ms_Auth_Secret"}} {
		h := setup(t)
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		raw := "GET /api/task/querylist HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
			names[0] + ": admin\r\n" + names[1] + ": " + adminSecret + "\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"
		status, body := sendRaw(t, server, raw)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, `{"total":0,"rows":[]}`, body)
		require.Equal(t, "127.0.0.1", h.auth.addr, "the address is the connection's")
	}
}

func TestAFailedCheckIsOurFailure(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.auth.err = errors.New("database is locked")
	require.Equal(t, -2, h.post(t, "/api/task/start", "id="+taskID).Status)
}

func TestIllegalCalls(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, row := range []struct{ method, path, want string }{
		{"GET", "/api/task/create", "/api/task/create is called by POST, not by GET"},
		{"PUT", "/api/task/edit", "/api/task/edit is called by POST, not by PUT"},
		{"POST", "/api/task/querylist", "/api/task/querylist is called by GET, not by POST"},
		{"DELETE", "/api/delaytask/create", "/api/delaytask/create is called by POST, not by DELETE"},
		{"GET", "/api/DelayTask/Create", "/api/delaytask/create is called by POST, not by GET"},
		{"POST", "/api/task/Explode", "there is no action /api/task/explode"},
		{"POST", "/api/task/", "there is no action /api/task/"},
	} {
		a := read(t, h.send(t, row.method, row.path, "", "", english), http.StatusOK)
		require.Equal(t, -1, a.Status, row.path)
		require.Equal(t, row.want, a.Message)
	}
	require.Equal(t, "接口 /api/task/create 须用 POST 方式调用，而不是 GET",
		read(t, h.get(t, "/api/task/create"), http.StatusOK).Message)
}

// Each class of error has its Status; the fields of the envelope stand in ScheduleMaster's order and case.
func TestStatusOfErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		err  error
		want string
	}{
		{core.Malformed("title", "is not valid UTF-8"), `{"Success":false,"Status":3,"Message":"Title: is not valid UTF-8","Data":null}`},
		{core.Broken("schedule.end", "has passed"), `{"Success":false,"Status":5,"Message":"EndDate: has passed","Data":null}`},
		{core.NotFound("there is no task %s", "x"), `{"Success":false,"Status":4,"Message":"there is no task x","Data":null}`},
		{core.Conflict("the task is %s: only a stopped task can be started", core.TaskPaused),
			`{"Success":false,"Status":0,"Message":"the task is paused: only a stopped task can be started","Data":null}`},
		{&core.Error{Code: core.CodeNotFound, Field: "children[1]", Format: "there is no task %s", Args: []any{"x"}},
			`{"Success":false,"Status":5,"Message":"Nexts[1]: there is no task x","Data":null}`},
		{&core.Error{Code: core.CodeForbidden, Format: "not \"yours\""}, `{"Success":false,"Status":-1,"Message":"not \"yours\"","Data":null}`},
	} {
		h := setup(t)
		h.tasks.err = row.err
		w := h.send(t, http.MethodPost, "/api/task/start", "id="+taskID, "application/x-www-form-urlencoded", english)
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, row.want, w.Body.String())
	}
}

// What fails on our side is told in the log, not to the caller.
func TestFailuresAreHidden(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("disk full at /var/lib"), core.Unavailable("this master is stopping"), context.DeadlineExceeded} {
		h := setup(t)
		h.tasks.err = err
		a := h.post(t, "/api/task/stop", "id="+taskID, english)
		require.Equal(t, -2, a.Status)
		id, found := strings.CutPrefix(a.Message, "the service failed; its log says why under ")
		require.True(t, found)
		require.Contains(t, h.log.String(), "error_id="+id)
		require.Contains(t, h.log.String(), err.Error())
		require.NotContains(t, a.Message, "disk")
	}
	h := setup(t)
	h.delayed.err = errors.New("disk full")
	require.Regexp(t, "^服务异常，原因见服务日志，编号 [A-Z2-7]{10}$", h.post(t, "/api/delaytask/create", delayedCall).Message)
}

func TestAPanicIsAFailure(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.settings.panics = true
	require.Equal(t, -2, h.post(t, "/api/delaytask/create", delayedCall).Status)
	require.Contains(t, h.log.String(), "panic: out of luck")
	require.Contains(t, h.log.String(), "delayed.go")
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	h := setup(t)
	require.Equal(t, "任务启动成功!", h.post(t, "/api/task/start", "id="+taskID).Message)
	require.Equal(t, "任务启动成功!", h.post(t, "/api/task/start", "id="+taskID, "zh-CN,zh;q=0.9,en;q=0.8").Message)
	require.Equal(t, "the task was started", h.post(t, "/api/task/start", "id="+taskID, english).Message)
	require.Equal(t, "id：不能为空", h.post(t, "/api/task/start", "").Message)
}

func TestBodiesOverTheLimit(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"announced": 1<<20 + 1, "chunked": -1} {
		h := setup(t)
		r := httptest.NewRequest(http.MethodPost, "/api/task/create", io.LimitReader(endless{}, 1<<20+1))
		r.ContentLength = size
		r.Header.Set("ms_auth_user", "admin")
		r.Header.Set("ms_auth_secret", adminSecret)
		r.Header.Set("Accept-Language", "en")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Equal(t, `{"Success":false,"Status":3,"Message":"the body has more than 1048576 bytes","Data":null}`, w.Body.String(), name)
		rest, _ := io.ReadAll(r.Body)
		require.Empty(t, rest, "read on, so that the client comes to reading the answer")
	}
	h := setup(t)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/task/start", struct{ io.Reader }{strings.NewReader("id=" + taskID)})
	r.Header.Set("ms_auth_user", "admin")
	r.Header.Set("ms_auth_secret", adminSecret)
	http.MaxBytesHandler(h, 10).ServeHTTP(w, r)
	require.Equal(t, "请求体超过 1048576 字节", read(t, w, http.StatusOK).Message)

	body := "id=" + taskID + "&x="
	body += strings.Repeat("a", 1<<20-len(body))
	require.True(t, h.post(t, "/api/task/start", body).Success, "at the limit")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestABodyThatBreaksOff(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := httptest.NewRequest(http.MethodPost, "/api/task/start", io.MultiReader(strings.NewReader("id="), broken{}))
	r.Header.Set("ms_auth_user", "admin")
	r.Header.Set("ms_auth_secret", adminSecret)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, 3, read(t, w, http.StatusOK).Status)
	require.Empty(t, h.tasks.did)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
