package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/pack"
	"github.com/carillonhq/carillon/store"
)

// editor is a signed-in developer before a server of their own.
type editor struct {
	t *testing.T
	*Tab
	server *Server
	admin  *core.User
}

func newEditor(t *testing.T) *editor {
	t.Helper()
	browser := need(t).browser
	ctx := context.WithoutCancel(t.Context())
	s, err := Start(ctx, t.TempDir(), slog.New(slog.DiscardHandler), "w-1")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(ctx)) })
	require.NoError(t, s.AddUser(ctx, string(core.RoleDeveloper), core.RoleDeveloper))
	tab, closeTab, err := NewTab(browser, s.URL, Look{Width: 1440, Height: 900, Language: "en", Zone: "Europe/Berlin"})
	require.NoError(t, err)
	t.Cleanup(closeTab)
	require.NoError(t, tab.SignIn(string(core.RoleDeveloper), Password))
	admin, err := s.Store.UserByName(ctx, "admin")
	require.NoError(t, err)
	return &editor{t: t, Tab: tab, server: s, admin: admin}
}

// choose gives a field a value, as a choice does.
func (e *editor) choose(name, value string) {
	e.t.Helper()
	text, err := json.Marshal(value)
	require.NoError(e.t, err)
	_, err = Eval[bool](e.Tab, `(() => { const field = document.querySelector('[name="`+name+`"]'); field.value = `+string(text)+`;
		field.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
	require.NoError(e.t, err)
}

// stands waits until a field has a value.
func (e *editor) stands(name, value string) {
	e.t.Helper()
	text, err := json.Marshal(value)
	require.NoError(e.t, err)
	require.NoError(e.t, e.Await(`document.querySelector('[name="`+name+`"]')?.value === `+string(text)))
}

func (e *editor) says(selector, text string) {
	e.t.Helper()
	require.NoError(e.t, e.Await(`document.querySelector('`+selector+`')?.textContent.includes('`+text+`')`))
}

func (e *editor) task() *core.Task {
	e.t.Helper()
	tasks, err := e.server.Manage.Tasks.List(e.t.Context(), store.TaskFilter{Limit: 2})
	require.NoError(e.t, err)
	require.Len(e.t, tasks, 1)
	return tasks[0]
}

func TestTaskIsMadeTriedAndChanged(t *testing.T) {
	e := newEditor(t)
	require.NoError(t, e.Go("/tasks/new"))

	// A curl command, of which something is left.
	_, err := Eval[bool](e.Tab, `document.querySelector("#task-edit-http details").open = true`)
	require.NoError(t, err)
	e.choose("command", `curl -k 'http://shop.example/orders' -H 'X-Token: abc' --json '{"a":[1]}'`)
	require.NoError(t, e.Click(`[hx-post="/tasks/new/curl"]`))
	e.stands("callback.url", "http://shop.example/orders")
	e.stands("callback.headers.value", "abc")
	e.says("#task-edit-http", "-k")
	e.stands("command", "")

	// The body is laid out, and a fault in it is found.
	require.NoError(t, e.Click(`[hx-post="/tasks/new/part?by=format"]`))
	e.stands("callback.body", "{\n  \"a\": [\n    1\n  ]\n}")
	e.choose("callback.body", "{\n  \"a\": tru\n}")
	e.says("#task-edit-body-check", "line 2")
	e.choose("callback.body", "{}")
	e.says("#task-edit-body-check", "without a fault")

	// The schedule, both ways, and what was written before does not come back.
	e.choose("builder.rhythm", "week")
	e.stands("schedule.cron", "0 0 3 ? * MON")
	e.choose("schedule.cron", "0 0/5 9-17 ? * MON-FRI")
	e.says(".preview-words", "every 5 minutes, in the hours 09 to 17, on Monday to Friday")
	e.stands("builder.rhythm", "")
	e.choose("builder.rhythm", "month")
	e.stands("schedule.cron", "0 0 3 1 * ?")
	e.choose("builder.times", "02:30")
	e.stands("schedule.cron", "0 30 2 1 * ?")
	e.choose("schedule.cron", "0 30 2 29 3 ?")
	e.choose("schedule.zone", "Europe/Berlin")
	e.says(".preview-list", "2027-03-29")

	// It is tried before it is there.
	require.NoError(t, e.Click("[data-test]"))
	e.says("#task-edit-test", "succeeded")
	e.says("#task-edit-test", "X-Token: abc")

	// Without a title it is refused, and nothing that was filled in is gone.
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	require.NoError(t, e.Await(`document.querySelector("#field-title.is-invalid")`))
	e.stands("schedule.cron", "0 30 2 29 3 ?")
	e.stands("callback.headers.value", "abc")
	require.NoError(t, e.Type("#field-title", "Close orders"))
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	require.NoError(t, e.Await(`location.pathname.startsWith("/tasks/") && location.pathname !== "/tasks/new"`))
	made := e.task()
	require.Equal(t, "Close orders", made.Title)
	require.Equal(t, core.TaskStopped, made.State)
	require.Equal(t, "Europe/Berlin", made.Schedule.Zone)
	require.Equal(t, []core.Header{{Name: "X-Token", Value: "abc"}, {Name: "Accept", Value: "application/json"}}, made.Callback.Headers)
	e.Complaints() // the page of the task may not be there

	// It is changed.
	require.NoError(t, e.Go("/tasks/"+made.ID+"/edit"))
	require.NoError(t, e.Type("#field-title", "Close orders at night"))
	e.choose("overlap", "queue")
	require.NoError(t, e.Type("#field-overlapWaiting", "3"))
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	require.NoError(t, e.Await(`location.pathname === "/tasks/`+made.ID+`"`))
	changed := e.task()
	require.Equal(t, "Close orders at night", changed.Title)
	require.Equal(t, 3, changed.OverlapWaiting)
	changed.Definition.Overlap, changed.Definition.OverlapWaiting = made.Overlap, made.OverlapWaiting
	require.Equal(t, made.Definition, changed.Definition, "nothing else is changed")
}

func TestTaskOfAPluginIsMade(t *testing.T) {
	e := newEditor(t)
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "p.zip")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(`name: reports
version: 1.2.0
executables: {any: run}
tasks:
  daily:
    title: Daily report
    parameters:
      type: object
      required: [day]
      additionalProperties: false
      properties:
        day: {type: string, description: Which day}
        copies: {type: integer, minimum: 1, default: 2}
        colour: {type: boolean}
        form: {enum: [pdf, html]}
`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\n"), 0o600))
	_, err := pack.Build(dir, out, pack.BuildOptions{})
	require.NoError(t, err)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	_, _, err = e.server.Manage.Plugins.Upload(t.Context(), e.admin, bytes.NewReader(data))
	require.NoError(t, err)

	require.NoError(t, e.Go("/tasks/new"))
	require.NoError(t, e.Type("#field-title", "Report"))
	_, err = Eval[bool](e.Tab, `document.querySelector('[name=kind][value=plugin]').click(), true`)
	require.NoError(t, err)
	require.NoError(t, e.Await(`document.querySelector('select[name="plugin.package"]')`))
	e.choose("plugin.package", "reports")
	require.NoError(t, e.Await(`document.querySelector('[name="plugin.task"] [value=daily]')`))
	e.choose("plugin.task", "daily")
	require.NoError(t, e.Await(`document.querySelectorAll('[name="params.key"]').length === 4`))
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	e.says("#task-edit-plugin", "day is required")
	_, err = Eval[bool](e.Tab, `(() => { const set = (name, value) => {
		const at = [...document.querySelectorAll('[name="params.key"]')].findIndex((key) => key.value === name);
		document.querySelectorAll('[name="params.value"]')[at].value = value; };
		set("day", "today"); set("colour", "true"); set("form", "pdf"); return true; })()`)
	require.NoError(t, err)
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	require.NoError(t, e.Await(`location.pathname.startsWith("/tasks/") && location.pathname !== "/tasks/new"`))
	made := e.task()
	require.Equal(t, &core.PluginCall{Package: "reports", Task: "daily"}, made.Plugin)
	require.Equal(t, []core.Param{{Key: "day", Value: "today"}, {Key: "colour", Value: "true"}, {Key: "form", Value: "pdf"}}, made.Params)
}

func TestEditingARunningTask(t *testing.T) {
	e := newEditor(t)
	k := &core.Task{Kind: core.KindHTTP, Title: "Running"}
	k.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: time.Now().Add(time.Hour)}
	k.Callback = &core.Callback{Method: "GET", URL: "http://shop.example", Secret: "a secret of some length"}
	_, err := e.server.Manage.Tasks.Create(t.Context(), e.admin, k, true)
	require.NoError(t, err)
	require.NoError(t, e.Go("/tasks/"+k.ID+"/edit"))
	e.says(".alert-warning", "only a stopped task can be saved")
	require.NoError(t, e.Click(`[hx-post$="/edit/stop"]`))
	require.NoError(t, e.Click("#confirm [value=yes]"))
	require.NoError(t, e.Await(`!document.querySelector(".alert-warning")`))
	require.NoError(t, e.Click(`[name=start][value=true]`))
	require.NoError(t, e.Await(`location.pathname === "/tasks/`+k.ID+`"`))
	saved := e.task()
	require.Equal(t, core.TaskRunning, saved.State)
	require.Equal(t, k.Schedule, saved.Schedule, "to the microsecond")
	require.Equal(t, "a secret of some length", saved.Callback.Secret)

	// A copy keeps the secret, and its start.
	require.NoError(t, e.Go("/tasks/new?from="+k.ID))
	e.stands("title", "Copy of Running")
	e.stands("callback.secret", core.Masked)
	require.NoError(t, e.Click(".task-edit-save .btn-primary"))
	require.NoError(t, e.Await(`location.pathname.startsWith("/tasks/") && location.pathname !== "/tasks/new"`))
	tasks, err := e.server.Manage.Tasks.List(t.Context(), store.TaskFilter{Title: "Copy of", Limit: 2})
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	require.Equal(t, saved.Callback, tasks[0].Callback)
	require.Equal(t, saved.Schedule, tasks[0].Schedule)
}
