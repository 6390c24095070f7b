package v1

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

const everyMinute = `{
	"kind": "http", "title": "ping", "schedule": {"kind": "cron", "cron": "0 * * * * ?", "zone": "Asia/Shanghai"},
	"callback": {"method": "POST", "url": "https://example.org", "timeout": "1m30s", "redirects": 0, "secret": "whsec_abc", "tls": {"key": "PEM"}},
	"retry": {"count": 3, "backoff": "exponential", "delay": "10s"}, "keepers": [7], "atMostOnce": true
}`

func TestCreateTask(t *testing.T) {
	t.Parallel()
	f := &fakes{unknown: []int64{7}}
	w := f.do(t, call{method: http.MethodPost, path: "/tasks", body: everyMinute, role: core.RoleDeveloper})
	require.Equal(t, http.StatusCreated, w.Code, "%s", w.Body)
	require.Equal(t, "/api/v1/tasks/t0", w.Header().Get("Location"))
	require.Equal(t, []string{"create false"}, f.calls)
	require.Equal(t, []string{"developer"}, f.actors)

	stored := f.tasks[0]
	require.Equal(t, 90*time.Second, stored.Callback.Timeout)
	require.Equal(t, -1, stored.Callback.Redirects)
	require.Equal(t, "whsec_abc", stored.Callback.Secret)
	require.Equal(t, core.RetryPolicy{Count: 3, Backoff: core.BackoffExponential, Delay: 10 * time.Second}, stored.Retry)

	var got Task
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Equal(t, "stopped", got.State)
	require.Equal(t, Instant("2026-01-02T15:04:05.678901Z"), got.CreatedAt)
	require.Equal(t, "***", got.Callback.Secret)
	require.Equal(t, []string{"keepers: there is no user 7; the id is kept"}, got.Warnings)
	require.NotContains(t, w.Body.String(), "whsec_abc")
	require.NotContains(t, w.Body.String(), "PEM")
}

func TestCreateAndStart(t *testing.T) {
	t.Parallel()
	f := &fakes{start: &manage.StartError{Err: core.Broken("schedule.end", "has passed")}}
	got := get[Task](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/tasks?start=true", body: everyMinute})
	require.Equal(t, []string{"create true"}, f.calls)
	require.Equal(t, []string{"the task was created but not started: schedule.end: has passed"}, got.Warnings)
	p := f.refused(t, http.StatusBadRequest, call{method: http.MethodPost, path: "/tasks?start=yes", body: everyMinute})
	require.Equal(t, "start", p.Field)
}

// What GET gave can be put back, and keeps the secrets.
func TestEditTask(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	get[Task](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/tasks", body: everyMinute})
	w := f.do(t, call{path: "/tasks/t0"})
	put := func(body string) Task {
		return get[Task](t, f, http.StatusOK, call{method: http.MethodPut, path: "/tasks/t0", body: body})
	}
	got := put(w.Body.String())
	require.Equal(t, int64(2), got.Version)
	require.Equal(t, "whsec_abc", f.tasks[0].Callback.Secret)
	require.Equal(t, "PEM", f.tasks[0].Callback.TLS.Key)
	require.Zero(t, f.tasks[0].CreatedAt, "read-only fields do not come in")

	put(`{"id":"t0","kind":"http","title":"other","schedule":{"kind":"once"},"callback":{"method":"GET","url":"http://x","secret":"new"}}`)
	require.Equal(t, "new", f.tasks[0].Callback.Secret)
	put(`{"kind":"http","title":"other","schedule":{"kind":"once"},"callback":{"method":"GET","url":"http://x"}}`)
	require.Empty(t, f.tasks[0].Callback.Secret, "a PUT replaces the whole")

	p := f.refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPut, path: "/tasks/t0", body: `{"callback":{"secret":"***"}}`})
	require.Equal(t, "callback.secret", p.Field)
	p = f.refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPut, path: "/tasks/t0", body: `{"id":"t1"}`})
	require.Equal(t, "id", p.Field)
	f.refused(t, http.StatusNotFound, call{method: http.MethodPut, path: "/tasks/t9", body: everyMinute})
}

