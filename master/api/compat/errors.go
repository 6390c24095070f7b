package compat

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/web/messages"
)

// illegalError refuses what is no call of the form API.
type illegalError struct{ refusal *core.Error }

// Error says why, in English.
func (e *illegalError) Error() string { return e.refusal.Error() }

// panicError is a panic that a call ended in.
type panicError struct {
	value any
	stack []byte
}

// Error says what the panic was and where, for the log.
func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// fail answers that a call was refused or that something failed.
func (a *api) fail(w http.ResponseWriter, c *call, s *scratch, err error) {
	status, e := statusOf(err)
	r := reply{}
	if status == statusServiceError {
		r.message = a.hide(c, err)
	} else {
		r.message = messages.Error(c.lang, e)
	}
	code := http.StatusOK
	if status == statusLoginFailed {
		code = http.StatusUnauthorized
	}
	s.out = appendEnvelope(s.out[:0], status, r)
	write(w, code, s.out)
}

// statusOf gives the Status for an error, and the error that the caller may see.
func statusOf(err error) (int, *core.Error) {
	if i, ok := errors.AsType[*illegalError](err); ok {
		return statusIllegal, i.refusal
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return statusServiceError, nil
	}
	switch e.Code {
	case core.CodeMalformed, core.CodeTooLarge:
		return statusBadParameter, e
	case core.CodeRule:
		return statusInvalid, e
	case core.CodeNotFound:
		if e.Field != "" { // a field names something that does not exist
			return statusInvalid, e
		}
		return statusDataError, e
	case core.CodeConflict:
		return statusFailed, e
	case core.CodeUnauthenticated:
		return statusLoginFailed, e
	case core.CodeForbidden:
		return statusIllegal, e
	}
	return statusServiceError, e
}

// hide logs a failure of ours and gives what the caller sees of it: an id to find it by.
func (a *api) hide(c *call, err error) string {
	id := rand.Text()[:10]
	level := slog.LevelError
	if c.Context().Err() != nil {
		level = slog.LevelInfo // the caller went away, which is no fault of ours
	}
	a.Logger.LogAttrs(c.Context(), level, "a call of the form API failed",
		slog.String("error_id", id), slog.String("path", c.URL.Path), slog.Any("error", err))
	return c.text("the service failed; its log says why under %s", id)
}
