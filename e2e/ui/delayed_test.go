package ui

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// delay makes a delayed task that is due in two hours, and gives its id.
func (d *desk) delay(app, key string) string {
	d.t.Helper()
	task := v1.DelayedTask{
		SourceApp: app, Topic: "order.close", ContentKey: key, Delay: "2h",
		Callback: v1.Callback{Method: http.MethodPost, URL: "http://shop.example/orders/close"},
	}
	var made v1.DelayedCreated
	d.ask(http.MethodPost, "/delayed-tasks", task, &made)
	return made.ID
}

func (d *desk) delayed(id string) (task v1.DelayedTask) {
	d.t.Helper()
	d.ask(http.MethodGet, "/delayed-tasks/"+id, nil, &task)
	return task
}

// succeeds waits until a delayed task has succeeded after so many resets, each of which begins to count its calls anew.
func (d *desk) succeeds(id string, resets int) {
	d.t.Helper()
	d.until(fmt.Sprintf("the delayed task has succeeded after %d resets", resets), func() bool {
		task := d.delayed(id)
		return task.State == "succeeded" && task.Resets == resets && task.Runs == 1
	})
}

func instant(t *testing.T, text v1.Instant) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, string(text))
	require.NoError(t, err)
	return at
}

// Rows are chosen and postponed, voided, executed and reset together: these and no others, and each of them on its own.
func TestDelayedTasksTogether(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	first, second, third := d.delay("shop", "SO-1"), d.delay("shop", "SO-2"), d.delay("shop", "SO-3")
	other := d.delay("billing", "INV-1")
	untouched := d.delayed(other)
	row := func(id string) string { return "tr:has(#pick-" + id + ")" }

	steps(t, d.visit("/delayed-tasks?sourceApp=shop"), d.await("document.querySelectorAll('[data-row]').length === 3"))
	d.press("#pick-" + first)
	d.press("#pick-" + second)
	d.sees("[data-chosen-count]", "2")
	due := instant(t, d.delayed(first).Due)
	kept := d.delayed(third)
	d.set("[name=delay]", "6h0m0s")
	d.press(`.bulk [hx-vals*=postpone]`)
	d.told("Done with all 2.")
	for _, id := range []string{first, second} {
		task := d.delayed(id)
		require.Equal(t, "created", task.State)
		require.WithinDuration(t, due.Add(4*time.Hour), instant(t, task.Due), patience, "six hours from now, and not from when it was due")
	}
	require.Equal(t, kept, d.delayed(third), "what was not chosen is as it was")

	// The choice outlasts the action. One row of it is voided.
	d.sees("[data-chosen-count]", "2")
	d.press("#pick-" + second)
	d.sees("[data-chosen-count]", "1")
	d.sure(".bulk [hx-vals*=void]")
	d.told("Done with all 1.")
	d.sees(row(first), "voided")
	require.Equal(t, "voided", d.delayed(first).State)

	// The other is executed, which the list shows once it is over.
	d.press("#pick-" + first)
	d.press("#pick-" + second)
	d.sees("[data-chosen-count]", "1")
	d.press(".bulk [hx-vals*=execute]")
	d.told("Done with all 1.")
	d.sees(row(second), "succeeded")
	d.succeeds(second, 0)

	// All three are reset, of which the one that has not ended is refused.
	d.press("[data-rows]")
	d.sees("[data-chosen-count]", "3")
	d.sure(".bulk [hx-vals*=reset]")
	d.told("Done with 2; refused for 1.")
	d.succeeds(first, 1)
	d.succeeds(second, 1)
	d.sees(row(first), "succeeded")
	require.Equal(t, kept, d.delayed(third))
	require.Equal(t, untouched, d.delayed(other), "what the list was narrowed to leave out")
}

// One is made by its form, which keeps what is refused, and is postponed, executed, reset and voided from its own page.
func TestDelayedTaskByItsPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "w-1")
	steps(t, d.visit("/delayed-tasks"), d.click("a[href='/delayed-tasks/new']"), d.await("location.pathname === '/delayed-tasks/new'"),
		d.write("#field-sourceApp", "shop"), d.write("#field-topic", "订单关闭"), d.write("#field-contentKey", "SO-7"), d.write("#field-delay", "soon"),
		d.write("[name='callback.url']", "http://shop.example/orders/close"), d.write("[name='retry.count']", "2"), d.write("[name='retry.delay']", "30s"))
	d.set("[name='callback.headers']", "X-Shop: main")
	d.set("[name='callback.body']", `{"order":7}`)
	steps(t, d.click("main form .btn-primary"), d.await("document.querySelector('#field-delay.is-invalid')"))
	d.asked(t, http.StatusUnprocessableEntity)
	steps(t, d.write("#field-delay", "2h"), d.click("main form .btn-primary"),
		d.await("/^.delayed-tasks.[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === 'complete'"))
	page := d.path()
	id := page[len("/delayed-tasks/"):]
	d.told("The delayed task was created.")
	made := d.delayed(id)
	require.Equal(t, "订单关闭", made.Topic)
	require.Equal(t, `{"order":7}`, made.Callback.Body)
	require.Equal(t, []v1.Header{{Name: "X-Shop", Value: "main"}}, made.Callback.Headers)
	require.Equal(t, 2, made.Retry.Count)
	require.WithinDuration(t, time.Now().Add(2*time.Hour), instant(t, made.Due), patience)

	// Postponed to the past it is refused beside its field; then it is due when the clock of the reader says so.
	d.set("#field-due", "2020-01-01T00:00")
	steps(t, d.click("#postpone .btn"), d.await("document.readyState === 'complete' && document.querySelector('#postpone .is-invalid, #postpone .alert')"))
	d.asked(t, http.StatusUnprocessableEntity)
	require.Equal(t, made.Due, d.delayed(id).Due)
	zone, err := time.LoadLocation(deskZone)
	require.NoError(t, err)
	later := time.Now().In(zone).AddDate(0, 0, 3).Truncate(time.Minute)
	d.set("#field-due", later.Format("2006-01-02T15:04"))
	d.press("#postpone .btn")
	d.told("The delayed task was postponed.")
	require.Equal(t, page, d.path())
	require.True(t, later.Equal(instant(t, d.delayed(id).Due)))

	d.press(`#delayed-one-now [hx-post$="/execute"]`)
	d.told("The delayed task is called now.")
	d.sees("#delayed-one-now .card-actions", "succeeded")
	d.sees("#delayed-one-runs", "succeeded")
	d.succeeds(id, 0)
	d.sure(`#delayed-one-now [hx-post$="/reset"]`)
	d.told("The delayed task was reset.")
	d.succeeds(id, 1)
	require.NoError(t, d.Await("document.querySelectorAll('#delayed-one-runs li').length === 2"))

	waits := d.delay("shop", "SO-8")
	steps(t, d.visit("/delayed-tasks/"+waits))
	d.sure(`#delayed-one-now [hx-post$="/void"]`)
	d.told("The delayed task was voided.")
	d.sees("#delayed-one-now .card-actions", "voided")
	require.Equal(t, "voided", d.delayed(waits).State)
}
