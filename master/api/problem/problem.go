// Package problem answers requests that failed, as problem documents (RFC 9457).
package problem

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/web/messages"
)

// The classes of error that only HTTP knows, beside those of core.
const (
	CodeMethodNotAllowed core.Code = "method_not_allowed"     // the path exists, but not for this method
	CodeMediaType        core.Code = "unsupported_media_type" // the body is not said to be JSON
)

// codeInternal is the class of every error that is not for the caller.
const codeInternal core.Code = "internal"

// Problem is the body of an answer to a request that failed.
type Problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	Field   string `json:"field,omitempty"`
	TraceID string `json:"traceId"`
}

// MediaType is the media type of a problem document.
const MediaType = "application/problem+json"

type class struct {
	status int
	title  string
}

// classOf is the table of what each class of error is to HTTP.
func classOf(code core.Code) class {
	switch code {
	case core.CodeMalformed:
		return class{http.StatusBadRequest, "The request cannot be read"}
	case core.CodeRule:
		return class{http.StatusUnprocessableEntity, "The request breaks a rule"}
	case core.CodeNotFound:
		return class{http.StatusNotFound, "Not found"}
	case core.CodeConflict:
		return class{http.StatusConflict, "The state does not allow it"}
	case core.CodeUnauthenticated:
		return class{http.StatusUnauthorized, "Who calls is not known"}
	case core.CodeForbidden:
		return class{http.StatusForbidden, "Not allowed"}
	case core.CodeTooLarge:
		return class{http.StatusRequestEntityTooLarge, "The request is too large"}
	case core.CodeUnavailable:
		return class{http.StatusServiceUnavailable, "Not available at the moment"}
	case CodeMethodNotAllowed:
		return class{http.StatusMethodNotAllowed, "Method not allowed"}
	case CodeMediaType:
		return class{http.StatusUnsupportedMediaType, "Unsupported media type"}
	default:
		return class{http.StatusInternalServerError, "Something failed here"}
	}
}

// Of gives the problem that err is to the caller. Only the text of a core.Error is shown; of any other error the caller
// learns that it happened.
func Of(err error) Problem {
	code, detail, field := codeInternal, "The request could not be served. The log of this master has the reason under the trace id.", ""
	switch e, known := errors.AsType[*core.Error](err); {
	case known:
		// The detail leaves out the field's name, which has a member of its own.
		bare := *e
		bare.Field = ""
		code, detail, field = e.Code, bare.Error(), e.Field
	case isOutage(err):
		code, detail = core.CodeUnavailable, "The database did not do its part. Nothing was half-written; try again."
	}
	c := classOf(code)
	return Problem{
		Type: "urn:carillon:problem:" + strings.ReplaceAll(string(code), "_", "-"), Title: c.title, Status: c.status, Detail: detail, Field: field,
	}
}

// isOutage says whether err comes of the database, or of a caller who left while it was asked.
func isOutage(err error) bool {
	_, failed := errors.AsType[*store.Failure](err)
	return failed || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// asksForChinese says whether a caller asks for Chinese before anything else, as the scripts of the pages do. Who says
// nothing of it, or takes any language, is a program that was made for English.
func asksForChinese(r *http.Request) bool {
	return strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "zh")
}

// Write answers a request with the problem that err is, and logs those that are not the caller's fault. It ends the
// handling of the request.
func Write(c *gin.Context, log *slog.Logger, err error) {
	p := Of(err)
	p.TraceID = TraceID(c)
	if known, ok := errors.AsType[*core.Error](err); ok && asksForChinese(c.Request) {
		p.Detail = messages.Text(messages.Chinese, known.Format, known.Args...)
	}
	header := c.Writer.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", `Basic realm="Carillon", charset="UTF-8"`)
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", "1")
	}
	if p.Status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		log.ErrorContext(c.Request.Context(), "a request failed", "method", c.Request.Method, "path", c.Request.URL.Path,
			"status", p.Status, "trace", p.TraceID, "error", err)
	}
	body, err := json.Marshal(p)
	if err != nil {
		panic("problem: " + err.Error()) // a Problem holds nothing that JSON cannot say
	}
	c.Abort()
	c.Data(p.Status, MediaType, body)
}
