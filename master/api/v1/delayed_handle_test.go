package v1

import (
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

// delayedBody gives a body with some more fields.
func delayedBody(more string) string {
	return `{"sourceApp":"shop","topic":"unpaid","contentKey":"1","callback":{"url":"http://x"},` + more + `}`
}

func TestCreateDelayed(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	w := f.do(t, call{method: http.MethodPost, path: "/delayed-tasks", body: delayedBody(`"delay":"30s"`), role: core.RoleOperator})
	require.Equal(t, http.StatusCreated, w.Code, "%s", w.Body)
	require.Equal(t, "/api/v1/delayed-tasks/d0", w.Header().Get("Location"))
	require.JSONEq(t, `{"id":"d0","due":"2026-01-02T15:04:35.678901Z"}`, w.Body.String())
	require.Equal(t, core.RetryPolicy{}, f.delayed[0].Retry, "left to the settings")
	require.Equal(t, core.SuccessRule{}, f.delayed[0].Callback.Success, "left to the settings")

	got := get[DelayedCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/delayed-tasks",
		body: delayedBody(`"due":"2026-03-04T05:06:07.5+08:00","retry":{"count":0}`)})
	require.Equal(t, Instant("2026-03-03T21:06:07.5Z"), got.Due)
	require.Equal(t, core.RetryPolicy{Backoff: core.BackoffFixed}, f.delayed[1].Retry, "no retries, whatever the settings say")

	get[DelayedCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/delayed-tasks",
		body: strings.Replace(delayedBody(`"delay":"0s"`), `"url"`, `"success":{},"url"`, 1)})
	require.Equal(t, now(), f.delayed[2].Due)
	require.Equal(t, "200-299", f.delayed[2].Callback.Success.Statuses)
}

func TestDelayedThatAreRefused(t *testing.T) {
	t.Parallel()
	for more, field := range map[string]string{
		`"delay":""`: "due",
		`"delay":"1s","due":"2026-01-02T15:04:05Z"`: "due",
		`"delay":"-1s"`:                               "delay",
		`"delay":"soon"`:                              "delay",
		`"delay":30`:                                  "delay",
		`"due":"2026-01-02"`:                          "due",
		`"delay":"1s","retry":{"delay":"x"}`:          "retry.delay",
		`"delay":"1s","resetts":1`:                    "resetts",
		`"delay":"1s","Items":[]`:                     "",
		`"delay":"1s","items":[{"sourceApp":"x"}]`:    "sourceApp",
		`"delay":"1s","callback":{"secret":"***"}`:    "callback",
		`"delay":"1s","executors":[1]`:                "executors",
		`"delay":"1s","idempotencyKey":{}`:            "idempotencyKey",
		`"delay":"1s","callbackk":{"url":"http://y"}`: "callbackk",
		`"delay":"9999999h"`:                          "delay",
		`"delay":"1s","contentkey":"other case"`:      "contentkey",
	} {
		f := &fakes{}
		p := problemOf(t, f, delayedBody(more))
		if field != "" {
			require.Equal(t, field, p, more)
		}
		require.Empty(t, f.calls)
	}
}

// problemOf creates a delayed task that is refused, and gives the field.
func problemOf(t *testing.T, f *fakes, body string) string {
	t.Helper()
	w := f.do(t, call{method: http.MethodPost, path: "/delayed-tasks", body: body})
	require.Contains(t, []int{400, 422}, w.Code, "%s: %s", body, w.Body)
	return f.refused(t, w.Code, call{method: http.MethodPost, path: "/delayed-tasks", body: body}).Field
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ header, field, want string }{{"", "", ""}, {"h", "", "h"}, {"", "f", "f"}, {"same", "same", "same"}} {
		f := &fakes{}
		get[DelayedCreated](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/delayed-tasks",
			body: delayedBody(fmt.Sprintf(`"delay":"1s","idempotencyKey":%q`, c.field)), header: map[string]string{"Idempotency-Key": c.header}})
		require.Equal(t, c.want, f.delayed[0].IdempotencyKey)
	}
	f := &fakes{}
	p := f.refused(t, http.StatusUnprocessableEntity, call{method: http.MethodPost, path: "/delayed-tasks",
		body: delayedBody(`"delay":"1s","idempotencyKey":"a"`), header: map[string]string{"Idempotency-Key": "b"}})
	require.Equal(t, "idempotencyKey", p.Field)
}

