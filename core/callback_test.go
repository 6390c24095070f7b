package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func validCallback() core.Callback {
	return core.Callback{Method: "POST", URL: "https://example.org/hook?x={{parent.result}}"}
}

func TestCallbackValidate(t *testing.T) {
	t.Parallel()
	type callback = core.Callback
	header := func(name, value string) func(*callback) {
		return func(c *callback) { c.Headers = []core.Header{{Name: name, Value: value}} }
	}
	success := func(r core.SuccessRule) func(*callback) { return func(c *callback) { c.Success = r } }
	checkRefusals(t, validCallback, (*callback).Validate, []refusal[callback]{
		{"no method", "callback.method", core.CodeRule, func(c *callback) { c.Method = "" }},
		{"method in lower case", "callback.method", core.CodeRule, func(c *callback) { c.Method = "post" }},
		{"unknown method", "callback.method", core.CodeRule, func(c *callback) { c.Method = "TRACE" }},

		{"no URL", "callback.url", core.CodeRule, func(c *callback) { c.URL = "" }},
		{"URL too long", "callback.url", core.CodeRule, func(c *callback) { c.URL = "http://a/" + strings.Repeat("x", core.MaxURL) }},
		{"URL is not UTF-8", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "http://a/\xff" }},
		{"relative URL", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "/hook" }},
		{"URL without host", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "http:///hook" }},
		{"URL of another scheme", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "ftp://example.org/" }},
		{"URL with a bad escape", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "http://example.org/%zz" }},
		{"URL with a control character", "callback.url", core.CodeMalformed, func(c *callback) { c.URL = "http://example.org/\n" }},

		{"body is not UTF-8", "callback.body", core.CodeMalformed, func(c *callback) { c.Body = "\xff" }},
		{"body too long", "callback.body", core.CodeRule, func(c *callback) { c.Body = strings.Repeat("x", core.MaxBody+1) }},
		{"form key missing", "callback.form", core.CodeRule, func(c *callback) { c.Form = []core.Param{{Value: "v"}} }},
		{"form key is not UTF-8", "callback.form", core.CodeMalformed, func(c *callback) { c.Form = []core.Param{{Key: "\xff"}} }},
		{"form value is not UTF-8", "callback.form", core.CodeMalformed, func(c *callback) { c.Form = []core.Param{{Key: "k", Value: "\xff"}} }},
		{"form too long", "callback.form", core.CodeRule, func(c *callback) {
			c.Form = []core.Param{{Key: "k", Value: strings.Repeat("x", core.MaxBody)}}
		}},
		{"form with too many fields", "callback.form", core.CodeRule, func(c *callback) { c.Form = make([]core.Param, core.MaxParams+1) }},

		{"negative timeout", "callback.timeout", core.CodeRule, func(c *callback) { c.Timeout = -1 }},
		{"timeout too long", "callback.timeout", core.CodeRule, func(c *callback) { c.Timeout = core.MaxTimeout + 1 }},
		{"negative connect timeout", "callback.connectTimeout", core.CodeRule, func(c *callback) { c.ConnectTimeout = -1 }},
		{"connect timeout too long", "callback.connectTimeout", core.CodeRule, func(c *callback) { c.ConnectTimeout = core.MaxTimeout + 1 }},
		{"too many redirects", "callback.redirects", core.CodeRule, func(c *callback) { c.Redirects = core.MaxRedirects + 1 }},

		{"too many headers", "callback.headers", core.CodeRule, func(c *callback) { c.Headers = make([]core.Header, core.MaxHeaders+1) }},
		{"header without name", "callback.headers", core.CodeMalformed, header("", "v")},
		{"header name with a space", "callback.headers", core.CodeMalformed, header("X Y", "v")},
		{"header name with a colon", "callback.headers", core.CodeMalformed, header("X:", "v")},
		{"header name not ASCII", "callback.headers", core.CodeMalformed, header("Überschrift", "v")},
		{"header name too long", "callback.headers", core.CodeMalformed, header(strings.Repeat("x", 201), "v")},
		{"header value breaks the line", "callback.headers", core.CodeMalformed, header("X", "a\r\nY: b")},
		{"header value with a zero byte", "callback.headers", core.CodeMalformed, header("X", "a\x00")},
		{"header value is not UTF-8", "callback.headers", core.CodeMalformed, header("X", "\xff")},
		{"header value too long", "callback.headers", core.CodeRule, header("X", strings.Repeat("v", core.MaxHeaderValue+1))},

		{"header remark is not UTF-8", "callback.headers", core.CodeMalformed, func(c *callback) {
			c.Headers = []core.Header{{Name: "X", Remark: "\xff"}}
		}},

		{"content type breaks the line", "callback.contentType", core.CodeMalformed, func(c *callback) { c.ContentType = "a/b\r\nX: y" }},
		{"content type too long", "callback.contentType", core.CodeMalformed, func(c *callback) { c.ContentType = strings.Repeat("x", 201) }},
		{"content type is not UTF-8", "callback.contentType", core.CodeMalformed, func(c *callback) { c.ContentType = "\xff" }},

		{"secret too long", "callback.secret", core.CodeRule, func(c *callback) { c.Secret = strings.Repeat("x", 501) }},
		{"secret is not UTF-8", "callback.secret", core.CodeMalformed, func(c *callback) { c.Secret = "\xff" }},
		{"secret is not base64", "callback.secret", core.CodeMalformed, func(c *callback) { c.Secret = "whsec_!" }},
		{"secret too short", "callback.secret", core.CodeMalformed, func(c *callback) { c.Secret = "whsec_YWJj" }},

		{"bad status", "callback.success.statuses", core.CodeMalformed, success(core.SuccessRule{Statuses: "2xx"})},
		{"bad regex", "callback.success.regex", core.CodeMalformed, success(core.SuccessRule{Regex: "("})},
		{"regex too long", "callback.success.regex", core.CodeRule, success(core.SuccessRule{Regex: strings.Repeat("x", 1001)})},
		{"contains too long", "callback.success.contains", core.CodeRule, success(core.SuccessRule{Contains: strings.Repeat("x", 1001)})},
		{"contains is not UTF-8", "callback.success.contains", core.CodeMalformed, success(core.SuccessRule{Contains: "\xff"})},
		{"JSON path too long", "callback.success.jsonPath", core.CodeRule, success(core.SuccessRule{JSONPath: strings.Repeat("x", 1001)})},
		{"JSON value too long", "callback.success.jsonEquals", core.CodeRule, success(core.SuccessRule{JSONPath: "ok", JSONEquals: strings.Repeat("x", 1001)})},
		{"JSON value without path", "callback.success.jsonEquals", core.CodeRule, success(core.SuccessRule{JSONEquals: "1"})},
	})
}

