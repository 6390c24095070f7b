package callback

import (
	"context"
	"io"
	"net"
	"net/http"
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
				call.DefaultTimeout = 5 * time.Second
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

// The limit is that of the whole call, wherever it has got to and however it travels.
func TestTimeoutsOfATargetThatAnswers(t *testing.T) {
	t.Parallel()
	const limit = 1500 * time.Millisecond
	for name, c := range map[string]struct {
		path, reason string
		secure       bool
		check        func(t *testing.T, out core.Outcome)
	}{
		"while reading": {"/half", "timed out after 1.5s while reading the answer", false, func(t *testing.T, out core.Outcome) {
			require.Equal(t, "half of ", string(out.Result.Response))
			require.True(t, out.Result.Truncated)
			require.Equal(t, 200, out.Result.Status)
		}},
		"behind a redirect": {"/slow", "timed out after 1.5s while waiting for the answer", false, func(t *testing.T, out core.Outcome) {
			require.Contains(t, out.Result.Log[0].Text, "redirected by 302 Found")
		}},
		"over HTTP/2": {"/hang", "timed out after 1.5s while waiting for the answer", true, nil},
		"while reading over HTTP/2": {"/half", "timed out after 1.5s while reading the answer", true, func(t *testing.T, out core.Outcome) {
			require.Equal(t, "half of ", string(out.Result.Response))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var major int
				s, dial := newPiped(t, func(w http.ResponseWriter, r *http.Request) {
					major = r.ProtoMajor
					switch r.URL.Path {
					case "/slow":
						time.Sleep(time.Second)
						http.Redirect(w, r, "/hang", http.StatusFound)
						return
					case "/half":
						_, _ = io.WriteString(w, "half of ")
						_ = http.NewResponseController(w).Flush()
					}
					hang(w, r)
				})
				call := newCall("http://example.com" + c.path)
				call.Callback.Timeout = limit
				if c.secure {
					s.EnableHTTP2 = true
					s.StartTLS()
					call.Callback.URL = "https://example.com" + c.path
					call.Callback.TLS.CA = authorityOf(s)
				} else {
					s.Start()
				}
				began := time.Now()
				out := newClient(t, Options{Dial: dial}).Do(t.Context(), call)
				require.Equal(t, core.RunTimedOut, out.State, out.Result.Reason)
				require.Equal(t, c.reason, out.Result.Reason)
				require.Equal(t, limit, time.Since(began))
				if c.check != nil {
					c.check(t, out)
				}
				s.Close()
				require.Equal(t, map[bool]int{false: 1, true: 2}[c.secure], major)
			})
		})
	}
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
