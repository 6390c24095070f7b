package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// journalLine is one line of the sink's journal: an arrival under its number, or how the one of that number ended.
type journalLine struct {
	Number  int               `json:"number"`
	Arrival *evidence.Arrival `json:"arrival,omitempty"`
	Ended   time.Time         `json:"ended,omitzero"`
	GivenUp bool              `json:"givenUp,omitempty"`
}

// sink is the target of all callbacks. It is a process of its own, which nothing is done to, so that its journal can be
// trusted. Its paths answer well (/ok), well but late (/slow/MILLISECONDS), with an error (/bad), with an error to the first
// request of each key (/flaky), not at all (/hang), or break the connection (/reset).
type sink struct {
	mu      sync.Mutex
	journal *os.File
	last    int
	seen    map[string]bool // keys that came to /flaky
}

// ServeSink serves a sink until ctx ends.
func ServeSink(ctx context.Context, addr, journal string) error {
	f, err := os.OpenFile(journal, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // each line was written when it was noted
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &sink{journal: f, seen: map[string]bool{}}, ReadHeaderTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ServeHTTP is part of http.Handler.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	if r.URL.Path == "/" {
		return // the harness asks whether the sink is there
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return // the caller was killed amid its request, which therefore never came
	}
	h := r.Header
	attempt, _ := strconv.Atoi(h.Get("Carillon-Attempt"))
	due, _ := time.Parse(time.RFC3339Nano, h.Get("Carillon-Due"))
	a := &evidence.Arrival{
		At: at, Path: r.URL.Path, Key: h.Get("Idempotency-Key"), Run: h.Get("Carillon-Run-Id"), Attempt: attempt, Due: due,
		Task: h.Get("Carillon-Task-Id"), Delayed: h.Get("Carillon-Delayed-Id"),
	}
	a.Shard, _ = strconv.Atoi(h.Get("Carillon-Shard-Index"))
	a.Shards, _ = strconv.Atoi(h.Get("Carillon-Shard-Total"))
	number, fresh, err := s.note(a)
	if err != nil {
		// What is not in the journal must not be answered: it would count as never sent.
		fmt.Fprintln(os.Stderr, "sink:", err)
		panic(http.ErrAbortHandler)
	}
	givenUp := s.answer(w, r, fresh)
	// The end is noted before the answer leaves, so that what the answer brings about comes after it.
	if err := s.write(journalLine{Number: number, Ended: time.Now(), GivenUp: givenUp}); err != nil {
		fmt.Fprintln(os.Stderr, "sink:", err)
	}
	if r.URL.Path == "/reset" {
		breakOff(w)
	}
}

// answer prepares the answer of a path and says whether the caller gave up waiting for it.
func (s *sink) answer(w http.ResponseWriter, r *http.Request, fresh bool) (givenUp bool) {
	path := r.URL.Path
	switch slow, isSlow := strings.CutPrefix(path, "/slow/"); {
	case isSlow:
		ms, _ := strconv.Atoi(slow)
		select {
		case <-time.After(time.Duration(ms) * time.Millisecond):
		case <-r.Context().Done():
			return true
		}
	case path == "/hang":
		<-r.Context().Done()
		return true
	case path == "/reset":
		return false
	case path == "/bad", path == "/flaky" && fresh:
		w.WriteHeader(http.StatusInternalServerError)
		return false
	}
	_, _ = io.WriteString(w, "success")
	return false
}

// breakOff resets the connection of a request.
func breakOff(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		reset(conn)
	}
}

// note writes an arrival into the journal and says whether it is the first of its key.
func (s *sink) note(a *evidence.Arrival) (number int, fresh bool, err error) {
	s.mu.Lock()
	s.last++
	number = s.last
	fresh = a.Path == "/flaky" && !s.seen[a.Key]
	if fresh {
		s.seen[a.Key] = true
	}
	s.mu.Unlock()
	return number, fresh, s.write(journalLine{Number: number, Arrival: a})
}

func (s *sink) write(l journalLine) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.journal.Write(append(text, '\n'))
	return err
}

// readJournal gives the arrivals of a journal in the order in which they came.
func readJournal(path string) ([]evidence.Arrival, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	var all []evidence.Arrival
	place := map[int]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l journalLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if l.Arrival != nil {
			place[l.Number] = len(all)
			all = append(all, *l.Arrival)
			continue
		}
		i, ok := place[l.Number]
		if !ok {
			return nil, fmt.Errorf("%s: arrival %d ended and never came", path, l.Number)
		}
		all[i].Ended, all[i].GivenUp = l.Ended, l.GivenUp
	}
	return all, lines.Err()
}
