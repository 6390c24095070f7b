package ui

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/problem"
	"github.com/carillonhq/carillon/web/messages"
)

// toast is a short message about what was just done.
type toast struct {
	Kind string // success, warning or danger
	Text string
}

// done answers an action that succeeded. A script is told, and has the parts of its page fetched anew; a browser without
// one is led to a page that tells it. An empty address is the page it came from.
func (r *request) done(to, text string) error { return r.told(to, toast{"success", text}) }

// told is done with a message of any kind.
func (r *request) told(to string, message toast) error {
	if r.byScript() && to == "" {
		r.Header("HX-Trigger", "refresh")
		return r.speak(http.StatusOK, message)
	}
	if to == "" {
		to = r.here()
	}
	r.flash(message)
	r.move(to)
	return nil
}

// speak answers a script with a message and nothing else.
func (r *request) speak(status int, message toast) error {
	r.Header("HX-Reswap", "none")
	set, err := r.templates()
	if err != nil {
		return err
	}
	body, err := execute(set, "toasts-added", []toast{message})
	if err != nil {
		return err
	}
	r.html(status, body)
	return nil
}

// flash leaves a message for the next whole page. What comes back is shown as text, so nothing is gained by making one up.
func (r *request) flash(message toast) {
	text, err := json.Marshal(message)
	if err != nil {
		return // a toast holds nothing that JSON cannot say
	}
	r.setCookie(cookieFlash, base64.RawURLEncoding.EncodeToString(text), 60)
}

// flashed takes the message that was left.
func (r *request) flashed() []toast {
	left := r.cookie(cookieFlash)
	if left == "" {
		return nil
	}
	r.setCookie(cookieFlash, "", 0)
	var message toast
	text, err := base64.RawURLEncoding.DecodeString(left)
	if err != nil || json.Unmarshal(text, &message) != nil {
		return nil
	}
	switch message.Kind {
	case "success", "warning", "danger":
		return []toast{message}
	}
	return nil
}

// fail answers a request that failed: a script with a message, a browser with a page. Who is not signed in is led to where
// that is done.
func (r *request) fail(err error) {
	switch {
	case errors.Is(err, errMustChange):
		r.move(passwordPath)
		return
	case core.CodeOf(err) == core.CodeUnauthenticated:
		r.move(signInPath + "?" + url.Values{"next": {r.here()}}.Encode())
		return
	}
	p := problem.Of(err)
	p.TraceID = problem.TraceID(r.Context)
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		r.ui.Logger.ErrorContext(r.Request.Context(), "a page failed", "method", r.Request.Method, "path", r.Request.URL.Path,
			"status", p.Status, "trace", p.TraceID, "error", err)
	}
	text := r.explain(err, p.Status)
	if r.byScript() {
		err = r.speak(p.Status, toast{"danger", text})
	} else {
		err = r.errorPage(p, text)
	}
	if err != nil { // the templates are broken, which a test would have shown
		r.ui.Logger.ErrorContext(r.Request.Context(), "the page that tells of an error failed", "error", err)
		r.String(http.StatusInternalServerError, text)
	}
}

// explain says an error in the reader's language.
func (r *request) explain(err error, status int) string {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return messages.Error(r.lang, e)
	}
	if status == http.StatusServiceUnavailable {
		return r.text("The database did not do its part. Nothing was half-written; try again.")
	}
	return r.text("Something failed here. The log of this master has the reason under the trace id.")
}

func errNoPage() error {
	return &core.Error{Code: core.CodeNotFound, Format: "there is nothing at this path"}
}

type errorView struct {
	*View
	Status int
	Text   string
	Trace  string
}

func (r *request) errorPage(p problem.Problem, text string) error {
	trace := ""
	if p.Status >= http.StatusInternalServerError {
		trace = p.TraceID
	}
	r.crumb = nil
	v := r.view(r.text("Error"))
	return r.show("error", p.Status, errorView{View: v, Status: p.Status, Text: text, Trace: trace})
}
