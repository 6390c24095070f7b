package callback

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

// indirect makes a client whose requests all go through package http.
func indirect(t *testing.T, o Options) *Client {
	t.Helper()
	client := newClient(t, o)
	client.direct = nil
	return client
}

// A target sees the same request whichever way it comes.
func TestDirectSendsWhatPackageHTTPSends(t *testing.T) {
	t.Parallel()
	if !canBeQuiet {
		t.Skip("this system has one way only")
	}
	s := newTarget(t, say(200, "ok"))
	one, other := newClient(t, Options{}), indirect(t, Options{})
	name := rapid.StringMatching(`[A-Za-z][A-Za-z0-9!#$%&'*+.^_|~-]{0,12}`)
	rapid.Check(t, func(r *rapid.T) {
		call := newCall(s.URL + rapid.StringMatching(`(/([a-zé ;=,]|%2f){0,8}){0,3}(\?([a-z =&"+%ü]|%20){0,12})?(#x)?`).Draw(r, "path"))
		cb := &call.Callback
		cb.Method = rapid.SampledFrom([]string{"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"}).Draw(r, "method")
		cb.Body = rapid.SampledFrom([]string{"", "{}", "名", strings.Repeat("x", maxDirect), strings.Repeat("x", maxDirect+1)}).Draw(r, "body")
		for range rapid.IntRange(0, 4).Draw(r, "headers") {
			value := rapid.StringMatching("[ \ta-zé\"]{0,10}").Draw(r, "value")
			known := rapid.SampledFrom([]string{"", "Host", "accept-encoding", "Range", "User-Agent", "Content-Type", "Connection"}).Draw(r, "known")
			if known == "Host" {
				value = rapid.SampledFrom([]string{"shop.example", "shop.example:81", "[::1]:80", "名.example", "a b", ""}).Draw(r, "host")
			}
			if known == "" {
				known = name.Draw(r, "name")
			}
			cb.Headers = append(cb.Headers, core.Header{Name: known, Value: value})
		}
		first, second := one.Do(t.Context(), call), other.Do(t.Context(), call)
		require.Equal(r, core.RunSucceeded, first.State, first.Result.Reason)
		require.Equal(r, core.RunSucceeded, second.State, second.Result.Reason)
		s.mu.Lock()
		defer s.mu.Unlock()
		n := len(s.requests)
		require.Equal(r, s.requests[n-1], s.requests[n-2])
		require.Equal(r, second.Result.Response, first.Result.Response)
	})
}

// scripted is a target that answers each request on a connection with the next text, and closes behind the last one. It
// notes on which connection each request came.
type scripted struct {
	url   string
	mu    sync.Mutex
	conns []int
}

func newScripted(t *testing.T, answers ...string) *scripted {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &scripted{url: "http://" + listener.Addr().String()}
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	t.Cleanup(func() { listener.Close() })
	wg.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.serve(conn, n, answers) })
		}
	})
	return s
}

func (s *scripted) serve(conn net.Conn, n int, answers []string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for _, answer := range answers {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		s.mu.Lock()
		s.conns = append(s.conns, n)
		s.mu.Unlock()
		io.WriteString(conn, answer)
	}
}

// What comes behind an answer belongs to no request. Taken for the answer to the next, it would tell one task what was
// meant for another.
func TestAnswersWithoutRequestAreNotTaken(t *testing.T) {
	t.Parallel()
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"
	stray := strings.Replace(answer, "first", "stray", 1)
	for name, text := range map[string]string{
		"in one piece":    answer + stray,
		"after no body":   "HTTP/1.1 204 No Content\r\n\r\n" + stray,
		"after chunks":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n" + stray,
		"a cut one":       answer + stray[:20],
		"some blank line": answer + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t, text, text)
			client := newClient(t, Options{})
			for range 3 {
				out := client.Do(t.Context(), newCall(s.url))
				require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
				require.NotContains(t, string(out.Result.Response), "stray")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			require.Equal(t, []int{0, 1, 2}, s.conns, "each on a connection of its own")
		})
	}
}

