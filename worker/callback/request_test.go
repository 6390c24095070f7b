package callback

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	form := []core.Param{{Key: "order id", Value: "a&b=c"}, {Key: "名", Value: "值 +~"}, {Key: "order id", Value: ""}, {Key: "a", Value: "1"}}
	const encoded = "order+id=a%26b%3Dc&%E5%90%8D=%E5%80%BC+%2B~&order+id=&a=1"
	for name, c := range map[string]struct {
		callback               core.Callback
		path                   string
		method, uri, body, typ string
	}{
		"json as it stands": {core.Callback{Method: "POST", ContentType: "application/json", Body: `{ "名": "值" }`}, "/x",
			"POST", "/x", `{ "名": "值" }`, "application/json"},
		"form in the given order": {core.Callback{Method: "POST", Form: form}, "/x",
			"POST", "/x", encoded, "application/x-www-form-urlencoded"},
		"form with a type of its own": {core.Callback{Method: "PUT", Form: form, ContentType: "application/x-www-form-urlencoded; charset=utf-8"}, "/x",
			"PUT", "/x", encoded, "application/x-www-form-urlencoded; charset=utf-8"},
		"form instead of a body": {core.Callback{Method: "POST", Form: form, Body: "other"}, "/x",
			"POST", "/x", encoded, "application/x-www-form-urlencoded"},
		"form of a GET": {core.Callback{Method: "GET", Form: form, ContentType: "application/x-www-form-urlencoded"}, "/x",
			"GET", "/x?" + encoded, "", ""},
		"form of a GET with a query": {core.Callback{Method: "GET", Form: form}, "/x?q=1",
			"GET", "/x?q=1&" + encoded, "", ""},
		"form of a HEAD": {core.Callback{Method: "HEAD", Form: form[3:]}, "/x",
			"HEAD", "/x?a=1", "", ""},
		"GET with a body": {core.Callback{Method: "GET", Body: "{}", ContentType: "application/json"}, "/x",
			"GET", "/x", "{}", "application/json"},
		"DELETE with a body": {core.Callback{Method: "DELETE", Body: "{}", ContentType: "application/json"}, "/x",
			"DELETE", "/x", "{}", "application/json"},
		"empty POST": {core.Callback{Method: "POST", ContentType: "application/json"}, "/x",
			"POST", "/x", "", "application/json"},
		"query that must be escaped": {core.Callback{Method: "GET"}, "/a b?q=a b&n=名&done=%20+\"<",
			"GET", "/a%20b?q=a%20b&n=%E5%90%8D&done=%20+%22%3C", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTarget(t, say(204, ""))
			call := newCall("")
			call.Callback = c.callback
			call.Callback.URL = s.URL + c.path
			out := newClient(t, Options{}).Do(t.Context(), call)
			require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
			got := s.last(t)
			require.Equal(t, c.method, got.method)
			require.Equal(t, c.uri, got.uri)
			require.Equal(t, c.body, got.body)
			require.Equal(t, c.typ, got.header.Get("Content-Type"))
			if c.method == "POST" {
				require.NotContains(t, got.header, "Transfer-Encoding")
			}
		})
	}
}

func TestRequestThatCannotBeMade(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Call){
		"no URL":          func(c *Call) { c.Callback.URL = "" },
		"no host":         func(c *Call) { c.Callback.URL = "http://:80/" },
		"another scheme":  func(c *Call) { c.Callback.URL = "ftp://user:hunter2@host/" },
		"a bad port":      func(c *Call) { c.Callback.URL = "http://user:hunter2/x@host/" },
		"a bad method":    func(c *Call) { c.Callback.Method = "GE T" },
		"a bad secret":    func(c *Call) { c.Callback.Secret = "whsec_hunter2!" },
		"a bad header":    func(c *Call) { c.Callback.Headers = []core.Header{{Name: "X", Value: "hunter2\x01"}} },
		"a bad CA":        func(c *Call) { c.Callback.TLS.CA = "hunter2" },
		"a bad key":       func(c *Call) { c.Callback.TLS.Key = "hunter2" },
		"a huge template": func(c *Call) { c.Callback.Body = strings.Repeat("{{parent.result}}", 100) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := newCall("http://127.0.0.1:1/")
			call.HasParent, call.ParentResult = true, make([]byte, core.MaxResponse)
			change(&call)
			out := newClient(t, Options{}).Do(t.Context(), call)
			require.Equal(t, core.RunFailed, out.State)
			require.False(t, out.Retryable, out.Result.Reason)
			require.NotContains(t, out.Result.Reason, "refused", "it must not be sent")
			require.NotContains(t, out.Result.Reason, "hunter2")
			require.NotEmpty(t, out.Result.Log)
			require.False(t, out.AnsweredAt.IsZero())
		})
	}
}

func TestRequestIsShownWithoutPassword(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	call := newCall(strings.Replace(s.URL, "http://", "http://ann:hunter2@", 1))
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, strings.Replace(s.URL, "http://", "POST http://ann:xxxxx@", 1), out.Result.Request)
	user, password, ok := (&http.Request{Header: s.last(t).header}).BasicAuth()
	require.True(t, ok)
	require.Equal(t, "ann hunter2", user+" "+password)

	call.Callback.Headers = []core.Header{{Name: "authorization", Value: "Bearer mine"}}
	newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, "Bearer mine", s.last(t).header.Get("Authorization"))
}
