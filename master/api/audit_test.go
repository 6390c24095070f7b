package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/store"
)

// things are what the calls of the table are about.
type things struct {
	stopped, running, paused, run, waiting, voided string
	user, token, mine                              string
}

const (
	taskBody = `{"kind":"http","title":"ping","schedule":{"kind":"interval","interval":"1h","start":"2026-01-01T00:00:00Z"},
		"callback":{"method":"GET","url":"http://127.0.0.1:1/x"}}`
	delayedBody = `{"sourceApp":"shop","topic":"unpaid","contentKey":"1","delay":"1h","callback":{"url":"http://127.0.0.1:1/x"}}`
)

func (b *bundle) things(t *testing.T) things {
	t.Helper()
	id := func(method, path, body string) string {
		w, text := b.do(t, method, "/api/v1"+path, body)
		require.Less(t, w.StatusCode, 300, text)
		var made struct {
			ID   any
			User struct{ ID any }
			Key  struct{ ID any } `json:"apiToken"`
		}
		require.NoError(t, json.Unmarshal([]byte(text), &made), text)
		for _, v := range []any{made.ID, made.User.ID, made.Key.ID} {
			if v != nil {
				return fmt.Sprint(v)
			}
		}
		return ""
	}
	th := things{
		stopped: id("POST", "/tasks", taskBody), running: id("POST", "/tasks?start=true", taskBody), paused: id("POST", "/tasks?start=true", taskBody),
		waiting: id("POST", "/delayed-tasks", delayedBody), voided: id("POST", "/delayed-tasks", delayedBody),
		user: id("POST", "/users", `{"name":"ada","role":"viewer"}`), mine: id("POST", "/me/api-tokens", `{"name":"mine"}`),
	}
	id("POST", "/tasks/"+th.paused+"/pause", "")
	th.run = id("POST", "/tasks/"+th.running+"/run", "")
	id("POST", "/delayed-tasks/"+th.voided+"/void", "")
	th.token = id("POST", "/users/"+th.user+"/api-tokens", `{"name":"export"}`)
	require.NoError(t, b.opts.Store.Register(t.Context(), &core.Node{
		Kind: core.NodeWorker, Name: "w", Incarnation: "w", State: core.NodeEnabled, Weight: 1, Slots: 1,
	}, "", core.Lease))
	testdb.Upload(t, b.opts.Store, testdb.PluginVersion())
	return th
}

// auditedCalls are the calls of the JSON API that change something: of each its body and the entry that it leaves. Those
// without an entry are said to leave none.
func auditedCalls(th things) map[string]struct{ path, body, entry string } {
	type c = struct{ path, body, entry string }
	return map[string]c{
		"POST /tasks":                                {"/tasks", taskBody, "create task"},
		"POST /tasks/bulk":                           {"/tasks/bulk", `{"action":"start","ids":["` + th.stopped + `"]}`, "start task"},
		"POST /tasks/:id/restore":                    {"/tasks/" + th.stopped + "/restore", `{"version":1}`, "edit task"},
		"POST /tasks/test":                           {"/tasks/test", `{"callback":{"url":"http://127.0.0.1:1/x"}}`, ""},    // as any delayed task
		"POST /tasks/import-curl":                    {"/tasks/import-curl", `{"command":"curl http://127.0.0.1:1/x"}`, ""}, // it changes nothing
		"PUT /tasks/:id":                             {"/tasks/" + th.stopped, taskBody, "edit task"},
		"DELETE /tasks/:id":                          {"/tasks/" + th.stopped, "", "delete task"},
		"POST /tasks/:id/start":                      {"/tasks/" + th.stopped + "/start", "", "start task"},
		"POST /tasks/:id/pause":                      {"/tasks/" + th.running + "/pause", "", "pause task"},
		"POST /tasks/:id/resume":                     {"/tasks/" + th.paused + "/resume", "", "resume task"},
		"POST /tasks/:id/stop":                       {"/tasks/" + th.running + "/stop", "", "stop task"},
		"POST /tasks/:id/run":                        {"/tasks/" + th.running + "/run", "", "run task"},
		"POST /delayed-tasks":                        {"/delayed-tasks", delayedBody, ""}, // its own row says who and when
		"POST /delayed-tasks/:id/reset":              {"/delayed-tasks/" + th.voided + "/reset", "", "reset delayed_task"},
		"POST /delayed-tasks/:id/execute":            {"/delayed-tasks/" + th.waiting + "/execute", "", "execute delayed_task"},
		"POST /delayed-tasks/:id/void":               {"/delayed-tasks/" + th.waiting + "/void", "", "void delayed_task"},
		"POST /delayed-tasks/:id/postpone":           {"/delayed-tasks/" + th.waiting + "/postpone", `{"delay":"2h"}`, "postpone delayed_task"},
		"POST /delayed-tasks/bulk":                   {"/delayed-tasks/bulk", `{"action":"void","ids":["` + th.waiting + `"]}`, "void delayed_task"},
		"POST /runs/clear":                           {"/runs/clear", `{"dueTo":"2026-01-01T00:00:00Z"}`, "clear run"},
		"POST /runs/:id/replay":                      {"/runs/" + th.run + "/replay", "", ""}, // refused: it has not ended
		"POST /runs/:id/cancel":                      {"/runs/" + th.run + "/cancel", "", "cancel run"},
		"PATCH /nodes/:kind/:name":                   {"/nodes/worker/w", `{"weight":2}`, "edit node"},
		"DELETE /nodes/:kind/:name":                  {"/nodes/worker/w", "", ""}, // refused: it is alive
		"POST /nodes/:kind/:name/enable":             {"/nodes/worker/w/enable", "", "edit node"},
		"POST /nodes/:kind/:name/drain":              {"/nodes/worker/w/drain", "", "edit node"},
		"POST /nodes/:kind/:name/disable":            {"/nodes/worker/w/disable", "", "edit node"},
		"POST /join-token/rotate":                    {"/join-token/rotate", "", "rotate join_token"},
		"PATCH /me":                                  {"/me", `{"displayName":"Root"}`, "edit user"},
		"POST /me/password":                          {"/me/password", `{"current":"` + adminPassword + `","password":"another one"}`, "edit user"},
		"POST /me/api-secret":                        {"/me/api-secret", "", "edit user"},
		"DELETE /me/api-secret":                      {"/me/api-secret", "", "edit user"},
		"POST /me/api-tokens":                        {"/me/api-tokens", `{"name":"new"}`, "create api_token"},
		"DELETE /me/api-tokens/:token":               {"/me/api-tokens/" + th.mine, "", "delete api_token"},
		"POST /users":                                {"/users", `{"name":"bob","role":"viewer"}`, "create user"},
		"PATCH /users/:id":                           {"/users/" + th.user, `{"role":"operator"}`, "edit user"},
		"POST /users/:id/lock":                       {"/users/" + th.user + "/lock", "", "edit user"},
		"POST /users/:id/unlock":                     {"/users/" + th.user + "/unlock", "", "edit user"},
		"POST /users/:id/reset-password":             {"/users/" + th.user + "/reset-password", "", "edit user"},
		"POST /users/:id/api-secret":                 {"/users/" + th.user + "/api-secret", "", "edit user"},
		"DELETE /users/:id/api-secret":               {"/users/" + th.user + "/api-secret", "", "edit user"},
		"POST /users/:id/api-tokens":                 {"/users/" + th.user + "/api-tokens", `{"name":"new"}`, "create api_token"},
		"DELETE /users/:id/api-tokens/:token":        {"/users/" + th.user + "/api-tokens/" + th.token, "", "delete api_token"},
		"POST /plugins":                              {"/plugins", "", ""}, // refused: this is no package
		"DELETE /plugins/:package/versions/:version": {"/plugins/billing/versions/1.0.0", "", "delete plugin"},
		"PUT /settings":                              {"/settings", `{"Retention_Days":"7"}`, "edit settings"},
	}
}