// An answer that comes late, after its connection went back to the pool, is noticed before the next request is sent.
func TestStraysBetweenRequests(t *testing.T) {
	t.Parallel()
	theirs := make(chan net.Conn, 2)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateNew {
			theirs <- conn
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := newClient(t, Options{})
	require.Equal(t, core.RunSucceeded, client.Do(t.Context(), newCall(s.URL)).State)
	_, err := (<-theirs).Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"))
	require.NoError(t, err)
	out := client.Do(t.Context(), newCall(s.URL))
	require.Equal(t, "ok", string(out.Result.Response))
	<-theirs // the second request had a connection of its own
}

func TestConnectionsThatAskToBeClosed(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"by a header":  "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
		"by version":   "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"by their end": "HTTP/1.1 200 OK\r\n\r\nok",
	} {
		s := newScripted(t, answer)
		client := newClient(t, Options{})
		for range 3 {
			out := client.Do(t.Context(), newCall(s.url))
			require.Equal(t, core.RunSucceeded, out.State, name)
			require.Equal(t, "ok", string(out.Result.Response), name)
		}
		require.Empty(t, client.direct.conns.idle, name)
	}
}

// On a new connection a request is sent once: that it went unanswered is the target's doing.
func TestUnansweredOnNewConnectionIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := newScripted(t, "")
	out := newClient(t, Options{}).Do(t.Context(), newCall(s.url))
	require.Equal(t, core.RunFailed, out.State)
	require.Equal(t, []int{0}, s.conns)
}

func TestInformationalAnswersArePassedOver(t *testing.T) {
	t.Parallel()
	s := newScripted(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	out := newClient(t, Options{}).Do(t.Context(), newCall(s.url))
	require.Equal(t, core.RunSucceeded, out.State, out.Result.Reason)
	require.Equal(t, "ok", string(out.Result.Response))
}

// A call that is cut off takes its connection with it, and no other call's.
func TestCutCallsLeaveNoConnectionBehind(t *testing.T) {
	t.Parallel()
	s := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			hang(w, r)
			return
		}
		io.WriteString(w, "ok")
	})
	client := newClient(t, Options{})
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(5*time.Millisecond, func() { cancel(errors.New("cancelled by ann")) })
			if out := client.Do(ctx, newCall(s.URL+"/hang")); out.State != core.RunCancelled || out.Result.Reason != "cancelled by ann" {
				t.Errorf("%s: %s", out.State, out.Result.Reason)
			}
		})
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel() // ends when the call is over, as a run's does
			for range 20 {
				if out := client.Do(ctx, newCall(s.URL)); out.State != core.RunSucceeded {
					t.Errorf("%s: %s", out.State, out.Result.Reason)
				}
			}
		})
	}
	wg.Wait()
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	var arrived sync.WaitGroup
	arrived.Add(5)
	s := newTarget(t, func(http.ResponseWriter, *http.Request) {
		arrived.Done()
		arrived.Wait()
	})
	client := newClient(t, Options{IdlePerHost: 2})
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() { client.Do(t.Context(), newCall(s.URL)) })
	}
	wg.Wait()
	require.Len(t, client.direct.conns.idle[s.Listener.Addr().String()], 2)
	client.Close()
	require.Empty(t, client.direct.conns.idle)
}

// closable is a connection that notes its end.
type closable struct {
	net.Conn
	closed atomic.Bool
}

func (c *closable) Close() error {
	c.closed.Store(true)
	return nil
}

func TestIdleConnectionsAreClosedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conns := idleConns{perHost: 10, idle: map[string][]*directConn{}}
		first, second, third := &closable{}, &closable{}, &closable{}
		put := func(conn net.Conn, address string) {
			require.True(t, conns.put(&directConn{Conn: conn, address: address}))
		}
		put(first, "a")
		time.Sleep(30 * time.Second)
		put(second, "a")
		put(third, "b")
		wait := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		wait(idleTimeout - 30*time.Second)
		require.True(t, first.closed.Load())
		require.False(t, second.closed.Load() || third.closed.Load())
		wait(30 * time.Second)
		require.True(t, second.closed.Load() && third.closed.Load())
		require.Empty(t, conns.idle)
		require.False(t, conns.sweeping)
		put(&closable{}, "a")
		wait(idleTimeout)
		require.Empty(t, conns.idle, "the timer is set again")
	})
}
