package ui

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// copies has what the page puts on the clipboard put into a variable of it: a browser without a window has no clipboard.
const copies = `navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }, true`

// A run is found in the ledger and done again from its page, which leads to the new one; each leads to the other. Its request
// is copied as a curl command.
func TestRunIsReplayed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	task := d.make(calls("Close orders", "/orders/close/fail"))
	first := d.runNow(task.ID)
	d.ended(first, "failed")

	steps(t, d.visit("/runs?task="+task.ID), d.click("a[href='/runs/"+first+"']"), d.await("location.pathname === '/runs/"+first+"' && document.readyState === 'complete'"))
	d.sees("#run-now .run-reason", "answered 500")
	_, err := Eval[bool](d.Tab, copies)
	require.NoError(t, err)
	steps(t, d.click("#run-now summary"), d.click("#run-now [data-copy]"), d.await("window.copied"))
	copied, err := Eval[string](d.Tab, "window.copied")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(copied, "curl "), copied)
	require.Contains(t, copied, "http://shop.example/orders/close/fail")
	require.Contains(t, copied, `{"day":"today"}`)
	require.Equal(t, copied, d.text("#run-now details pre"))
	var curl struct{ Command string }
	d.ask(http.MethodGet, "/runs/"+first+"/curl", nil, &curl)
	require.Equal(t, curl.Command, copied)

	d.sure(`#actions [hx-post$="/replay"]`)
	steps(t, d.await("location.pathname.startsWith('/runs/') && location.pathname !== '/runs/"+first+"' && document.readyState === 'complete'"))
	second := strings.TrimPrefix(d.path(), "/runs/")
	d.told("The run is done again. This is the new one.")
	again := d.ended(second, "failed")
	require.Equal(t, first, again.ReplayOf)
	require.Equal(t, "replay", again.Trigger)
	before := d.run(first)
	require.Equal(t, before.TaskVersion, again.TaskVersion)
	require.NotEqual(t, before.OccurrenceID, again.OccurrenceID, "it is another firing to its target")
	d.sees("#run-now .card-actions", "failed") // it followed to its end
	d.press("#run-now a[href='/runs/" + first + "']")
	steps(t, d.await("location.pathname === '/runs/"+first+"'"))
}

// A run whose target does not answer is cancelled from its page, which shows that it ended and offers to do it again, without
// being loaded anew.
func TestRunIsCancelled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	task := d.make(calls("Rebuild the index", "/search/slow"))
	run := d.runNow(task.ID)
	d.ended(run, "running")
	steps(t, d.visit("/runs/"+run))
	d.sees("#run-now .card-actions", "running")
	_, err := Eval[bool](d.Tab, "(window.same = true)")
	require.NoError(t, err)

	// What the reader opens stays open, though this page is fetched anew each second.
	d.press("#run-now summary")
	require.NoError(t, d.refreshed())
	require.NoError(t, d.Await("document.querySelector('#run-now details').open"))

	d.sure(`#actions [hx-post$="/cancel"]`)
	d.told("The run is cancelled.")
	d.sees("#run-now .card-actions", "cancelled")
	require.NoError(t, d.Await(`document.querySelector('#actions [hx-post$="/replay"]') && !document.querySelector('#actions [hx-post$="/cancel"]') && window.same`))
	ended := d.ended(run, "cancelled")
	require.Contains(t, ended.Reason, "admin")
	var runs v1.Page[v1.Run]
	d.ask(http.MethodGet, "/runs?taskId="+task.ID, nil, &runs)
	require.Len(t, runs.Items, 1, "nothing is done again")
}
