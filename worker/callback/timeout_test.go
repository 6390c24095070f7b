package callback

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// silent is a dial that connects to a target which takes everything and never says a word.
func silent(_ context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	return ours, nil
}

// swallowed is a dial whose packets are dropped.
func swallowed(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// These run in virtual time, so the limits are those that people use.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	header := func(values ...string) []core.Header {
		var headers []core.Header
		for _, v := range values {
			headers = append(headers, core.Header{Name: "SM-timeout", Value: v})
		}
		return headers
	}
	for name, c := range map[string]struct {
		change func(*Call)
		dial   func(ctx context.Context, network, address string) (net.Conn, error)
		after  time.Duration
		reason string
		warns  int
	}{
		"the default": {func(*Call) {}, silent, 5 * time.Second, "timed out after 5s while waiting for the answer", 0},
		"no default":  {func(c *Call) { c.DefaultTimeout = 0 }, silent, 10 * time.Second, "timed out after 10s while waiting for the answer", 0},
		"its own":     {func(c *Call) { c.Callback.Timeout = time.Minute; c.Callback.Headers = header("1") }, silent, time.Minute, "timed out after 1m0s while waiting for the answer", 0},
		"the header":  {func(c *Call) { c.Callback.Headers = header(" 2.5 ") }, silent, 2500 * time.Millisecond, "timed out after 2.5s while waiting for the answer", 0},
		"bad headers": {func(c *Call) { c.Callback.Headers = header("soon", "-1", "0", "1e3", "inf", "", ".", "0x1") }, silent, 5 * time.Second, "timed out after 5s while waiting for the answer", 8},
		"a huge one":  {func(c *Call) { c.Callback.Headers = header("99999999999") }, silent, core.MaxTimeout, "timed out after 24h0m0s while waiting for the answer", 0},
		"connecting":  {func(*Call) {}, swallowed, 5 * time.Second, "timed out after 5s while connecting", 0},
		"its connection": {func(c *Call) { c.Callback.ConnectTimeout = 2 * time.Second }, swallowed, 2 * time.Second,
			"timed out after 2s while connecting", 0},
		"a connection longer than the call": {func(c *Call) { c.Callback.ConnectTimeout = time.Hour }, swallowed, 5 * time.Second,
			"timed out after 5s while connecting", 0},
		"the handshake": {func(c *Call) { c.Callback.URL = "https://target/"; c.Callback.ConnectTimeout = 3 * time.Second }, silent, 3 * time.Second,
			"timed out after 3s while connecting (TLS handshake)", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := newClient(t, Options{Dial: c.dial})
				call := newCall("http://target/")
				c.change(&call)
				began := time.Now()
				out := client.Do(t.Context(), call)
				require.Equal(t, core.RunTimedOut, out.State)
				require.Equal(t, c.reason, out.Result.Reason)
				require.Equal(t, c.after, time.Since(began))
				require.True(t, out.Retryable)
				require.Equal(t, time.Now(), out.AnsweredAt)
				require.Len(t, out.Result.Log, c.warns+1)
				for _, line := range out.Result.Log[:c.warns] {
					require.Equal(t, "warn", line.Level)
				}
				// No dial outlives the call: the bubble would not end.
			})
		})
	}
}

func TestTimeoutWhileReading(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half of ")
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	})
	call := newCall(s.URL)
	call.Callback.Timeout = 500 * time.Millisecond
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunTimedOut, out.State)
	require.Equal(t, "timed out after 500ms while reading the answer", out.Result.Reason)
	require.Equal(t, "half of ", string(out.Result.Response))
	require.True(t, out.Result.Truncated)
	require.Equal(t, 200, out.Result.Status)
}

func TestTimeoutCoversRedirects(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/end") {
			hang(w, r)
			return
		}
		http.Redirect(w, r, "/end", http.StatusFound)
	})
	call := newCall(s.URL)
	call.Callback.Timeout = 500 * time.Millisecond
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunTimedOut, out.State)
	require.Equal(t, "timed out after 500ms while waiting for the answer", out.Result.Reason)
}

func TestTimeoutIsNotTheCallersEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		out := newClient(t, Options{Dial: silent}).Do(ctx, newCall("http://target/"))
		require.Equal(t, core.RunCancelled, out.State)
	})
}
