package v1

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// withCredentials is a callback that carries credentials wherever one may, each of them hunter and a number; the signing
// secret and the TLS key are those of TestTaskRoundTrip, which nobody sees.
func withCredentials() core.Callback {
	return core.Callback{
		Method: "POST", URL: "https://ann:hunter1@example.org:8443/hook?x={{parent.result}}",
		Headers: []core.Header{
			{Name: "Authorization", Value: "Bearer hunter2", Remark: "of the shop"}, {Name: "X-Api-Key", Value: "hunter3"},
			{Name: "x-api-key", Value: "hunter4"}, {Name: "X-Empty"},
		},
		Body: "shown to all",
	}
}

// carrying are services in which everything there is carries credentials.
func carrying() *fakes {
	callback := withCredentials()
	return &fakes{
		tasks:   []*core.Task{{ID: "x", State: core.TaskStopped, Definition: core.Definition{Callback: &callback}}},
		delayed: []*core.DelayedTask{{ID: "x", DelayedDefinition: core.DelayedDefinition{Callback: withCredentials()}}},
		runs: []*core.Run{{
			ID: "x", State: core.RunFailed, Result: core.Result{Request: "POST https://hunter5@example.org/hook", Status: 500},
		}},
		values: map[string]string{},
	}
}

// Whatever a route answers, whoever may not write callbacks sees none of the credentials, and whoever may sees all.
func TestCredentialsAreShownToThoseWhoMayWriteThem(t *testing.T) {
	t.Parallel()
	for _, rt := range new(fakes).api().routes() {
		for _, role := range []core.Role{core.RoleAdmin, core.RoleDeveloper, core.RoleOperator, core.RoleViewer} {
			f := carrying()
			w := f.do(t, call{method: rt.method, path: strings.NewReplacer(":id", "x", ":version", "1").Replace(rt.path), role: role})
			name := rt.method + " " + rt.path + " as " + string(role)
			if role == core.RoleOperator || role == core.RoleViewer {
				require.NotContains(t, w.Body.String(), "hunter", name)
				continue
			}
			if rt.method == http.MethodGet && strings.Contains(rt.path, "task") && !strings.HasSuffix(rt.path, "/runs") && !strings.HasSuffix(rt.path, "/versions") {
				for _, secret := range []string{"hunter1", "hunter2", "hunter3", "hunter4"} {
					require.Contains(t, w.Body.String(), secret, name)
				}
			}
		}
	}
}

func TestMaskKeepsNames(t *testing.T) {
	t.Parallel()
	f := carrying()
	viewer := func(path string) string { return f.do(t, call{path: path, role: core.RoleViewer}).Body.String() }
	var task Task
	require.NoError(t, json.Unmarshal([]byte(viewer("/tasks/x")), &task))
	require.Equal(t, "https://***@example.org:8443/hook?x={{parent.result}}", task.Callback.URL)
	require.Equal(t, []Header{
		{"Authorization", "***", "of the shop"}, {"X-Api-Key", "***", ""}, {"x-api-key", "***", ""}, {"X-Empty", "", ""},
	}, task.Callback.Headers)
	require.Equal(t, "shown to all", task.Callback.Body)
	var run Run
	require.NoError(t, json.Unmarshal([]byte(viewer("/runs/x")), &run))
	require.Equal(t, "POST https://***@example.org/hook", run.Request)
	require.Equal(t, withCredentials(), *f.tasks[0].Callback, "only the answer is masked")
}

// Somebody may put back what a viewer was shown, with a change.
func TestMaskIsNeverWritten(t *testing.T) {
	t.Parallel()
	f := carrying()
	var shown Task
	require.NoError(t, json.Unmarshal(f.do(t, call{path: "/tasks/x", role: core.RoleViewer}).Body.Bytes(), &shown))
	put := func(change func(c *Callback)) call {
		given := shown
		callback := *shown.Callback
		callback.Headers = append([]Header(nil), shown.Callback.Headers...)
		given.Callback = &callback
		change(&callback)
		data, err := json.Marshal(given)
		require.NoError(t, err)
		return call{method: http.MethodPut, path: "/tasks/x", role: core.RoleDeveloper, body: string(data)}
	}
	// What is given back keeps what is stored, in another order too.
	w := f.do(t, put(func(c *Callback) {
		c.Headers[0], c.Headers[1] = c.Headers[1], c.Headers[0]
		c.Headers[2].Value = "new"
		c.Body = "changed"
	}))
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	want := withCredentials()
	want.Headers[0], want.Headers[1] = want.Headers[1], want.Headers[0]
	want.Headers[2].Value = "new"
	want.Body = "changed"
	require.Equal(t, want, *f.tasks[0].Callback)

	// What stands for nothing is refused.
	for _, c := range []struct {
		field  string
		change func(c *Callback)
	}{
		{"callback.headers", func(c *Callback) { c.Headers = append(c.Headers, Header{Name: "Cookie", Value: Kept}) }},
		{"callback.url", func(c *Callback) { // last, for it takes the stored one away
			c.URL = strings.Replace(c.URL, "https", "http", 1)
			f.tasks[0].Callback.URL = "http://example.org/"
		}},
	} {
		p := f.refused(t, http.StatusUnprocessableEntity, put(c.change))
		require.Equal(t, c.field, p.Field)
		require.Contains(t, p.Detail, "stands for a secret that is kept, and there is none")
	}
	created := call{method: http.MethodPost, path: "/delayed-tasks", role: core.RoleOperator, body: `{"sourceApp":"a","topic":"b","contentKey":"c",
		"delay":"1s","callback":{"url":"http://example.org/","headers":[{"name":"Authorization","value":"***"}]}}`}
	require.Equal(t, "callback.headers", f.refused(t, http.StatusUnprocessableEntity, created).Field)
}
