package callback

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	runID        = "0199f0a1-b2c3-8d4e-9f00-112233445566"
	occurrenceID = "0199f0a1-a000-8abc-8def-0123456789ab"
	taskID       = "5a1f6a52-7a0e-4c9e-8b61-0d6f2c1f9a10"
)

func newClient(t *testing.T, o Options) *Client {
	t.Helper()
	client, err := New(o)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// newCall is a POST of a small JSON body to url, with a limit that no busy machine comes to.
func newCall(url string) Call {
	return Call{
		RunID: runID, Token: 7, OccurrenceID: occurrenceID, TaskID: taskID, Trigger: "schedule", Attempt: 2,
		Due: time.Date(2026, 3, 1, 8, 30, 0, 250_000_000, time.UTC), DefaultTimeout: 10 * time.Minute,
		Callback: core.Callback{Method: "POST", URL: url, ContentType: "application/json", Body: `{"a":1}`},
	}
}

// seen is a request as a target saw it.
type seen struct {
	method, uri, host, body string
	header                  http.Header
}

// target is a server that notes what it is sent.
type target struct {
	*httptest.Server
	mu       sync.Mutex
	requests []seen
}

func newTarget(t *testing.T, answer http.HandlerFunc) *target {
	t.Helper()
	s := &target{}
	s.Server = httptest.NewServer(s.noting(answer))
	t.Cleanup(s.Close)
	return s
}

func (s *target) noting(answer http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests = append(s.requests, seen{r.Method, r.RequestURI, r.Host, string(body), r.Header.Clone()})
		s.mu.Unlock()
		answer(w, r)
	})
}

func (s *target) last(t *testing.T) seen {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.requests)
	return s.requests[len(s.requests)-1]
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hang keeps the request open until its caller goes away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func TestDoSucceeds(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "success")
	})
	before := time.Now()
	out := newClient(t, Options{}).Do(t.Context(), newCall(s.URL+"/pay?x=1"))

	require.Equal(t, core.RunSucceeded, out.State)
	require.Equal(t, runID, out.RunID)
	require.EqualValues(t, 7, out.Token)
	require.False(t, out.Retryable)
	require.Equal(t, "POST "+s.URL+"/pay?x=1", out.Result.Request)
	require.Equal(t, 200, out.Result.Status)
	require.Equal(t, "text/plain", out.Result.ContentType)
	require.Equal(t, "success", string(out.Result.Response))
	require.False(t, out.Result.Truncated)
	require.Equal(t, "answered 200 OK", out.Result.Reason)
	require.False(t, out.SentAt.Before(before))
	require.False(t, out.AnsweredAt.Before(out.SentAt))
	require.Len(t, out.Result.Log, 1)
	require.Equal(t, "info", out.Result.Log[0].Level)
	require.Regexp(t, `^200 OK in [0-9.]+(µs|ms|s), 7 bytes$`, out.Result.Log[0].Text)
}

func TestDoSentIsWhenTheConnectionIsThere(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, ""))
	var connected time.Time
	client := newClient(t, Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		connected = time.Now()
		return conn, err
	}})
	out := client.Do(t.Context(), newCall(s.URL))
	require.Equal(t, core.RunSucceeded, out.State)
	require.False(t, out.SentAt.Before(connected))
}

func TestDoReusesConnections(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(500, "no"))
	dials := 0
	client := newClient(t, Options{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials++
		return new(net.Dialer).DialContext(ctx, network, address)
	}})
	for range 5 {
		require.Equal(t, core.RunFailed, client.Do(t.Context(), newCall(s.URL)).State)
	}
	require.Equal(t, 1, dials)
}

func TestDoIsCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause  error
		reason string
	}{
		"with a cause": {errors.New("cancelled by ann"), "cancelled by ann"},
		"without":      {nil, "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancelCause(t.Context())
			s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
				cancel(c.cause)
				hang(w, r)
			})
			out := newClient(t, Options{}).Do(ctx, newCall(s.URL))
			require.Equal(t, core.RunCancelled, out.State)
			require.Equal(t, c.reason, out.Result.Reason)
			require.False(t, out.Retryable)
			require.False(t, out.AnsweredAt.IsZero())

			out = newClient(t, Options{}).Do(ctx, newCall(s.URL))
			require.Equal(t, core.RunCancelled, out.State, "cancelled before it began")
			require.Len(t, s.requests, 1)
		})
	}
}

func TestDoSurvivesAPanic(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, "kept"))
	client := newClient(t, Options{})
	client.regexes = nil
	call := newCall(s.URL)
	call.Callback.Success.Regex = "x"
	out := client.Do(t.Context(), call)
	require.Equal(t, core.RunFailed, out.State)
	require.Contains(t, out.Result.Reason, "internal error")
	require.Equal(t, runID, out.RunID)
	require.Equal(t, "kept", string(out.Result.Response))
}

func TestDoInParallel(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get(headerRunID)) })
	client := newClient(t, Options{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			call := newCall(s.URL)
			call.RunID = string(rune('a'+i%26)) + runID[1:]
			out := client.Do(t.Context(), call)
			if got := string(out.Result.Response); got != call.RunID {
				t.Errorf("got the answer of %s instead of %s: %s", got, call.RunID, out.Result.Reason)
			}
		})
	}
	wg.Wait()
}

func TestNewRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]Options{
		"idlePerHost": {IdlePerHost: -1},
		"userAgent":   {UserAgent: "a\r\nb"},
		"deny":        {Policy: Policy{Deny: []netip.Prefix{{}}}},
	} {
		_, err := New(o)
		var bad *core.Error
		require.ErrorAs(t, err, &bad)
		require.Equal(t, field, bad.Field)
	}
}
