package ui

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
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
