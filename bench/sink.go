package bench

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	sinkPath  = "/sink/"
	dueHeader = "Carillon-Due"
)

// sink is where callbacks go: a bare net/http server on loopback.
type sink struct {
	url    string // with sinkPath; a number follows
	server *http.Server
	ended  chan error

	next    int // first number of the next ledger
	current atomic.Pointer[ledger]
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{url: "http://" + l.Addr().String() + sinkPath, ended: make(chan error, 1)}
	// No timeouts: their timers would be part of what every callback costs.
	s.server = &http.Server{Handler: s}
	go func() { s.ended <- s.server.Serve(l) }()
	return s, nil
}

// open begins a phase. What arrives from now on is noted in its ledger; what belongs to an earlier one is a stray.
func (s *sink) open(count, seconds int, start time.Time) *ledger {
	l := newLedger(s.next, count, seconds, start)
	s.next += count
	s.current.Store(l)
	return l
}

// These are shared by all answers; package http does not change the values of a header.
var (
	success   = []byte("success")
	plainText = []string{"text/plain"}
)

// ServeHTTP takes one callback. The body is left to package http to pass over.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	digits, ok := strings.CutPrefix(r.URL.Path, sinkPath)
	number, err := strconv.Atoi(digits)
	if !ok || err != nil {
		http.NotFound(w, r)
		return
	}
	due := ""
	if values := r.Header[dueHeader]; len(values) == 1 {
		due = values[0]
	}
	if l := s.current.Load(); l != nil {
		l.mark(number, due, at)
	}
	w.Header()["Content-Type"] = plainText
	_, _ = w.Write(success) // a caller that went away cannot be told
}

// close ends the sink and all its connections.
func (s *sink) close() error {
	err := s.server.Close()
	if ended := <-s.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
