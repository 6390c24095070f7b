package host

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The bounds of what is taken of what a plugin says: of a process's output together, and of each run's lines. A line
// costs its bytes and lineCost.
const (
	outputRate  = 64 << 10 // bytes a second
	outputBurst = 512 << 10
	lineCost    = 64
	maxLine     = 16 << 10 // bytes; longer ones are broken
)

// quota lets lines pass as fast as they may come, and counts the others.
type quota struct {
	limiter *rate.Limiter
	dropped int
}

func newQuota() *quota { return &quota{limiter: rate.NewLimiter(outputRate, outputBurst)} }

// pass reports whether a line passes, and how many did not since the last that did.
func (q *quota) pass(text string) (ok bool, dropped int) {
	if !q.limiter.AllowN(time.Now(), min(len(text)+lineCost, outputBurst)) {
		q.dropped++
		return false, 0
	}
	return true, q.rest()
}

// rest gives how many lines were dropped and not told of.
func (q *quota) rest() int {
	dropped := q.dropped
	q.dropped = 0
	return dropped
}

func droppedText(n int) string {
	return fmt.Sprintf("%d lines were dropped here: the plugin says more than %d KiB a second", n, outputRate>>10)
}

// tailLines is how many of a process's last lines tell why it ended, and tailBytes of how many bytes at most.
const (
	tailLines = 30
	tailBytes = 2000
)

// output is what a process writes to its standard output and error. It goes to the logs of the runs that are in the process,
// for which of them it is meant nobody can know.
type output struct {
	log *slog.Logger

	mu      sync.Mutex
	quota   *quota
	runs    map[*attempt]struct{}
	tail    []string // what lines of standard error are remembered
	dying   bool     // tail begins with why a Go program dies
	lines   int      // in all
	pending []*splitter
}

func newOutput(log *slog.Logger) *output {
	return &output{log: log, quota: newQuota(), runs: map[*attempt]struct{}{}}
}

func (o *output) join(a *attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.runs[a] = struct{}{}
}

// leave has a run get no more lines. It is told before how many it did not get.
func (o *output) leave(a *attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.runs) == 1 {
		for _, p := range o.pending {
			p.flush()
		}
	}
	if n := o.quota.rest(); n > 0 {
		o.give("warn", droppedText(n))
	}
	delete(o.runs, a)
}

// say takes a line. The caller has the mutex.
func (o *output) say(level, text string) {
	o.lines++
	if level == levelStderr {
		o.remember(text[:min(len(text), tailBytes)])
	}
	ok, dropped := o.quota.pass(text)
	if dropped > 0 {
		o.give("warn", droppedText(dropped))
	}
	if ok {
		o.give(level, text)
	}
}

// remember keeps the last lines; from where a Go program says why it dies, the first.
func (o *output) remember(text string) {
	if !o.dying && (strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")) {
		o.dying, o.tail = true, nil
	}
	if o.dying && len(o.tail) == tailLines {
		return
	}
	o.tail = append(o.tail, text)
	o.tail = o.tail[max(0, len(o.tail)-tailLines):]
}

func (o *output) give(level, text string) {
	for a := range o.runs {
		a.sink.Log(level, text)
	}
	if len(o.runs) == 0 {
		o.log.Debug("a plugin says something while it has no run", "level", level, "text", text)
	}
}

// lastWords are the last lines of standard error, as the end of a sentence; empty when there are none.
func (o *output) lastWords() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.TrimSpace(strings.Join(o.tail, "\n"))
	if text == "" {
		return ""
	}
	switch {
	case len(text) <= tailBytes:
	case o.dying:
		text = text[:tailBytes] + "…"
	default:
		text = "…" + text[len(text)-tailBytes:]
	}
	return ". Its last words: " + text
}

// The levels of lines that have none of their own.
const (
	levelStdout = "info"
	levelStderr = "warn"
)

// writer makes lines of a level of what is written to it.
func (o *output) writer(level string) io.Writer {
	s := &splitter{o: o, level: level}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending = append(o.pending, s)
	return s
}

// splitter breaks what is written to it into lines.
type splitter struct {
	o     *output
	level string
	rest  []byte
}

func (s *splitter) Write(b []byte) (int, error) {
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		take := min(len(b), maxLine-len(s.rest))
		if end >= 0 && end <= take {
			s.rest = append(s.rest, b[:end]...)
			b = b[end+1:]
			s.line()
			continue
		}
		s.rest = append(s.rest, b[:take]...)
		if b = b[take:]; len(s.rest) >= maxLine {
			s.line()
		}
	}
	return n, nil
}

// line gives what was gathered, unless it is blank. The caller has the mutex.
func (s *splitter) line() {
	if text := strings.TrimRight(string(s.rest), "\r \t"); text != "" {
		s.o.say(s.level, text)
	}
	s.rest = s.rest[:0]
}

// flush gives a line that has no end yet. The caller has the mutex.
func (s *splitter) flush() { s.line() }

// How long a run waits for what was written before its result, which comes another way than the result does.
const (
	settlePause = 5 * time.Millisecond
	settleMost  = 50 * time.Millisecond
)

// settle waits until a process that writes has been silent for a moment. Whether it is one that does, its first run is to
// show; one that did not write then is not waited for until it does.
func (o *output) settle(first bool) {
	for deadline := time.Now().Add(settleMost); time.Now().Before(deadline); {
		before := o.written()
		if before == 0 && !first {
			return
		}
		time.Sleep(settlePause)
		if o.written() == before {
			return
		}
	}
}

func (o *output) written() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lines
}
