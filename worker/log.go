package worker

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/rpc"
)

// The bounds of one run's log in memory. Over maxLines or maxLogBytes, lines that were streamed are let go first; if
// that is not enough, new lines are dropped and the log says how many.
const (
	maxLines     = 1000
	maxLogBytes  = 256 << 10
	maxLineBytes = 16 << 10
	lineOverhead = 64 // bytes of a line beside its text, roughly
)

// runLog holds the lines of one run that may still have to be sent, numbered from 0. The zero value is empty.
type runLog struct {
	mu      sync.Mutex
	lines   []*rpc.LogLine
	first   int64 // the number of lines[0]
	sent    int   // how many of lines were streamed
	size    int   // bytes of lines
	dropped int   // lines dropped since the last one kept
	closed  bool
}

// add appends a line said now; a closed log ignores it.
func (l *runLog) add(level, text string) { l.put(wallclock.Now(), level, text) }

func (l *runLog) put(at time.Time, level, text string) {
	line := &rpc.LogLine{At: rpc.Micros(at), Level: knownLevel(level), Text: cleanText(text, maxLineBytes)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	for l.full(line) && l.sent > 0 {
		l.size -= lineSize(l.lines[0])
		l.lines[0] = nil
		l.lines = l.lines[1:]
		l.first++
		l.sent--
	}
	if l.full(line) {
		l.dropped++
		return
	}
	l.admitDropped()
	l.append(line)
}

// unsent gives the lines not streamed yet and the number of the first, and counts them as streamed.
func (l *runLog) unsent() (first int64, lines []*rpc.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, nil
	}
	return l.takeUnsent()
}

// streamed gives the lines kept of those that were streamed, for a new stream, and the number of the first.
func (l *runLog) streamed() (first int64, lines []*rpc.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, append([]*rpc.LogLine(nil), l.lines[:l.sent]...)
}

// end closes the log. It gives the lines that were never streamed, which travel with the outcome, and the bytes of all
// that is kept.
func (l *runLog) end() (rest []*rpc.LogLine, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	streamed := l.sent
	_, rest = l.takeUnsent()
	l.lines, l.sent, l.closed = l.lines[:streamed:streamed], streamed, true
	return rest, l.size
}

func (l *runLog) takeUnsent() (first int64, lines []*rpc.LogLine) {
	l.admitDropped()
	first = l.first + int64(l.sent)
	lines = append([]*rpc.LogLine(nil), l.lines[l.sent:]...)
	l.sent = len(l.lines)
	return first, lines
}

func (l *runLog) full(line *rpc.LogLine) bool {
	return len(l.lines) >= maxLines || l.size+lineSize(line) > maxLogBytes
}

// admitDropped adds a line that says how many were dropped; that one is kept whatever the bounds.
func (l *runLog) admitDropped() {
	if l.dropped == 0 {
		return
	}
	text := fmt.Sprintf("%d lines were dropped here: they came faster than they could be sent", l.dropped)
	l.dropped = 0
	l.append(&rpc.LogLine{At: wallclock.Now().UnixMicro(), Level: "warn", Text: text})
}

func (l *runLog) append(line *rpc.LogLine) {
	l.lines = append(l.lines, line)
	l.size += lineSize(line)
}

func lineSize(line *rpc.LogLine) int { return len(line.Text) + lineOverhead }

func knownLevel(level string) string {
	switch level {
	case "debug", "warn", "error":
		return level
	}
	return "info"
}

// cleanText cuts s to limit bytes and replaces what no message or database can hold: NUL and bytes that are not UTF-8.
func cleanText(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}
