package v1

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		body   string
		status int
		field  string
		detail string
	}{
		"nothing":         {"", 400, "", "a JSON body is required"},
		"blank":           {" \n", 400, "", "a JSON body is required"},
		"cut":             {"{\"title\":\n  \"x", 400, "", "line 2, column 4: unexpected end of JSON input"},
		"not JSON":        {"title=x", 400, "", "line 1, column 2: invalid character 'i' in literal true"},
		"a comma":         {"{\n  \"title\": \"王\",\n  \"kind\": \"http\",\n}", 400, "", "line 4, column 1: invalid character '}'"},
		"two values":      {"{}{}", 400, "", "line 1, column 3: invalid character '{' after top-level value"},
		"an array":        {"[]", 400, "", "must be an object, not an array"},
		"not UTF-8":       {"{\"title\":\"\xff\"}", 400, "", "not valid UTF-8"},
		"unknown":         {`{"titel":"x"}`, 400, "titel", "is not a field here; the fields here are: kind, title, "},
		"unknown inside":  {`{"callback":{"headers":[{"name":"a","value":"b"},{"nam":"x"}]}}`, 400, "callback.headers[1].nam", "fields here are: name, value, remark"},
		"other case":      {`{"Title":"x"}`, 400, "Title", "is not a field here"},
		"twice":           {`{"title":"x","title":"y"}`, 400, "title", "is given twice"},
		"twice inside":    {`{"schedule":{"kind":"cron","kind":"once"}}`, 400, "schedule.kind", "is given twice"},
		"a number":        {`{"title":1}`, 400, "title", "must be a string, not a number"},
		"an object":       {`{"callback":{"url":{}}}`, 400, "callback.url", "must be a string, not an object"},
		"a string":        {`{"keepers":["1"]}`, 400, "keepers", "must be a whole number, not a string"},
		"a fraction":      {`{"retry":{"count":1.5}}`, 400, "retry.count", "must be a whole number, not a number"},
		"no array":        {`{"children":"x"}`, 400, "children", "must be an array, not a string"},
		"no bool":         {`{"atMostOnce":"true"}`, 400, "atMostOnce", "must be true or false, not a string"},
		"seconds":         {`{"callback":{"timeout":10}}`, 400, "callback.timeout", `must be a duration in a string, such as "10s", not a number`},
		"Unix time":       {`{"schedule":{"start":1767366245}}`, 400, "schedule.start", "must be an instant in a string"},
		"no duration":     {`{"callback":{"connectTimeout":"10"}}`, 400, "callback.connectTimeout", `"10" is not a duration such as "10s"`},
		"no instant":      {`{"schedule":{"kind":"once","start":"2026-01-02 15:04:05"}}`, 400, "schedule.start", "is not an instant after RFC 3339"},
		"retry.delay":     {`{"retry":{"delay":"soon"}}`, 400, "retry.delay", "is not a duration"},
		"retry.maxDelay":  {`{"retry":{"maxDelay":"later"}}`, 400, "retry.maxDelay", "is not a duration"},
		"misfireAfter":    {`{"misfireAfter":"1 minute"}`, 400, "misfireAfter", "is not a duration"},
		"interval":        {`{"schedule":{"interval":"x"}}`, 400, "schedule.interval", "is not a duration"},
		"end":             {`{"schedule":{"end":"tomorrow"}}`, 400, "schedule.end", "is not an instant"},
		"no secret kept":  {`{"callback":{"secret":"***"}}`, 422, "callback.secret", "*** stands for a secret that is kept"},
		"no key kept":     {`{"callback":{"tls":{"key":"***"}}}`, 422, "callback.tls.key", "*** stands for a secret that is kept"},
		"too large":       {`{"title":"` + strings.Repeat("x", maxBody) + `"}`, 413, "", "larger than 1048576 bytes"},
		"nested for ever": {strings.Repeat("[", 100_000), 400, "", "line 1, column 10001: invalid character '[' exceeded max depth"},
	} {
		f := new(fakes)
		p := f.refused(t, c.status, call{method: http.MethodPost, path: "/tasks", body: c.body})
		require.Equal(t, c.field, p.Field, what)
		require.Contains(t, p.Detail, c.detail, what)
		require.Empty(t, f.calls, what)
	}
}

func TestBodyMustBeSaidToBeJSON(t *testing.T) {
	t.Parallel()
	for media, status := range map[string]int{
		"application/json": 201, "application/json; charset=utf-8": 201, "Application/JSON": 201,
		"": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "application/json; =": 415,
	} {
		w := new(fakes).do(t, call{method: http.MethodPost, path: "/tasks", body: "{}", header: map[string]string{"Content-Type": media}})
		require.Equal(t, status, w.Code, "%q: %s", media, w.Body)
	}
}

func TestActionsTakeNoBody(t *testing.T) {
	t.Parallel()
	for body, status := range map[string]int{"": 204, "{}": 204, "null": 204, `{"at":"now"}`: 400, "x": 400} {
		f := &fakes{}
		if status == 204 {
			status = 404 // the body is fine, and there is no such task
		}
		require.Equal(t, status, f.do(t, call{method: http.MethodPost, path: "/tasks/x/start", body: body}).Code, body)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"title":"x","callback":{"headers":[{"name":"a"}]},"schedule":{"kind":"cron"}}`))
	f.Add([]byte(`{"items":[{"topic":1}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if t, err := decode[Task](data); err == nil {
			_, _ = t.core(nil)
		}
		_, _ = decode[DelayedBatch](data)
		_, _ = decode[map[string]any](data)
	})
}
