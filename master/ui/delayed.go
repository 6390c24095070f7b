package ui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

const delayedPath = "/delayed-tasks"

func delayedPage(u *UI) *page {
	return &page{
		path: delayedPath, title: messages.Key("Delayed tasks"), icon: "clock-hour-4", section: sectionWork, role: core.RoleViewer,
		topics: []topic{{name: "delayed", every: 2 * time.Second, look: u.lookAtRuns}},
		routes: []route{
			get(delayedPath, core.RoleViewer, u.listDelayed),
			post(delayedPath, core.RoleOperator, u.bulkDelayed),
			get(delayedPath+"/new", core.RoleOperator, u.newDelayed),
			post(delayedPath+"/new", core.RoleOperator, u.createDelayed),
			get(delayedPath+"/:id", core.RoleViewer, u.showDelayed),
			post(delayedPath+"/:id/reset", core.RoleOperator, u.moveDelayed((*manage.Delayed).Reset, resetDone)),
			post(delayedPath+"/:id/execute", core.RoleOperator, u.moveDelayed((*manage.Delayed).Execute, executeDone)),
			post(delayedPath+"/:id/void", core.RoleOperator, u.moveDelayed((*manage.Delayed).Void, voidDone)),
			post(delayedPath+"/:id/postpone", core.RoleOperator, u.postponeDelayed),
		},
	}
}

const (
	resetDone   = messages.Key("The delayed task was reset. It is called again now.")
	executeDone = messages.Key("The delayed task is called now.")
	voidDone    = messages.Key("The delayed task was voided.")
)

// delayedRow is a delayed task as a page shows it.
type delayedRow struct {
	*core.DelayedTask
	// May are the actions that its state and the reader's role allow.
	May delayedMoves
}

type delayedMoves struct{ Reset, Execute, Void, Postpone bool }

func (m delayedMoves) Any() bool { return m != delayedMoves{} }

// URL leads to the delayed task.
func (d delayedRow) URL() string { return delayedPath + "/" + d.ID }

// Name is what people know it by.
func (d delayedRow) Name() string { return d.SourceApp + " / " + d.Topic + " / " + d.ContentKey }

func (r *request) delayedRow(d *core.DelayedTask) delayedRow {
	row := delayedRow{DelayedTask: d}
	if r.in.User.Require(core.RoleOperator) != nil {
		return row
	}
	open := d.State == core.DelayedCreated || d.State == core.DelayedReady
	row.May = delayedMoves{Reset: !open, Execute: open, Void: open, Postpone: open}
	return row
}

type delayedView struct {
	*View
	List *keyset
	Form *form
	Rows []delayedRow
}

func (u *UI) listDelayed(r *request) error {
	k := r.keyset()
	v := delayedView{View: r.view(r.text("Delayed tasks")), List: k, Form: k.form()}
	trimmed := func(name string) string { return strings.TrimSpace(k.Is(name)) }
	f := store.DelayedFilter{
		SourceApp: trimmed("sourceApp"), Topic: trimmed("topic"), ContentKey: trimmed("contentKey"), State: core.DelayedState(k.Is("state")),
		After: k.Begin, Limit: k.Wanted(),
	}
	var err error
	if f.DueFrom, err = r.instant("from", k.Is("from")); err == nil {
		f.DueTo, err = r.instant("to", k.Is("to"))
	}
	if err == nil && f.State != "" && !slices.Contains(core.DelayedStates(), f.State) {
		err = core.Malformed("state", "is no state of a delayed task")
	}
	if err != nil {
		return err
	}
	tasks, reached, err := u.Manage.Delayed.List(r.Request.Context(), f)
	if err != nil {
		return err
	}
	for _, d := range cut(k, tasks, reached, func(d *core.DelayedTask) string { return d.ID }) {
		v.Rows = append(v.Rows, r.delayedRow(d))
	}
	return r.show("delayed", http.StatusOK, v)
}

// ForStates are the choices of the filter by state.
func (v delayedView) ForStates() []option {
	options := []option{{"", v.r.text("Any state")}}
	for _, s := range core.DelayedStates() {
		options = append(options, option{string(s), messages.Name(v.r.lang, s)})
	}
	return options
}

// moveDelayed makes the handler of an action on one delayed task.
func (u *UI) moveDelayed(move func(*manage.Delayed, context.Context, *core.User, string) error, done messages.Key) func(*request) error {
	return func(r *request) error {
		if err := move(u.Manage.Delayed, r.Request.Context(), &r.in.User, r.Param("id")); err != nil {
			return err
		}
		return r.done("", r.text(string(done)))
	}
}

// bulkDelayed does an action on the rows that were chosen.
func (u *UI) bulkDelayed(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	b := manage.DelayedBulk{Action: manage.DelayedAction(f.Value("action")), IDs: f.All(chosenField)}
	if b.Action == manage.DelayedPostpone {
		delay, err := time.ParseDuration(f.Value("delay"))
		if err != nil {
			return core.Malformed("delay", "is not a length of time such as 30m or 2h")
		}
		b.Due = u.Now().Add(delay)
	}
	done, err := u.Manage.Delayed.Bulk(r.Request.Context(), &r.in.User, b)
	if err != nil {
		return err
	}
	if len(done.Refused) == 0 {
		return r.done("", r.text("Done with all %d.", done.Done))
	}
	first := done.Refused[0]
	return r.told("", toast{"warning", r.text("Done with %d; refused for %d. The first, %s: %s", done.Done, len(done.Refused), first.ID, messages.Error(r.lang, first.Err))})
}

type oneDelayedView struct {
	*View
	Task delayedRow
	Runs []runRow
	Form *form
	// Callback is as the reader may see it.
	Callback *core.Callback
	More     string // address of the ledger with all its runs; empty when they are all here
}

// runsOfDelayed is how many runs the page of a delayed task shows.
const runsOfDelayed = 25

func (u *UI) showDelayed(r *request) error { return u.showOneDelayed(r, newForm()) }

func (u *UI) showOneDelayed(r *request, f *form) error {
	ctx := r.Request.Context()
	d, err := u.Manage.Delayed.Get(ctx, r.Param("id"))
	if err != nil {
		return err
	}
	runs, _, err := u.Manage.Runs.List(ctx, store.RunFilter{DelayedID: d.ID, Limit: runsOfDelayed + 1})
	if err != nil {
		return err
	}
	row := r.delayedRow(d)
	r.under(r.text("Delayed tasks"), delayedPath)
	v := oneDelayedView{View: r.view(row.Name()), Task: row, Callback: d.Callback.MaskedFor(&r.in.User), Form: f}
	if len(runs) > runsOfDelayed {
		runs, v.More = runs[:runsOfDelayed], runsPath+"?"+url.Values{"delayed": {d.ID}}.Encode()
	}
	v.Runs = rowsOf(runs, nil)
	return r.show("delayed-one", f.status(), v)
}

// Retries says the retry policy in a few words.
func (v oneDelayedView) Retries() string {
	p := v.Task.Retry
	if p.Count == 0 {
		return v.r.text("None")
	}
	return fmt.Sprintf("%d × %s", p.Count, messages.Length(p.Delay))
}

func (u *UI) postponeDelayed(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	due, err := r.instant("due", f.Value("due"))
	if err == nil {
		err = u.Manage.Delayed.Postpone(r.Request.Context(), &r.in.User, r.Param("id"), due)
	}
	if f.takes(err) {
		return u.showOneDelayed(r, f)
	}
	if err != nil {
		return err
	}
	return r.done(delayedPath+"/"+url.PathEscape(r.Param("id")), r.text("The delayed task was postponed."))
}
