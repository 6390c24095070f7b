package callback

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestAnswerIsCut(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, core.MaxResponse - 1, core.MaxResponse, core.MaxResponse + 1, core.MaxResponse + answerDrain, 1 << 20} {
		s := newTarget(t, say(200, strings.Repeat("x", size)))
		out := newClient(t, Options{}).Do(t.Context(), newCall(s.URL))
		require.Equal(t, core.RunSucceeded, out.State)
		require.Len(t, out.Result.Response, min(size, core.MaxResponse))
		require.Equal(t, size > core.MaxResponse, out.Result.Truncated)
	}
}

func TestAnswerIsJudgedByWhatIsKept(t *testing.T) {
	t.Parallel()
	s := newTarget(t, say(200, strings.Repeat("x", core.MaxResponse)+"success"))
	call := newCall(s.URL)
	call.Callback.Success.Contains = "success"
	out := newClient(t, Options{}).Do(t.Context(), call)
	require.Equal(t, core.RunFailed, out.State)
	require.Equal(t, `the answer does not contain "success" in its first 65536 bytes`, out.Result.Reason)
}

func TestAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	block := make([]byte, 4096)
	for name, pause := range map[string]func(r *http.Request, written int) bool{
		"fast":               func(*http.Request, int) bool { return true },
		"stuck in the drain": func(r *http.Request, n int) bool { return n < core.MaxResponse+2*len(block) || never(r) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var written int
			done := make(chan struct{})
			s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				for pause(r, written) {
					n, err := w.Write(block)
					written += n
					if err != nil {
						return
					}
				}
			})
			call := newCall(s.URL)
			call.Callback.Timeout = time.Second
			out := newClient(t, Options{}).Do(t.Context(), call)
			require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
			require.Len(t, out.Result.Response, core.MaxResponse)
			require.True(t, out.Result.Truncated)
			<-done // the connection was closed
		})
	}
}

func never(r *http.Request) bool {
	<-r.Context().Done()
	return false
}

func TestAnswerInGzip(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "success")
		if r.URL.Path == "/bomb" {
			_, _ = z.Write(make([]byte, 64<<20))
		}
		_ = z.Close()
	})
	client := newClient(t, Options{})
	out := client.Do(t.Context(), newCall(s.URL))
	require.Equal(t, "success", string(out.Result.Response))
	out = client.Do(t.Context(), newCall(s.URL+"/bomb"))
	require.Equal(t, core.RunSucceeded, out.State)
	require.Len(t, out.Result.Response, core.MaxResponse)
	require.True(t, out.Result.Truncated)
}

func TestAnswerHeadersAreCleaned(t *testing.T) {
	t.Parallel()
	out := newClient(t, Options{}).Do(t.Context(), newCall(rawTarget(t, "HTTP/1.1 200 OK\r\nContent-Type: a\xff\x01b"+strings.Repeat("x", 300)+"\r\nContent-Length: 0\r\n\r\n", true)))
	require.LessOrEqual(t, len(out.Result.ContentType), maxContentType)
	require.NotContains(t, out.Result.ContentType, "\xff")
	require.NotContains(t, out.Result.ContentType, "\x01")
}

// rawTarget is a server that reads a request's head, writes answer and, after polite, closes; else it resets.
func rawTarget(t *testing.T, answer string, polite bool) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				req, err := http.ReadRequest(r)
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, answer)
				if !polite {
					_ = conn.(*net.TCPConn).SetLinger(0)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return "http://" + listener.Addr().String()
}

func TestBadTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		polite bool
		reason string
	}{
		"closes":            {"", true, "the target closed the connection without an answer"},
		"resets":            {"", false, "connection reset by peer"},
		"garbage":           {"\x00\xff garbage \x1b[31m\r\n\r\n", true, "malformed HTTP"},
		"endless garbage":   {strings.Repeat("garbage ", 100_000), true, "exceeded"},
		"half a head":       {"HTTP/1.1 200 OK\r\nContent-Type: text/", true, "before the answer was complete"},
		"huge headers":      {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxHeaderBytes) + "\r\n\r\n", true, "exceeded"},
		"many headers":      {"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: yyyyyyyyyyyyyyyy\r\n", 20_000) + "\r\n", true, "exceeded"},
		"half a body":       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", true, "before the answer was complete"},
		"half a chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf", true, "before the answer was complete"},
		"bad chunks":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf", true, "invalid byte in chunk length"},
		"bad gzip":          {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\nthis is not in gzip.", true, "gzip"},
		"another protocol":  {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", true, "switched to another protocol"},
		"an HTTP/2 preface": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", true, "malformed HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := newClient(t, Options{}).Do(t.Context(), newCall(rawTarget(t, c.answer, c.polite)))
			require.Equal(t, core.RunFailed, out.State)
			require.Contains(t, out.Result.Reason, c.reason)
			require.True(t, out.Retryable)
			require.LessOrEqual(t, len(out.Result.Reason), maxReason)
			require.True(t, headerSafe(out.Result.Reason))
			if strings.HasPrefix(name, "half a b") {
				require.Equal(t, "half", string(out.Result.Response))
				require.True(t, out.Result.Truncated)
			}
		})
	}
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	out := newClient(t, Options{}).Do(t.Context(), newCall(fmt.Sprintf("http://ann:hunter2@%s/", listener.Addr())))
	require.Equal(t, core.RunFailed, out.State)
	require.Contains(t, out.Result.Reason, "connection refused")
	require.NotContains(t, out.Result.Reason, "ann")
	require.True(t, out.Retryable)
	require.Zero(t, out.Result.Status)
	require.Len(t, out.Result.Log, 1)
	require.Equal(t, "error", out.Result.Log[0].Level)
}