func TestMoveTask(t *testing.T) {
	t.Parallel()
	f := &fakes{tasks: []*core.Task{{ID: "t0"}}}
	for _, c := range []struct{ action, state string }{{"start", "running"}, {"pause", "paused"}, {"resume", "running"}, {"stop", "stopped"}} {
		got := get[Task](t, f, http.StatusOK, call{method: http.MethodPost, path: "/tasks/t0/" + c.action, role: core.RoleOperator})
		require.Equal(t, c.state, got.State)
		require.Len(t, got.Upcoming, map[bool]int{true: 5}[c.state == "running"])
	}
	get[struct{}](t, f, http.StatusNoContent, call{method: http.MethodDelete, path: "/tasks/t0"})
	require.Equal(t, []string{"start t0", "pause t0", "resume t0", "stop t0", "delete t0"}, f.calls)

	w := f.do(t, call{method: http.MethodPost, path: "/tasks/t0/run"})
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Equal(t, "/api/v1/runs/r0", w.Header().Get("Location"))
}

func TestListTasks(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	for n := range 125 {
		f.tasks = append(f.tasks, &core.Task{ID: fmt.Sprintf("t%03d", n), State: core.TaskRunning})
	}
	const narrowed = "/tasks?limit=50&title=a%20b&state=running&kind=http&search=x&label=billing&worker=w1&keeper=7&outcome=failed"
	path, seen := narrowed, []string{}
	for pages := 1; ; pages++ {
		p := get[Page[Task]](t, f, http.StatusOK, call{path: path})
		require.Equal(t, store.TaskFilter{
			Title: "a b", Search: "x", State: core.TaskRunning, Kind: core.KindHTTP, Label: "billing", Worker: "w1", Keeper: 7, Outcome: core.RunFailed,
			Order: store.TasksByCreated, Desc: true, Behind: f.taskFilter.Behind, Limit: 50,
		}, f.taskFilter)
		for _, k := range p.Items {
			seen = append(seen, k.ID)
			require.Len(t, k.Upcoming, 1)
		}
		if p.Next == "" {
			require.Equal(t, 3, pages)
			break
		}
		path = narrowed + "&cursor=" + p.Next
	}
	require.Len(t, seen, 125)
	require.Len(t, get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks"}).Items, 50)
	require.Len(t, get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks?limit=125"}).Items, 125)
	require.Empty(t, get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks?limit=125"}).Next)
	require.JSONEq(t, `{"items":[]}`, new(fakes).do(t, call{path: "/tasks"}).Body.String())
}

// A list goes on in the order that it began in, from where the page ended: what that was listed by is in the cursor.
func TestSortTasks(t *testing.T) {
	t.Parallel()
	f := &fakes{tasks: []*core.Task{{ID: "t0", Title: "编号 \"1\""}, {ID: "t1"}, {ID: "t2"}}}
	for _, order := range store.TaskOrders() {
		for sort, desc := range map[string]bool{string(order): false, "-" + string(order): true} {
			p := get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks?limit=1&sort=" + sort})
			require.Equal(t, store.TaskFilter{Order: order, Desc: desc, Limit: 1}, f.taskFilter)
			get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks?limit=1&sort=" + sort + "&cursor=" + p.Next})
			require.Equal(t, &store.TaskPlace{ID: "t0", Text: "编号 \"1\"", Number: 7}, f.taskFilter.Behind)
			refused := f.refused(t, http.StatusBadRequest, call{path: "/tasks?sort=state&cursor=" + get[Page[Task]](t, f, http.StatusOK, call{path: "/tasks?limit=1"}).Next})
			require.Equal(t, "cursor", refused.Field, "the cursor of another order")
		}
	}
	require.Equal(t, "sort", f.refused(t, http.StatusBadRequest, call{path: "/tasks?sort=remark"}).Field)
	nul := base64.RawURLEncoding.EncodeToString([]byte(`{"sort":"title","text":"\u0000"}`))
	for _, cursor := range []string{"x", "dDE", nul, strings.Repeat("a", maxTaskCursor+4)} {
		require.Equal(t, "cursor", f.refused(t, http.StatusBadRequest, call{path: "/tasks?sort=title&cursor=" + cursor}).Field, cursor)
	}
}

func TestBulkOfTasks(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	bulk := func(body string) call { return call{method: http.MethodPost, path: "/tasks/bulk", body: body} }
	done := get[TaskBulkDone](t, f, http.StatusOK, bulk(`{"action":"label","ids":["t1","t2","t9"],"add":["a"],"remove":["b"]}`))
	require.Equal(t, TaskBulkDone{Done: 2, Refused: []TaskRefusal{{"t9", "nine", "not now"}}}, done)
	require.Equal(t, manage.TaskBulk{Action: manage.ActLabel, IDs: []string{"t1", "t2", "t9"}, Add: []string{"a"}, Remove: []string{"b"}}, f.taskBulk)

	get[TaskBulkDone](t, f, http.StatusOK, bulk(`{"action":"pause","filter":{}}`))
	require.Equal(t, manage.TaskBulk{Action: manage.ActPause}, f.taskBulk)
	done = get[TaskBulkDone](t, f, http.StatusOK, bulk(`{"action":"pause","cursor":"dDE","filter":{"search":"s","title":"t","state":"running","kind":"http","label":"l","worker":"w","keeper":3,"outcome":"failed"}}`))
	require.Equal(t, store.TaskFilter{
		Search: "s", Title: "t", State: core.TaskRunning, Kind: core.KindHTTP, Label: "l", Worker: "w", Keeper: 3, Outcome: core.RunFailed, After: "t1",
	}, f.taskBulk.Filter)
	require.Equal(t, "dDE", done.Next)

	for body, field := range map[string]string{
		`{"action":"pause"}`: "ids", `{"action":"pause","ids":[],"filter":{}}`: "ids", `{"action":"pause","ids":[],"cursor":"dDE"}`: "cursor",
		`{"action":"pause","filter":{},"cursor":"!"}`: "cursor",
	} {
		w := f.do(t, bulk(body))
		require.GreaterOrEqual(t, w.Code, 400, body)
		require.Contains(t, w.Body.String(), `"field":"`+field+`"`, body)
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	t.Parallel()
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=501": "limit", "limit=x": "limit", "limit=1&limit=2": "limit", "cursor=!": "cursor",
		"state=deleted": "state", "kind=": "", "kind=cron": "kind", "Title=x": "Title", "title=%ff": "title", "title=%zz": "",
		"sort=remark": "sort", "state=stopped;kind=http": "",
	} {
		if query == "kind=" {
			require.Equal(t, http.StatusOK, new(fakes).do(t, call{path: "/tasks?" + query}).Code)
			continue
		}
		p := new(fakes).refused(t, http.StatusBadRequest, call{path: "/tasks?" + query})
		require.Equal(t, field, p.Field, query)
	}
	p := new(fakes).refused(t, http.StatusBadRequest, call{path: "/nodes?limit=1"})
	require.Equal(t, "is not a query parameter of this path; none is known here", p.Detail)
}

func TestServiceErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
	}{
		{core.Broken("title", "is required"), 422},
		{core.Conflict("the task is running: only a stopped task can be edited"), 409},
		{new(store.Failure), 503},
		{errors.New("boom"), 500},
	} {
		f := &fakes{start: c.err}
		w := f.do(t, call{method: http.MethodPost, path: "/tasks", body: everyMinute})
		require.Equal(t, c.status, w.Code)
		require.Equal(t, c.status == 503, w.Header().Get("Retry-After") != "")
	}
}