func TestCreateBatch(t *testing.T) {
	t.Parallel()
	f := &fakes{}
	got := get[Page[DelayedCreated]](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/delayed-tasks",
		body:   `{"items":[` + delayedBody(`"delay":"1s"`) + `,` + delayedBody(`"delay":"2s","idempotencyKey":"own"`) + `,` + delayedBody(`"delay":"3s"`) + `]}`,
		header: map[string]string{"Idempotency-Key": "k"}})
	require.Equal(t, []string{"create 3"}, f.calls)
	require.Len(t, got.Items, 3)
	require.Equal(t, "d1", got.Items[1].ID)
	require.Equal(t, instantOf(now().Add(2*time.Second)), got.Items[1].Due)
	require.Equal(t, []string{"k/0", "own", "k/2"}, []string{f.delayed[0].IdempotencyKey, f.delayed[1].IdempotencyKey, f.delayed[2].IdempotencyKey})

	small := func(n int) string {
		return `{"items":[` + strings.TrimSuffix(strings.Repeat(delayedBody(`"delay":"1s"`)+",", n), ",") + `]}`
	}
	get[Page[DelayedCreated]](t, f, http.StatusCreated, call{method: http.MethodPost, path: "/delayed-tasks", body: small(1000)})
	for body, field := range map[string]string{
		small(1001):     "items",
		`{"items":[]}`:  "items",
		`{"items":{}}`:  "items",
		`{"items":"x"}`: "items",
		`{"items":[` + delayedBody(`"delay":"1s"`) + `,` + delayedBody(`"delay":"x"`) + `]}`:                    "items[1].delay",
		`{"items":[` + delayedBody(`"delay":"1s"`) + `,` + delayedBody(`"delay":"1s","callback":{"ur":1}`):      "",
		`{"items":[` + delayedBody(`"delay":"1s"`) + `,` + delayedBody(`"delay":"1s","retry":{"cnt":1}`) + `]}`: "items[1].retry.cnt",
	} {
		require.Equal(t, field, problemOf(t, f, body))
	}
}

func TestMoveDelayed(t *testing.T) {
	t.Parallel()
	f := &fakes{delayed: []*core.DelayedTask{{ID: "d0", State: core.DelayedReady}}}
	for _, action := range []string{"reset", "execute", "void"} {
		got := get[DelayedTask](t, f, http.StatusOK, call{method: http.MethodPost, path: "/delayed-tasks/d0/" + action})
		require.Equal(t, "ready", got.State)
	}
	require.Equal(t, []string{"reset d0", "execute d0", "void d0"}, f.calls)
	f.refused(t, http.StatusNotFound, call{path: "/delayed-tasks/d9"})
}

func TestListDelayed(t *testing.T) {
	t.Parallel()
	f := &fakes{delayed: []*core.DelayedTask{{ID: "d2"}, {ID: "d1"}, {ID: "d0"}}}
	p := get[Page[DelayedTask]](t, f, http.StatusOK, call{path: "/delayed-tasks?limit=2&sourceApp=a&topic=b&contentKey=c&state=failed"})
	require.Equal(t, store.DelayedFilter{SourceApp: "a", Topic: "b", ContentKey: "c", State: core.DelayedFailed, Limit: 3}, f.delayedFilter)
	require.Len(t, p.Items, 2)
	p = get[Page[DelayedTask]](t, f, http.StatusOK, call{path: "/delayed-tasks?cursor=" + p.Next})
	require.Equal(t, "d0", p.Items[0].ID)
	require.Empty(t, p.Next)
}

func TestPostponeDelayed(t *testing.T) {
	t.Parallel()
	f := &fakes{delayed: []*core.DelayedTask{{ID: "d0"}}}
	post := func(body string) call {
		return call{method: http.MethodPost, path: "/delayed-tasks/d0/postpone", body: body}
	}
	get[DelayedTask](t, f, http.StatusOK, post(`{"due":"2026-02-03T04:05:06+01:00"}`))
	get[DelayedTask](t, f, http.StatusOK, post(`{"delay":"1h"}`))
	require.Equal(t, []string{"postpone d0 2026-02-03T03:05:06Z", "postpone d0 2026-01-02T16:04:05Z"}, f.calls)
	for body, field := range map[string]string{
		`{}`: "due", `{"due":"2026-02-03T04:05:06Z","delay":"1h"}`: "due", `{"delay":"-1h"}`: "delay", `{"delay":"0s"}`: "delay", `{"delay":"soon"}`: "delay",
		`{"due":"soon"}`: "due", `{"at":"x"}`: "at",
	} {
		w := f.do(t, post(body))
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, w.Code, body)
		require.Contains(t, w.Body.String(), `"field":"`+field+`"`, body)
	}
}

func TestBulkOfDelayedTasks(t *testing.T) {
	t.Parallel()
	f := new(fakes)
	bulk := func(body string) call { return call{method: http.MethodPost, path: "/delayed-tasks/bulk", body: body} }
	done := get[DelayedBulkDone](t, f, http.StatusOK, bulk(`{"action":"void","ids":["d1","d9"]}`))
	require.Equal(t, DelayedBulkDone{Done: 1, Refused: []DelayedRefusal{{"d9", "not now"}}}, done)
	require.Equal(t, manage.DelayedBulk{Action: manage.DelayedVoid, IDs: []string{"d1", "d9"}}, f.delayedBulk)
	get[DelayedBulkDone](t, f, http.StatusOK, bulk(`{"action":"postpone","ids":["d1"],"delay":"30m"}`))
	require.True(t, f.delayedBulk.Due.Equal(now().Add(30*time.Minute)))
	require.Contains(t, f.do(t, bulk(`{"action":"postpone","ids":["d1"]}`)).Body.String(), `"field":"due"`)
	require.Contains(t, f.do(t, bulk(`{"action":"void","ids":["d1"],"delay":"1s"}`)).Body.String(), `"field":"due"`)
}
