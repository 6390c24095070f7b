package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// api calls a server as a business system and its administrator do.
type api struct {
	t      *testing.T
	base   string
	client *http.Client
}

func newAPI(t *testing.T, addr string) *api {
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return &api{t: t, base: "http://" + addr, client: &http.Client{Transport: transport, Timeout: soon}}
}

// answer is the envelope of the form API.
type answer struct {
	Success bool
	Status  int
	Message string
	Data    any
}

// form calls the form API with pairs of names and values. The error is the transport's, or that the answer is no envelope.
func (a *api) form(path string, fields ...string) (answer, error) {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	r, err := http.NewRequest(http.MethodPost, a.base+path, strings.NewReader(values.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return a.enveloped(r)
}

// query asks the form API, and gives the object that it answers with.
func (a *api) query(path string) map[string]any {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodGet, a.base+path, nil)
	require.NoError(a.t, err)
	out, err := a.enveloped(r)
	require.NoError(a.t, err)
	require.True(a.t, out.Success, "%s: %+v", path, out)
	return out.Data.(map[string]any)
}

func (a *api) enveloped(r *http.Request) (answer, error) {
	r.Header.Set("Accept-Language", "en")
	r.Header["ms_auth_user"] = []string{"admin"}
	r.Header["ms_auth_secret"] = []string{core.APISecret("admin", password)}
	resp, err := a.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	var out answer
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return answer{}, fmt.Errorf("%s: %w", resp.Status, err)
	}
	return out, nil
}

// mustForm is form where nothing but success will do. It gives Data.
func (a *api) mustForm(path string, fields ...string) string {
	a.t.Helper()
	out, err := a.form(path, fields...)
	require.NoError(a.t, err)
	require.True(a.t, out.Success, "%s: %+v", path, out)
	id, _ := out.Data.(string)
	return id
}

// delay creates a delayed task through the form API and gives its id.
func (a *api) delay(seconds, target string, more ...string) string {
	a.t.Helper()
	return a.mustForm("/api/delaytask/create", append([]string{
		"SourceApp", "shop", "Topic", "order", "ContentKey", "1", "DelayTimeSpan", seconds, "NotifyUrl", target,
		"NotifyDataType", "application/json", "NotifyBody", "{}",
	}, more...)...)
}

// do calls the JSON API, wants this status, and reads the answer into out unless that is nil.
func (a *api) do(status int, method, path string, body, out any) {
	a.t.Helper()
	var text []byte
	if body != nil {
		var err error
		text, err = json.Marshal(body)
		require.NoError(a.t, err)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.base+"/api/v1"+path, bytes.NewReader(text))
	require.NoError(a.t, err)
	r.SetBasicAuth("admin", password)
	r.Header.Set("Content-Type", "application/json")
	resp, err := a.client.Do(r)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	text, err = io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	require.Equal(a.t, status, resp.StatusCode, "%s %s: %s", method, path, text)
	if out != nil {
		require.NoError(a.t, json.Unmarshal(text, out), "%s", text)
	}
}

// object is a JSON object.
type object map[string]any

// httpTask is a task in JSON that posts to a target by a schedule. What more has wins.
func httpTask(target string, schedule, more object) object {
	task := object{"kind": "http", "title": "t", "schedule": schedule, "callback": object{"method": "POST", "url": target}}
	for name, v := range more {
		task[name] = v
	}
	return task
}

// startTask creates a task, started, and gives its id.
func (a *api) startTask(task object) string {
	a.t.Helper()
	var created v1.Task
	a.do(http.StatusCreated, http.MethodPost, "/tasks?start=true", task, &created)
	require.Empty(a.t, created.Warnings)
	require.Equal(a.t, string(core.TaskRunning), created.State)
	return created.ID
}

// delayAt creates delayed tasks in one batch, one due at each instant, and gives their ids.
func (a *api) delayAt(target string, dues []time.Time, more object) []string {
	a.t.Helper()
	items := make([]object, len(dues))
	for i, due := range dues {
		items[i] = object{
			"sourceApp": "shop", "topic": "order", "contentKey": fmt.Sprint(i), "due": due.UTC().Format(time.RFC3339Nano),
			"callback": object{"method": "POST", "url": target, "timeout": "1m"},
		}
		for name, v := range more {
			items[i][name] = v
		}
	}
	var created v1.Page[v1.DelayedCreated]
	a.do(http.StatusCreated, http.MethodPost, "/delayed-tasks", object{"items": items}, &created)
	require.Len(a.t, created.Items, len(dues))
	ids := make([]string, len(dues))
	for i, c := range created.Items {
		ids[i] = c.ID
	}
	return ids
}

// list reads all pages of a list.
func list[T any](a *api, path string) []T {
	a.t.Helper()
	var all []T
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		var page v1.Page[T]
		a.do(http.StatusOK, http.MethodGet, path+separator+"limit=500&cursor="+cursor, nil, &page)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// runsOf lists the runs of a delayed task in the order of their attempts.
func (a *api) runsOf(delayedID string) []v1.Run {
	a.t.Helper()
	return byAttempt(list[v1.Run](a, "/runs?delayedTaskId="+delayedID))
}

// delayedState gives the state of a delayed task.
func (a *api) delayedState(id string) core.DelayedState {
	a.t.Helper()
	var d v1.DelayedTask
	a.do(http.StatusOK, http.MethodGet, "/delayed-tasks/"+id, nil, &d)
	return core.DelayedState(d.State)
}

// awaitDelayed waits until a delayed task is in a state.
func (a *api) awaitDelayed(state core.DelayedState, ids ...string) {
	a.t.Helper()
	for _, id := range ids {
		for began := time.Now(); a.delayedState(id) != state; time.Sleep(20 * time.Millisecond) {
			if time.Since(began) > soon {
				require.FailNow(a.t, "a delayed task does not end", "%s is %s and not %s after %s: %+v", id, a.delayedState(id), state, soon, a.runsOf(id))
			}
		}
	}
}

// nodes gives the nodes by name; a master has its name behind "master/".
func (a *api) nodes() map[string]v1.Node {
	a.t.Helper()
	var page v1.Page[v1.Node]
	a.do(http.StatusOK, http.MethodGet, "/nodes", nil, &page)
	nodes := map[string]v1.Node{}
	for _, n := range page.Items {
		if n.Kind == string(core.NodeMaster) {
			n.Name = "master/" + n.Name
		}
		nodes[n.Name] = n
	}
	return nodes
}

// eventually asks again and again, for what no event tells, until the condition holds.
func eventually(t *testing.T, within time.Duration, holds func() bool, what string, args ...any) {
	t.Helper()
	deadline := time.Now().Add(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			require.FailNow(t, "this did not come true", "within %s: %s", within, fmt.Sprintf(what, args...))
		}
		<-tick.C
	}
}

func instant(t *testing.T, i v1.Instant) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, cmp.Or(string(i), "none"))
	require.NoError(t, err)
	return at
}
