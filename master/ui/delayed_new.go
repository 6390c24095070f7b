package ui

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

type newDelayedView struct {
	*View
	Form *form
}

func (u *UI) newDelayed(r *request) error {
	return u.showNewDelayed(r, newForm("callback.method", http.MethodPost, "callback.contentType", "application/json", "delay", "10m"))
}

func (u *UI) showNewDelayed(r *request, f *form) error {
	r.under(r.text("Delayed tasks"), delayedPath)
	return r.show("delayed-new", f.status(), newDelayedView{View: r.view(r.text("New delayed task")), Form: f})
}

func (u *UI) createDelayed(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	d, err := r.readDelayed(f)
	if err == nil {
		err = u.Manage.Delayed.Create(r.Request.Context(), &r.in.User, d)
	}
	if f.takes(err) {
		return u.showNewDelayed(r, f)
	}
	if err != nil {
		return err
	}
	return r.done(delayedPath+"/"+d.ID, r.text("The delayed task was created."))
}

// readDelayed reads the form of a new delayed task. What is left empty comes from the settings.
func (r *request) readDelayed(f *form) (*core.DelayedTask, error) {
	d := &core.DelayedTask{
		SourceApp: f.Value("sourceApp"), Topic: f.Value("topic"), ContentKey: f.Value("contentKey"), IdempotencyKey: f.Value("idempotencyKey"),
	}
	d.Executors = strings.Fields(f.Value("executors"))
	d.Callback = core.Callback{
		Method: f.Value("callback.method"), URL: strings.TrimSpace(f.Value("callback.url")), ContentType: f.Value("callback.contentType"),
		Body: f.Value("callback.body"), Secret: f.Value("callback.secret"),
	}
	d.Callback.Success.Contains = f.Value("callback.success.contains")
	var err error
	if d.Due, err = r.dueOf(f); err != nil {
		return nil, err
	}
	if d.Callback.Headers, err = readHeaders(f.Value("callback.headers")); err != nil {
		return nil, err
	}
	if count := strings.TrimSpace(f.Value("retry.count")); count != "" {
		if d.Retry.Count, err = strconv.Atoi(count); err != nil {
			return nil, core.Malformed("retry.count", "is not a whole number")
		}
		d.Retry.Backoff = core.BackoffLinear
	}
	if delay := strings.TrimSpace(f.Value("retry.delay")); delay != "" {
		if d.Retry.Delay, err = time.ParseDuration(delay); err != nil {
			return nil, core.Malformed("retry.delay", "is not a length of time such as 30m or 2h")
		}
	}
	return d, nil
}

// dueOf reads when a delayed task is due: at an instant, or after a length of time from now.
func (r *request) dueOf(f *form) (time.Time, error) {
	at, delay := f.Value("due"), strings.TrimSpace(f.Value("delay"))
	switch {
	case at != "" && delay != "":
		return time.Time{}, core.Broken("due", "say either the instant or the delay")
	case at != "":
		return r.instant("due", at)
	}
	d, err := time.ParseDuration(delay)
	if err != nil || d < 0 {
		return time.Time{}, core.Malformed("delay", "is not a length of time such as 30m or 2h")
	}
	return r.ui.Now().Add(d), nil
}

// readHeaders reads headers, one a line: the name, a colon, the value.
func readHeaders(text string) ([]core.Header, error) {
	var headers []core.Header
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, core.Malformed("callback.headers", "%q is not a name, a colon and a value", line)
		}
		headers = append(headers, core.Header{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	return headers, nil
}

// Methods are the methods that a callback may have.
func (newDelayedView) Methods() []option {
	var options []option
	for _, m := range []string{"POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} {
		options = append(options, option{m, m})
	}
	return options
}

// delays are the lengths by which many are postponed at once.
func delays() []time.Duration {
	return []time.Duration{10 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
}

// ForDelays are the choices of a postponement of many.
func (delayedView) ForDelays() []option {
	var options []option
	for _, d := range delays() {
		options = append(options, option{d.String(), messages.Length(d)})
	}
	return options
}
