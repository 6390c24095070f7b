package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// rawTarget listens and has each connection answered by a function once its request has come. It gives a URL.
func rawTarget(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				// What is left unread when a connection is closed has it reset.
				if _, err := io.ReadAll(r.Body); err == nil {
					answer(conn)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/"
}

// forever writes a text again and again until the other end has had enough.
func forever(w io.Writer, text []byte) {
	for {
		if _, err := w.Write(text); err != nil {
			return
		}
	}
}

// badTarget is one that does not do as targets should, and what its run is recorded as.
type badTarget struct {
	name, url string
	success   object
	state     core.RunState
	reason    string
}

// timeout is one that whatever the target does comes before, or that it is kept waiting for.
func (b *badTarget) timeout() time.Duration {
	if b.state == core.RunTimedOut {
		return 4 * time.Second
	}
	return soon
}

func badTargets(t *testing.T, s *sink) []badTarget {
	t.Helper()
	s.answer("/silent", func(_ http.ResponseWriter, r *http.Request, _ arrival) { <-r.Context().Done() })
	s.answer("/stalls", func(w http.ResponseWriter, r *http.Request, _ arrival) {
		io.WriteString(w, "succ")
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s.answer("/drips", func(w http.ResponseWriter, r *http.Request, _ arrival) {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for r.Context().Err() == nil {
			<-tick.C
			io.WriteString(w, ".")
			http.NewResponseController(w).Flush()
		}
	})
	s.answer("/floods", func(w http.ResponseWriter, _ *http.Request, _ arrival) {
		forever(w, bytes.Repeat([]byte("a"), 32<<10))
	})
	s.answer("/round", func(w http.ResponseWriter, r *http.Request, _ arrival) {
		http.Redirect(w, r, "/round?again", http.StatusTemporaryRedirect)
	})
	closed := rawTarget(t, func(conn net.Conn) {})
	resets := rawTarget(t, func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) })
	garbage := rawTarget(t, func(conn net.Conn) { conn.Write([]byte("\x00\xff\xfe no HTTP at all\r\n\r\n")) })
	headers := rawTarget(t, func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		forever(conn, []byte("X-More: and more, and more, and more\r\n"))
	})
	waits := rawTarget(t, func(conn net.Conn) { forever(conn, []byte("HTTP/1.1 102 Processing\r\n\r\n")) })
	return []badTarget{
		{"silent", s.URL + "/silent", nil, core.RunTimedOut, "timed out after 4s while waiting for the answer"},
		{"stalls", s.URL + "/stalls", nil, core.RunTimedOut, "timed out after 4s while reading the answer"},
		{"drips", s.URL + "/drips", nil, core.RunTimedOut, "timed out after 4s while reading the answer"},
		{"floods", s.URL + "/floods", nil, core.RunSucceeded, "answered 200 OK"},
		{"floods without the word", s.URL + "/floods", object{"contains": "b"}, core.RunFailed, "in its first 65536 bytes"},
		{"redirects for ever", s.URL + "/round", nil, core.RunFailed, "redirected more than 10 times"},
		{"closes", closed, nil, core.RunFailed, "the target closed the connection without an answer"},
		{"resets", resets, nil, core.RunFailed, "connection reset by peer"},
		{"garbage", garbage, nil, core.RunFailed, "malformed HTTP"},
		{"endless head", headers, nil, core.RunFailed, "headers exceeded"},
		{"endless promises", waits, nil, core.RunFailed, "headers exceeded"},
		{"not there", "http://" + freeAddr(t) + "/", nil, core.RunFailed, "connection refused"},
		{"forbidden", "http://169.254.169.254/latest/meta-data", nil, core.RunFailed, "169.254.169.254"},
	}
}

// A target that misbehaves costs one slot until its timeout. Its run says what it did, and others are on time meanwhile.
func TestBadTargets(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	bad := badTargets(t, target)
	slots := len(bad) + 1
	s := serve(t, "serve", t.TempDir(), "--maxc", strconv.Itoa(slots))
	s.delayAt(target.URL+"/good", spread(time.Now().Add(time.Second), 100, 25*time.Millisecond), nil)
	start := time.Now().Add(time.Second).UTC().Truncate(time.Second).Format(time.RFC3339)
	ids := make([]string, len(bad))
	for i, b := range bad {
		callback := object{"method": "POST", "url": b.url, "timeout": b.timeout().String(), "body": "{}"}
		if b.success != nil {
			callback["success"] = b.success
		}
		ids[i] = s.startTask(httpTask("", object{"kind": "once", "start": start}, object{"title": b.name, "callback": callback}))
	}
	for _, a := range target.await("/good", 100, soon) {
		require.Less(t, a.late(), machine.allows(time.Second), "others are on time")
	}
	for i, b := range bad {
		var runs []v1.Run
		eventually(t, soon, func() bool {
			runs = list[v1.Run](s.api, "/runs?taskId="+ids[i])
			return len(runs) == 1 && core.RunState(runs[0].State).Final()
		}, "%s has ended", b.name)
		require.Equal(t, string(b.state), runs[0].State, "%s: %s", b.name, runs[0].Reason)
		require.Contains(t, runs[0].Reason, b.reason, b.name)
		took := instant(t, runs[0].AnsweredAt).Sub(instant(t, runs[0].DispatchedAt))
		if b.state == core.RunTimedOut {
			took -= b.timeout()
		}
		require.Less(t, took, machine.allows(time.Second), b.name)
		if b.name == "floods" {
			var run v1.Run
			s.do(http.StatusOK, http.MethodGet, "/runs/"+runs[0].ID, nil, &run)
			require.True(t, run.Answer.Truncated)
			require.Equal(t, core.MaxResponse, len(run.Answer.Body))
		}
	}
	release := target.hold("/held")
	held := s.delayAt(target.URL+"/held", spread(time.Now(), slots, 0), nil)
	target.await("/held", slots, soon)
	release()
	s.awaitDelayed(core.DelayedSucceeded, held...)
}
