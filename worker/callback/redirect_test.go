package callback

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// hops answers /N by a redirect to /N-1 and /0 by "arrived".
func hops(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Path[1:])
		if n == 0 {
			say(200, "arrived")(w, r)
			return
		}
		http.Redirect(w, r, "/"+strconv.Itoa(n-1), status)
	}
}

func TestRedirectMethods(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method string
		status int
		then   string
		body   string
	}{
		{"POST", 301, "GET", ""}, {"POST", 302, "GET", ""}, {"PUT", 303, "GET", ""}, {"DELETE", 302, "GET", ""},
		{"HEAD", 302, "HEAD", ""}, {"GET", 303, "GET", ""},
		{"POST", 307, "POST", `{"a":1}`}, {"PUT", 308, "PUT", `{"a":1}`},
	} {
		s := newTarget(t, hops(c.status))
		call := newCall(s.URL + "/2")
		call.Callback.Method = c.method
		out := newClient(t, Options{}).Do(t.Context(), call)
		require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
		got := s.last(t)
		require.Equal(t, c.then, got.method)
		require.Equal(t, c.body, got.body)
		require.Equal(t, c.body != "", got.header.Get("Content-Type") != "", "the type goes with the body")
		require.Equal(t, runID, got.header.Get(headerRunID))
		require.Equal(t, occurrenceID, got.header.Get(headerIdempotencyKey))
		require.Equal(t, c.method+" "+s.URL+"/2", out.Result.Request)
		require.Len(t, out.Result.Log, 3)
		require.Equal(t, "redirected by "+statusText(c.status)+" to "+c.then+" "+s.URL+"/1", out.Result.Log[0].Text)
	}
}

func TestRedirectLimits(t *testing.T) {
	t.Parallel()
	s := newTarget(t, hops(302))
	client := newClient(t, Options{})
	for _, c := range []struct {
		limit, hops int
		state       core.RunState
		reason      string
	}{
		{0, 10, core.RunSucceeded, "answered 200 OK"},
		{0, 11, core.RunFailed, "redirected more than 10 times"},
		{1, 1, core.RunSucceeded, "answered 200 OK"},
		{1, 2, core.RunFailed, "redirected more than 1 times"},
		{-1, 1, core.RunFailed, "answered 302 Found"},
		{1000, 30, core.RunFailed, "redirected more than 20 times"},
	} {
		call := newCall(s.URL + "/" + strconv.Itoa(c.hops))
		call.Callback.Redirects = c.limit
		out := client.Do(t.Context(), call)
		require.Equal(t, c.state, out.State)
		require.Equal(t, c.reason, out.Result.Reason)
		require.Equal(t, c.state == core.RunFailed, out.Retryable)
		require.NotZero(t, out.Result.Status)
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	out := newClient(t, Options{}).Do(t.Context(), newCall(s.URL))
	require.Equal(t, "redirected more than 10 times", out.Result.Reason)
	require.Len(t, s.requests, 11)
}

func TestRedirectAcrossHosts(t *testing.T) {
	t.Parallel()
	far := newTarget(t, say(200, ""))
	location := strings.Replace(far.URL, "127.0.0.1", "localhost", 1)
	near := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/near", http.StatusTemporaryRedirect)
			return
		}
		http.Redirect(w, r, location+"/far", http.StatusTemporaryRedirect)
	})
	call := newCall(near.URL)
	call.Callback.Headers = []core.Header{{Name: "Authorization", Value: "Bearer x"}, {Name: "Cookie", Value: "a=1"}, {Name: "X-Mine", Value: "1"}, {Name: "Host", Value: "shop.example"}}
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)

	first, second, last := near.requests[0], near.last(t), far.last(t)
	require.Equal(t, "shop.example", first.host)
	require.Equal(t, "shop.example", second.host, "a relative redirect keeps the host")
	require.Equal(t, "Bearer x", second.header.Get("Authorization"))
	require.Equal(t, strings.TrimPrefix(location, "http://"), last.host)
	require.NotContains(t, last.header, "Authorization")
	require.NotContains(t, last.header, "Cookie")
	require.Equal(t, "1", last.header.Get("X-Mine"))
	require.Equal(t, runID, last.header.Get(headerRunID))
}

func TestRedirectToNowhere(t *testing.T) {
	t.Parallel()
	for location, reason := range map[string]string{
		"http://[::1":       "redirected to a URL that cannot be read",
		"ftp://example.com": "redirected to a URL that is not http or https",
		"http:///x":         "redirected to a URL that is not http or https",
		"":                  "answered 302 Found",
	} {
		s := newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		out := newClient(t, Options{}).Do(t.Context(), newCall(s.URL))
		require.Equal(t, core.RunFailed, out.State)
		require.Equal(t, reason, out.Result.Reason, location)
		require.Equal(t, 302, out.Result.Status)
	}
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"http://a.example", "http://A.example:81", true},
		{"http://a.example", "https://b.a.example", true},
		{"http://a.example", "http://ba.example", false},
		{"http://b.a.example", "http://a.example", false},
		{"https://a.example", "http://a.example", false},
		{"http://[::1]", "http://[::1]", true},
		{"http://a.example", "http://[fe80::1%25.a.example]", false},
	} {
		from, err := url.Parse(c.from)
		require.NoError(t, err)
		to, err := url.Parse(c.to)
		require.NoError(t, err)
		require.Equal(t, c.want, trusted(from, to), "%s to %s", c.from, c.to)
	}
}
