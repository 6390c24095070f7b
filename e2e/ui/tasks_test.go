package ui

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// Tasks are chosen, paused and labelled together, found again, restored and run with another body. It has a server of its own:
// what it does to all tasks would be seen by other tests.
func TestTasksTogetherAndAlone(t *testing.T) {
	t.Parallel()
	browser := need(t).browser
	ctx := t.Context()
	s, err := Start(ctx, t.TempDir(), slog.New(slog.DiscardHandler), "w-shanghai-1")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(ctx))) })
	require.NoError(t, s.Seed(ctx))
	tab, closeTab, err := NewTab(browser, s.URL, Look{Width: 1440, Height: 900, Language: "en"})
	t.Cleanup(closeTab)
	require.NoError(t, err)
	toast := func() string {
		t.Helper()
		require.NoError(t, tab.Await("document.querySelector('#toasts .notice')"))
		text, err := Eval[string](tab, "document.querySelector('#toasts').innerText")
		require.NoError(t, err)
		return text
	}
	click := func(selector string) {
		t.Helper()
		require.NoError(t, tab.Click(selector), selector)
	}
	await := func(expression string) {
		t.Helper()
		require.NoError(t, tab.Await(expression))
	}

	require.NoError(t, tab.SignIn("admin", Password))
	require.NoError(t, tab.Go("/tasks?sort=title"))
	click("[data-rows]")
	click(`[hx-vals*='"pause"']`)
	text := toast()
	require.Contains(t, text, "Done: 13. Refused: 5.")
	require.Contains(t, text, "Archive old tickets: the task is stopped: only a running task can be paused")
	await("[...document.querySelectorAll('.c-state')].filter((e) => e.innerText === 'paused').length === 14")
	await("document.querySelectorAll('[data-row]:checked').length === 18") // what is chosen outlasts the refresh
	require.NoError(t, tab.Type("[name=labels]", "夜班 night-shift"))
	click(`[hx-vals*='"label"']`)
	await("[...document.querySelectorAll('.badge-label')].filter((e) => e.innerText === '夜班').length === 18")

	require.NoError(t, tab.Type("#tasks-search", "archive"))
	await("location.search.includes('search=archive') && document.querySelectorAll('[data-row]').length === 2")
	require.NoError(t, tab.Go("/tasks?search=ARCHIVE&state=paused&label=night-shift"))
	click("[data-row]")
	click("[name=all]")
	click(`[hx-vals*='"resume"']`)
	require.Contains(t, toast(), "Done: 1.")

	require.NoError(t, tab.Go("/tasks/"+SeededTask))
	click(`#task-now [hx-post$="/stop"]`)
	click("#confirm [value=yes]")
	await(`document.querySelector('[hx-post$="/start"]')`)
	click(`#task-now li:last-child [hx-post$="/restore"]`)
	click("#confirm [value=yes]")
	await("document.querySelector('#toasts').innerText.includes('Restored: version 5 says what version 1 said.')")
	click(`#task-now [hx-post$="/start"]`)
	click("[data-bs-target='#task-given']")
	require.NoError(t, tab.Type("#task-given textarea", `{"day":"today"}`))
	require.Empty(t, tab.Complaints())
	click("#task-given [type=submit]")
	await("location.pathname.startsWith('/runs/')")
}

// What is written beside the chosen rows, and what is opened, outlasts the list's being fetched anew.
func TestListIsFetchedAnewUnderTheReader(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	d.make(calls("Close orders", "/orders/close"))
	for path, field := range map[string]string{"/tasks": "[name=labels]", "/delayed-tasks": "[name=delay]"} {
		d.delay("shop", "SO-"+path)
		steps(t, d.visit(path), d.click("[data-rows]"))
		if path == "/tasks" {
			steps(t, d.write(field, "night-shift"), d.click("[name=all]"))
		} else {
			d.set(field, "6h0m0s")
		}
		_, err := Eval[bool](d.Tab, "(window.field = document.querySelector('"+field+"'), field.focus(), window.was = field.value, true)")
		require.NoError(t, err)
		require.NoError(t, d.refreshed())
		kept, err := Eval[bool](d.Tab, "field.isConnected && field.value === was && document.activeElement === field && document.querySelectorAll('[data-choice] :checked:not(option)').length >= 2")
		require.NoError(t, err)
		require.True(t, kept, path)
		steps(t, d.click("tbody [data-bs-toggle=dropdown]"), d.await("document.querySelector('.dropdown-menu.show')"))
		require.NoError(t, d.refreshed())
		open, err := Eval[bool](d.Tab, "document.querySelector('.dropdown-menu.show') !== null")
		require.NoError(t, err)
		require.True(t, open, path)
	}
}

// The history of a task says what was changed, and from its page the task is cloned.
func TestTaskIsComparedAndCloned(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	task := d.make(calls("Close orders", "/orders/close"))
	d.ask(http.MethodPost, "/tasks/"+task.ID+"/stop", nil, nil)
	task.Callback.URL, task.Version = "http://shop.example/orders/archive", 0
	d.ask(http.MethodPut, "/tasks/"+task.ID, task, nil)
	steps(t, d.visit("/tasks/"+task.ID), d.click("#task-now .diff summary"), d.await("document.querySelector('#task-now .diff').open"))
	require.Equal(t, "http://shop.example/orders/close", d.text(".diff[open] .diff-was"))
	require.Equal(t, "http://shop.example/orders/archive", d.text(".diff[open] .diff-is"))
	require.NoError(t, d.refreshed())
	require.Equal(t, "http://shop.example/orders/archive", d.text(".diff[open] .diff-is"), "it stays open")

	steps(t, d.click("#task-now a[href='/tasks/new?from="+task.ID+"']"), d.await("location.pathname === '/tasks/new' && document.readyState === 'complete'"),
		d.write("#field-title", "Close orders twice"), d.click(".task-edit-save .btn-primary"),
		d.await("location.pathname.startsWith('/tasks/') && location.pathname !== '/tasks/new' && document.readyState === 'complete'"))
	var clone v1.Task
	d.ask(http.MethodGet, d.path(), nil, &clone)
	require.Equal(t, "Close orders twice", clone.Title)
	require.NotEqual(t, task.ID, clone.ID)
	require.Equal(t, "stopped", clone.State)
	require.Equal(t, task.Callback, clone.Callback)
	require.Equal(t, task.Schedule.Cron, clone.Schedule.Cron)
}
