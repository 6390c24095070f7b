package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// arrival is one request that came to the sink.
type arrival struct {
	at          time.Time
	n           int // the how-manieth on its path, from 1
	method      string
	path, query string
	contentType string
	body        string
	header      http.Header

	key     string // the idempotency key
	run     string
	delayed string // the delayed task's id
	task    string // the task's id
	attempt int
	due     time.Time
}

// late is how long after its due instant a callback arrived.
func (a arrival) late() time.Duration { return a.at.Sub(a.due) }

// sink is a target: it notes each request and answers as its path was told to, or "success".
type sink struct {
	*httptest.Server
	t       *testing.T
	closing chan struct{}

	mu       sync.Mutex
	arrivals []arrival
	perPath  map[string]int
	answers  map[string]func(http.ResponseWriter, *http.Request, arrival)
	news     chan struct{}
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{
		t: t, closing: make(chan struct{}), perPath: map[string]int{}, news: make(chan struct{}),
		answers: map[string]func(http.ResponseWriter, *http.Request, arrival){},
	}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		close(s.closing)
		s.Close()
	})
	return s
}

// answer tells a path what to do with its requests.
func (s *sink) answer(path string, answer func(http.ResponseWriter, *http.Request, arrival)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

// hold has the requests to a path wait for their answer until release is called.
func (s *sink) hold(path string) (release func()) {
	free := make(chan struct{})
	s.answer(path, func(w http.ResponseWriter, r *http.Request, _ arrival) {
		select {
		case <-free:
			io.WriteString(w, "success")
		case <-r.Context().Done():
		case <-s.closing:
		}
	})
	return sync.OnceFunc(func() { close(free) })
}

// ServeHTTP is part of http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller was killed amid its request, which therefore never came
	}
	h := r.Header
	attempt, _ := strconv.Atoi(h.Get("Carillon-Attempt"))
	due, _ := time.Parse(time.RFC3339Nano, h.Get("Carillon-Due"))
	a := arrival{
		at: at, method: r.Method, path: r.URL.Path, query: r.URL.RawQuery, contentType: h.Get("Content-Type"), body: string(body), header: h,
		key: h.Get("Idempotency-Key"), run: h.Get("Carillon-Run-Id"), delayed: h.Get("Carillon-Delayed-Id"), task: h.Get("Carillon-Task-Id"),
		attempt: attempt, due: due,
	}
	s.mu.Lock()
	s.perPath[a.path]++
	a.n = s.perPath[a.path]
	s.arrivals = append(s.arrivals, a)
	answer := s.answers[a.path]
	close(s.news)
	s.news = make(chan struct{})
	s.mu.Unlock()
	if answer == nil {
		io.WriteString(w, "success")
		return
	}
	answer(w, r, a)
}

// seen gives what came to a path so far, in the order it came; to all paths when that is empty.
func (s *sink) seen(path string) []arrival {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.arrivals), func(a arrival) bool { return path != "" && a.path != path })
}

// await waits until n requests came to a path, and gives what came.
func (s *sink) await(path string, n int, within time.Duration) []arrival {
	s.t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		came, news := s.perPath[path], s.news
		s.mu.Unlock()
		if came >= n {
			return s.seen(path)
		}
		select {
		case <-news:
		case <-deadline.C:
			require.FailNow(s.t, "callbacks did not arrive", "%d of %d at %s within %s", came, n, path, within)
		}
	}
}

// by groups arrivals.
func by[K comparable, T any](all []T, key func(T) K) map[K][]T {
	groups := map[K][]T{}
	for _, a := range all {
		groups[key(a)] = append(groups[key(a)], a)
	}
	return groups
}
