package compat

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
)

// timeoutHeader gives a task its timeout, in seconds. It stays among the headers, where the worker looks for it.
const timeoutHeader = "sm-timeout"

// readCallback reads what an HTTP task calls. What the form cannot say is taken from saved, which may be nil.
func readCallback(f *form, saved *core.Callback) (*core.Callback, error) {
	cb := core.Callback{}
	if saved != nil {
		cb = *saved
	}
	cb.Method, cb.URL = strings.ToUpper(f.get("HttpMethod")), f.get("HttpRequestUrl")
	var err error
	if cb.Headers, err = readHeaders(f, &cb); err != nil {
		return nil, err
	}
	var isForm bool
	if cb.ContentType, isForm, err = readContentType(f, "HttpContentType"); err != nil {
		return nil, err
	}
	cb.Body, cb.Form = f.raw("HttpBody"), nil
	if len(cb.Body) > core.MaxBody {
		return nil, core.Broken("HttpBody", "has %d bytes; at most %d are allowed", len(cb.Body), core.MaxBody)
	}
	if isForm {
		cb.Form, err = parseParams("HttpBody", cb.Body)
		cb.Body = ""
		return &cb, err
	}
	if cb.Body != "" && !isJSON(cb.Body) {
		return nil, core.Malformed("HttpBody", "is not valid JSON")
	}
	return &cb, nil
}

// readContentType reads the type of a body: JSON or a form, with or without parameters. Absent, it is JSON.
func readContentType(f *form, field string) (contentType string, isForm bool, err error) {
	contentType = f.get(field)
	media, _, _ := strings.Cut(contentType, ";")
	switch media = strings.TrimSpace(media); {
	case contentType == "":
		return typeJSON, false, nil
	case foldEqual(media, typeJSON):
		return contentType, false, nil
	case foldEqual(media, typeForm):
		return contentType, true, nil
	}
	return "", false, core.Broken(field, "must be %s or %s", typeJSON, typeForm)
}

func readHeaders(f *form, cb *core.Callback) ([]core.Header, error) {
	params, err := parseParams("HttpHeaders", f.get("HttpHeaders"))
	if err != nil {
		return nil, err
	}
	var headers []core.Header
	for _, p := range params {
		if foldEqual(p.Key, timeoutHeader) {
			if !isSeconds(p.Value) {
				return nil, core.Broken("HttpHeaders", "the value of %s must be a number of seconds above 0", p.Key)
			}
			cb.Timeout = 0 // one set otherwise would count for more than the header
		}
		headers = append(headers, core.Header{Name: p.Key, Value: p.Value, Remark: p.Remark})
	}
	return headers, nil
}

// isSeconds says whether the worker can read a value as a timeout.
func isSeconds(value string) bool {
	value = strings.TrimSpace(value)
	n, err := strconv.ParseFloat(value, 64)
	return err == nil && n > 0 && strings.Trim(value, "0123456789.") == ""
}

// isJSON says whether a body is JSON, or will be once its templates are filled in: {{run.id}} and the like may stand
// where a value stands.
func isJSON(body string) bool {
	if json.Valid([]byte(body)) {
		return true
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(body, "{{")
		b.WriteString(before)
		if !found {
			return json.Valid([]byte(b.String()))
		}
		name, rest, closed := strings.Cut(after, "}}")
		if !closed || strings.ContainsAny(name, "{}\",") {
			return false
		}
		b.WriteByte('0')
		body = rest
	}
}
