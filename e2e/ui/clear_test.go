package ui

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// old puts copies of a run that has ended into the history, as if they had been due, and ended in a state, at an instant.
func old(t *testing.T, db *sql.DB, run string, copies int, state core.RunState, at time.Time) {
	t.Helper()
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer c.Close()
	for _, s := range []struct {
		text string
		args []any
	}{
		{`CREATE TEMP TABLE copied AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			SELECT h.* FROM run_history h, n WHERE h.id = ?`, []any{copies, run}},
		{`UPDATE copied SET id = ? || printf('%012x', rowid), due_at = ?, recorded_at = ?, state = ?`,
			[]any{core.FirstRunID(at)[:24], at.UnixMicro(), at.UnixMicro(), state}},
		{`INSERT INTO run_history SELECT * FROM copied`, nil},
		{`DROP TABLE copied`, nil},
	} {
		_, err := c.ExecContext(t.Context(), s.text, s.args...)
		require.NoError(t, err, s.text)
	}
}

// The ledger is cleared by task, outcome and time: it is counted before, shown how far it comes, and what was not meant stays.
func TestLogsAreCleared(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	alpha, beta := d.make(calls("Alpha reports", "/alpha")), d.make(calls("Beta reports", "/beta"))
	ofAlpha, ofBeta := d.runNow(alpha.ID), d.runNow(beta.ID)
	d.ended(ofAlpha, "succeeded")
	d.ended(ofBeta, "succeeded")
	db, err := sql.Open("sqlite", d.database()+"?_pragma=busy_timeout(60000)")
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	now := time.Now()
	old(t, db, ofAlpha, 1500, core.RunSucceeded, now.Add(-48*time.Hour))
	old(t, db, ofAlpha, 3, core.RunFailed, now.Add(-47*time.Hour))
	old(t, db, ofAlpha, 4, core.RunSucceeded, now.Add(-12*time.Hour))
	old(t, db, ofBeta, 5, core.RunSucceeded, now.Add(-46*time.Hour))
	left := func(task string, states ...string) int {
		var counted v1.RunsCleared
		d.ask(http.MethodPost, "/runs/clear", v1.RunClearing{TaskID: task, States: states, DueTo: v1.Instant(now.UTC().Format(time.RFC3339Nano)), DryRun: true}, &counted)
		return counted.Left
	}
	require.Equal(t, 1505, left(alpha.ID, "succeeded"))

	steps(t, d.visit("/runs"), d.click("a[href='/runs/clear']"), d.await("location.pathname === '/runs/clear'"), d.write("#field-task", "reports"), d.click("main .card-footer .btn"),
		d.await("document.querySelectorAll('#runs-clear-progress li').length === 2")) // which of the two?
	zone, err := time.LoadLocation(deskZone)
	require.NoError(t, err)
	steps(t, d.write("#field-task", "alpha rep"), d.click("[name=state][value=succeeded]"))
	d.set("#field-to", now.In(zone).Add(-24*time.Hour).Format("2006-01-02T15:04"))
	steps(t, d.click("main .card-footer .btn"), d.await("document.querySelector('#runs-clear-progress .figure')"))
	require.Equal(t, "1,500", d.text("#runs-clear-progress .figure"))
	d.sees("#runs-clear-progress", "of the task Alpha reports")
	require.Equal(t, 1505, left(alpha.ID, "succeeded"), "counting deletes nothing")

	// Somebody else writes while it begins, so that the time of one step is over after a thousand rows, and it goes on by itself.
	_, err = Eval[bool](d.Tab, `(() => {
		window.figures = [];
		new MutationObserver(() => {
			const figure = document.querySelector("#runs-clear-progress .figure")?.textContent;
			if (figure !== figures.at(-1)) figures.push(figure);
		}).observe(document.querySelector("main"), {childList: true, subtree: true});
		document.addEventListener("htmx:before:request", () => { window.asked ??= performance.now(); });
		return true;
	})()`)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	d.sure("#runs-clear-progress .btn-danger")
	require.NoError(t, d.Await("performance.now() > window.asked + 2500"))
	_, err = db.ExecContext(t.Context(), "COMMIT")
	require.NoError(t, err)
	d.sees("#runs-clear-progress", "Done.")
	require.Equal(t, "1,500", d.text("#runs-clear-progress .figure"))
	figures, err := Eval[[]string](d.Tab, "window.figures")
	require.NoError(t, err)
	require.True(t, slices.IsSorted(figures), fmt.Sprint(figures))
	require.Contains(t, figures, "1,000", "it is shown how far it has come")

	require.Equal(t, 5, left(alpha.ID, "succeeded"), "those due later stay")
	require.Equal(t, 3, left(alpha.ID, "failed"))
	require.Equal(t, 6, left(beta.ID))
	steps(t, d.visit("/runs?task="+alpha.ID), d.await("document.querySelectorAll('#runs-list tbody tr').length === 8"))
}