// Whatever is changed over the JSON API leaves one entry in the audit, with who and from where. A new operation must say here
// which.
func TestEveryChangeOverTheAPIIsAudited(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	v1.Register(engine, v1.Deps{})
	left := auditedCalls(things{})
	for _, rt := range engine.Routes() {
		if rt.Method == http.MethodGet {
			continue
		}
		name := rt.Method + " " + strings.TrimPrefix(rt.Path, v1.Base)
		_, ok := left[name]
		require.True(t, ok, "%s is not in the table: what does it leave in the audit?", name)
		delete(left, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			c := auditedCalls(b.things(t))[name]
			before := b.audit(t)
			w, text := b.do(t, rt.Method, v1.Base+c.path, c.body)
			after := b.audit(t)
			if c.entry == "" {
				require.Len(t, after, len(before))
				return
			}
			require.Less(t, w.StatusCode, 300, text)
			require.Len(t, after, len(before)+1)
			e := after[0]
			for _, known := range before { // of one millisecond the order is not told
				if e.ID == known.ID {
					e = after[1]
				}
			}
			require.Equal(t, c.entry, e.Action+" "+string(e.Kind))
			require.Equal(t, "admin", e.UserName)
			require.Equal(t, "127.0.0.1", e.Address)
			require.Equal(t, core.ViaAPI, e.Via)
		})
	}
	require.Empty(t, left, "operations that are not there")
}

func (b *bundle) audit(t *testing.T) []core.AuditEntry {
	t.Helper()
	entries, err := b.opts.Store.Audit(t.Context(), store.AuditFilter{Limit: 1000})
	require.NoError(t, err)
	return entries
}

// So does what is changed over the form API.
func TestEveryChangeOverTheFormAPIIsAudited(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	secret := []string{"Ms_auth_user", "admin", "Ms_auth_secret", core.APISecret("admin", adminPassword), "Content-Type", "application/x-www-form-urlencoded"}
	form := url.Values{
		"MetaType": {"2"}, "Title": {"t"}, "RunLoop": {"true"}, "CronExpression": {"0 0 12 * * ?"}, "StartDate": {"2026-01-01 00:00:00"},
		"HttpRequestUrl": {"http://127.0.0.1:1/x"}, "HttpMethod": {"GET"}, "HttpContentType": {"application/json"}, "HttpBody": {"{}"},
	}.Encode()
	w, text := b.do(t, http.MethodPost, "/api/task/create", form, secret...)
	require.Equal(t, http.StatusOK, w.StatusCode)
	id := regexp.MustCompile(`"Data":"([^"]+)"`).FindStringSubmatch(text)[1]
	for _, action := range []string{"start", "pause", "resume", "runonce", "stop", "edit"} {
		fields := "id=" + id
		if action == "edit" {
			fields = form + "&Id=" + id
		}
		_, text := b.do(t, http.MethodPost, "/api/task/"+action, fields, secret...)
		require.Contains(t, text, `"Success":true`, action)
	}
	var actions []string
	for _, e := range b.audit(t) {
		require.Equal(t, core.Author{UserID: 1, UserName: "admin", Address: "127.0.0.1", Via: core.ViaForm}, e.Author)
		require.Equal(t, id, e.ObjectID)
		actions = append(actions, e.Action)
	}
	require.ElementsMatch(t, []string{"create", "start", "pause", "resume", "run", "stop", "edit"}, actions)
}