func TestCallbackAtItsLimits(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*core.Callback){
		"every method":         func(c *core.Callback) { c.Method = "OPTIONS" },
		"longest URL":          func(c *core.Callback) { c.URL = "http://a/" + strings.Repeat("é", core.MaxURL-9) },
		"templates":            func(c *core.Callback) { c.URL = "http://{{parent.result}}.example.org/{{parent.result}}" },
		"longest body":         func(c *core.Callback) { c.Body = strings.Repeat("x", core.MaxBody) },
		"longest timeout":      func(c *core.Callback) { c.Timeout, c.ConnectTimeout = core.MaxTimeout, time.Nanosecond },
		"no redirects":         func(c *core.Callback) { c.Redirects = -1 },
		"most redirects":       func(c *core.Callback) { c.Redirects = core.MaxRedirects },
		"header of every kind": func(c *core.Callback) { c.Headers = []core.Header{{Name: "X-!#$%&'*+-.^_`|~1", Value: "Grüße\t"}} },
		"empty form value":     func(c *core.Callback) { c.Form = []core.Param{{Key: "k"}} },
		"secret of any text":   func(c *core.Callback) { c.Secret = "s" },
		"secret in base64":     func(c *core.Callback) { c.Secret = "whsec_YWJjZGVmZ2g=" },
		"whole success rule": func(c *core.Callback) {
			c.Success = core.SuccessRule{Statuses: "200-299, 304", Contains: "ok", Regex: `^\d+$`, JSONPath: "a.0.b", JSONEquals: "1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := validCallback()
			change(&c)
			require.NoError(t, c.Validate())
		})
	}
}

func TestParseStatuses(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]core.StatusRange{
		"":                      {{From: 200, To: 299}},
		"  ":                    {{From: 200, To: 299}},
		"204":                   {{From: 204, To: 204}},
		"200-299,304":           {{From: 200, To: 299}, {From: 304, To: 304}},
		" 100 - 199 , 500-599 ": {{From: 100, To: 199}, {From: 500, To: 599}},
		"404,404":               {{From: 404, To: 404}, {From: 404, To: 404}},
		"200-200":               {{From: 200, To: 200}},
	} {
		got, err := core.ParseStatuses(list)
		require.NoError(t, err, list)
		require.Equal(t, want, got, list)
	}
	for _, list := range []string{"99", "600", "299-200", "200-", "-299", "2xx", "200,,201", "200;201", "200-299-300", ",", "0x200", "200-600"} {
		_, err := core.ParseStatuses(list)
		requireField(t, err, "callback.success.statuses", list)
	}
}
