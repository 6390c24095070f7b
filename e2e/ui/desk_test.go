package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// desk is an administrator before a server of their own, where nobody else does anything. What is clicked is seen on the page
// and by the API.
type desk struct {
	*Tab
	*Server
	t      *testing.T
	folder string
}

// deskZone is where the administrator sits.
const deskZone = "Europe/Berlin"

func newDesk(t *testing.T, workers ...string) *desk {
	t.Helper()
	browser := need(t).browser
	ctx := context.WithoutCancel(t.Context())
	d := &desk{t: t, folder: t.TempDir()}
	s, err := Start(ctx, d.folder, slog.New(slog.DiscardHandler), workers...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(ctx)) })
	tab, closeTab, err := NewTab(browser, s.URL, Look{Width: 1440, Height: 900, Language: "en", Zone: deskZone})
	t.Cleanup(closeTab)
	require.NoError(t, err)
	t.Cleanup(func() { require.Empty(t, tab.Complaints(), "what the browser complained of") })
	require.NoError(t, tab.SignIn("admin", Password))
	d.Server, d.Tab = s, tab
	return d
}

// database is where the server's database lies.
func (d *desk) database() string { return filepath.Join(d.folder, DatabaseName) }

// sure clicks on something that asks back, and says yes.
func (d *desk) sure(selector string) {
	d.t.Helper()
	steps(d.t, d.click(selector), d.click("#confirm [value=yes]"))
}

// press clicks.
func (d *desk) press(selector string) {
	d.t.Helper()
	require.NoError(d.t, d.Click(selector), selector)
}

// sees waits until what a selector finds first has a text in it.
func (d *desk) sees(selector, text string) {
	d.t.Helper()
	require.NoError(d.t, d.Await(fmt.Sprintf("document.querySelector(%q)?.innerText.includes(%q)", selector, text)))
}

// told waits until a message says a text, and closes all of them, so that none is taken for that of the next action.
func (d *desk) told(text string) {
	d.t.Helper()
	d.sees("#toasts", text)
	_, err := Eval[bool](d.Tab, `document.querySelectorAll("#toasts [data-toast-close]").forEach((close) => close.click()) ?? true`)
	require.NoError(d.t, err)
}

// set gives a field that is written into by more than keys a value.
func (d *desk) set(selector, value string) {
	d.t.Helper()
	_, err := Eval[bool](d.Tab, fmt.Sprintf(`(() => { const field = document.querySelector(%q); field.value = %q;
		field.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`, selector, value))
	require.NoError(d.t, err)
}

// text is what a selector finds first says.
func (d *desk) text(selector string) string {
	d.t.Helper()
	text, err := Eval[string](d.Tab, fmt.Sprintf("document.querySelector(%q).innerText", selector))
	require.NoError(d.t, err)
	return text
}

// path is that of the page that is open.
func (d *desk) path() string {
	d.t.Helper()
	path, err := Eval[string](d.Tab, "location.pathname")
	require.NoError(d.t, err)
	return path
}

// ask calls the API as admin, and reads the answer, which must be a good one.
func (d *desk) ask(method, path string, body, into any) {
	d.t.Helper()
	sent, err := json.Marshal(body)
	require.NoError(d.t, err)
	if body == nil {
		sent = nil
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.URL+v1.Base+path, bytes.NewReader(sent))
	require.NoError(d.t, err)
	r.SetBasicAuth("admin", Password)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w, err := http.DefaultClient.Do(r)
	require.NoError(d.t, err)
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	require.NoError(d.t, err)
	require.Less(d.t, w.StatusCode, http.StatusBadRequest, "%s %s: %s", method, path, text)
	if into != nil {
		require.NoError(d.t, json.Unmarshal(text, into), "%s", text)
	}
}

// until waits until something is so.
func (d *desk) until(what string, is func() bool) {
	d.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(patience); !is(); {
		require.True(d.t, time.Now().Before(end), "it did not come to pass that %s", what)
		select {
		case <-look.C:
		case <-d.t.Context().Done():
			require.NoError(d.t, d.t.Context().Err())
		}
	}
}

func (d *desk) run(id string) (run v1.Run) {
	d.t.Helper()
	d.ask(http.MethodGet, "/runs/"+id, nil, &run)
	return run
}

// ended waits until a run has ended in a state.
func (d *desk) ended(id, state string) (run v1.Run) {
	d.t.Helper()
	d.until("the run "+id+" is "+state, func() bool { run = d.run(id); return run.State == state })
	return run
}

// make makes a task, which runs by hand only, and starts it.
func (d *desk) make(task v1.Task) (made v1.Task) {
	d.t.Helper()
	task.Schedule = v1.Schedule{Kind: "cron", Cron: "0 0 0 1 1 ?", Zone: "UTC"}
	d.ask(http.MethodPost, "/tasks?start=true", task, &made)
	return made
}

// calls is a task that calls a path of the shop.
func calls(title, path string) v1.Task {
	return v1.Task{Kind: "http", Title: title, Callback: &v1.Callback{Method: http.MethodPost, URL: "http://shop.example" + path, Body: `{"day":"today"}`}}
}

// runNow has a task run by hand from its page, and gives the id of the run.
func (d *desk) runNow(task string) string {
	d.t.Helper()
	steps(d.t, d.visit("/tasks/"+task), d.click(`#task-now [hx-post$="/run"]`))
	d.told("The task runs now.")
	var runs v1.Page[v1.Run]
	d.ask(http.MethodGet, "/runs?limit=1&taskId="+task, nil, &runs)
	require.Len(d.t, runs.Items, 1)
	return runs.Items[0].ID
}
