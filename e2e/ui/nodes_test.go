package ui

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/worker"
)

func (d *desk) node(name string) (n v1.Node) {
	d.t.Helper()
	d.ask(http.MethodGet, "/nodes/worker/"+name, nil, &n)
	return n
}

// moves has the page of a node do something that its menu offers.
func (d *desk) moves(action string, asks bool) {
	d.t.Helper()
	d.press("#actions [data-bs-toggle=dropdown]")
	if chosen := `#actions [hx-post$="/` + action + `"]`; asks {
		d.sure(chosen)
	} else {
		d.press(chosen)
	}
}

// A worker is drained, enabled and disabled from its page, which offers what may be done next without being loaded again. What
// is for this worker waits meanwhile.
func TestWorkerIsDrainedAndEnabled(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	task := d.make(calls("Close orders", "/orders/close"))
	steps(t, d.visit("/nodes"), d.click("a[href='/nodes/worker/w-1']"), d.await("location.pathname === '/nodes/worker/w-1'"))
	state := func(shown, stored string) {
		t.Helper()
		d.sees("#node-now .card-actions", shown)
		require.Equal(t, stored, d.node("w-1").State)
	}
	state("enabled", "enabled")
	d.moves("drain", true)
	d.told("Worker w-1 finishes what it has and takes no more.")
	state("draining", "draining")
	// The master follows within a second.
	d.until("the master gives it no more", func() bool {
		var lines v1.Page[map[string]any]
		d.ask(http.MethodGet, "/system-log?text="+url.QueryEscape("what is in force of a worker has changed"), nil, &lines)
		return len(lines.Items) > 0
	})
	var waits v1.Run
	d.ask(http.MethodPost, "/tasks/"+task.ID+"/run", nil, &waits)
	require.Equal(t, "planned", d.run(waits.ID).State)

	d.moves("disable", true)
	d.told("Worker w-1 is disabled.")
	state("disabled", "disabled")
	require.Equal(t, "planned", d.run(waits.ID).State)
	d.moves("enable", false)
	d.told("Worker w-1 takes runs.")
	state("enabled", "enabled")
	d.ended(waits.ID, "succeeded")

	// Its weight and labels are said here in place of its own.
	d.press("#actions a[href$='/edit']")
	steps(t, d.write("#field-weight", "7"), d.click("#field-own_labels"), d.write("#field-labels", "gpu 仓储"), d.click("main form .btn-primary"),
		d.await("location.pathname === '/nodes/worker/w-1' && document.readyState === 'complete'"))
	d.told("Worker w-1 was changed.")
	d.sees("#node-now", "仓储")
	n := d.node("w-1")
	require.Equal(t, 7, n.Weight)
	require.Equal(t, []string{"gpu", "仓储"}, n.Labels)
}

// A worker that joins idle takes runs once it is connected from the list of nodes. The menu of a row stays open while the
// list is fetched anew.
func TestWorkerIsConnected(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.Employ(t.Context(), worker.Options{Name: "w-idle", Slots: 5, Performer: performer{}, Idle: true})
	require.NoError(t, err)
	steps(t, d.visit("/nodes"))
	d.sees("#nodes-now", "w-idle")
	const row = "tr:has(a[href$='/worker/w-idle']) "
	d.sees(row, "idle")
	d.press(row + "[data-bs-toggle=dropdown]")
	require.NoError(t, d.refreshed())
	d.press(row + `[hx-post$="/enable"]`)
	d.told("Worker w-idle takes runs.")
	d.sees(row, "enabled")
	require.Equal(t, "enabled", d.node("w-idle").State)
}

// refreshed has the parts of the page fetched anew, and waits until they are.
func (t *Tab) refreshed() error {
	_, err := Eval[bool](t, `new Promise((done) => {
		document.addEventListener("htmx:after:swap", () => done(true), {once: true});
		document.body.dispatchEvent(new Event("refresh"));
	})`)
	return err
}
