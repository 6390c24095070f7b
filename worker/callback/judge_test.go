package callback

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestSuccessRule(t *testing.T) {
	t.Parallel()
	const doc = "\xef\xbb\xbf" + ` {"code": 0, "big": 12345678901234567890, "ok": true, "no": false, "nil": null, "s": "a\u00e9", "false": "false",
		"data": {"items": [{"id": 1.50}, [ 1, 2 ]], "0": "zero"}, "a.b": 1} `
	for name, c := range map[string]struct {
		rule   core.SuccessRule
		status int
		body   string
		reason string // empty: success
	}{
		"200":              {core.SuccessRule{}, 200, "", ""},
		"299":              {core.SuccessRule{}, 299, "", ""},
		"300":              {core.SuccessRule{}, 300, "", "answered 300 Multiple Choices"},
		"500":              {core.SuccessRule{}, 500, "", "answered 500 Internal Server Error"},
		"an unknown code":  {core.SuccessRule{}, 599, "", "answered 599"},
		"own statuses":     {core.SuccessRule{Statuses: "200, 400-404"}, 404, "", ""},
		"outside them":     {core.SuccessRule{Statuses: "200, 400-404"}, 201, "", "answered 201 Created"},
		"contains":         {core.SuccessRule{Contains: "success"}, 200, "<success/>", ""},
		"contains not":     {core.SuccessRule{Contains: "success"}, 200, "Success", `the answer does not contain "success"`},
		"status first":     {core.SuccessRule{Contains: "success"}, 500, "no", "answered 500 Internal Server Error"},
		"regex":            {core.SuccessRule{Regex: `^ok-\d+$`}, 200, "ok-12", ""},
		"regex not":        {core.SuccessRule{Regex: `^ok-\d+$`}, 200, "ok-", `the answer does not match "^ok-\\d+$"`},
		"all that is set":  {core.SuccessRule{Contains: "o", Regex: "k", JSONPath: "x"}, 200, "ok", "the answer is not JSON"},
		"number":           {core.SuccessRule{JSONPath: "code", JSONEquals: "0"}, 200, doc, ""},
		"large number":     {core.SuccessRule{JSONPath: "big", JSONEquals: "12345678901234567890"}, 200, doc, ""},
		"other number":     {core.SuccessRule{JSONPath: "code", JSONEquals: "1"}, 200, doc, `the value at "code" is "0", not "1"`},
		"number unquoted":  {core.SuccessRule{JSONPath: "data.items.0.id", JSONEquals: "1.50"}, 200, doc, ""},
		"name of digits":   {core.SuccessRule{JSONPath: "data.0", JSONEquals: "zero"}, 200, doc, ""},
		"text":             {core.SuccessRule{JSONPath: "s", JSONEquals: "aé"}, 200, doc, ""},
		"true":             {core.SuccessRule{JSONPath: "ok", JSONEquals: "true"}, 200, doc, ""},
		"there":            {core.SuccessRule{JSONPath: "code"}, 200, doc, ""},
		"there, the text":  {core.SuccessRule{JSONPath: "false"}, 200, doc, ""},
		"false":            {core.SuccessRule{JSONPath: "no"}, 200, doc, `the value at "no" is false`},
		"null":             {core.SuccessRule{JSONPath: "nil"}, 200, doc, `the value at "nil" is null`},
		"a list":           {core.SuccessRule{JSONPath: "data.items.1", JSONEquals: "[1,2]"}, 200, doc, ""},
		"outside the list": {core.SuccessRule{JSONPath: "data.items.2"}, 200, doc, `the answer has no value at "data.items.2"`},
		"below a number":   {core.SuccessRule{JSONPath: "code.x"}, 200, doc, `the answer has no value at "code.x"`},
		"other case":       {core.SuccessRule{JSONPath: "Code"}, 200, doc, `the answer has no value at "Code"`},
		"no JSON":          {core.SuccessRule{JSONPath: "code"}, 200, "<html>", "the answer is not JSON"},
		"no body":          {core.SuccessRule{JSONPath: "code"}, 200, "", "the answer is not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTarget(t, say(c.status, c.body))
			call := newCall(s.URL)
			call.Callback.Success = c.rule
			out := newClient(t, Options{}).Do(t.Context(), call)
			require.Len(t, out.Result.Log, 1)
			if c.reason == "" {
				require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
				require.False(t, out.Retryable)
				return
			}
			require.Equal(t, core.RunFailed, out.State)
			require.Equal(t, c.reason, out.Result.Reason)
			require.True(t, out.Retryable)
			require.Equal(t, c.body, string(out.Result.Response))
			require.Equal(t, "error", out.Result.Log[0].Level)
			require.Equal(t, 1, strings.Count(out.Result.Log[0].Text, statusText(c.status)), "the status is not said twice")
		})
	}
}

func TestSuccessRuleThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, "ok"))
	for _, rule := range []core.SuccessRule{{Regex: "("}, {Statuses: "x"}} {
		call := newCall(s.URL)
		call.Callback.Success = rule
		out := newClient(t, Options{}).Do(t.Context(), call)
		require.Equal(t, core.RunFailed, out.State)
		require.False(t, out.Retryable)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":               0,
		"30":             30 * time.Second,
		"-1":             0,
		"soon":           0,
		"4000000000":     core.MaxRetryDelay,
		"99999999999999": 0,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Hour).Format(http.TimeFormat):       0,
	} {
		require.Equal(t, want, retryAfter(value, now), value)
	}
	s := newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(503)
	})
	out := newClient(t, Options{}).Do(t.Context(), newCall(s.URL))
	require.Equal(t, 2*time.Minute, out.RetryAfter)
	require.True(t, out.Retryable)
}
