package chaos

import (
	"bytes"
	"os"
	"strings"
	"sync"
)

// keptLines is how many lines of a log are kept in memory, for when a process ends by itself.
const keptLines = 30

// logFile takes what a process writes, over all its starts, and looks for what the harness must know of.
type logFile struct {
	file *os.File

	mu        sync.Mutex
	rest      []byte // of a line that has not ended
	tail      []string
	connected bool // since the last start
	panicked  bool
}

func openLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &logFile{file: f}, err
}

// Write is part of io.Writer.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			break
		}
		l.take(string(line))
		l.rest = rest
	}
	return l.file.Write(p)
}

func (l *logFile) take(line string) {
	l.tail = append(l.tail, line)
	if len(l.tail) > keptLines {
		l.tail = l.tail[1:]
	}
	l.connected = l.connected || strings.Contains(line, `"msg":"connected"`)
	l.panicked = l.panicked || strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:")
}

// begin marks a start of the process.
func (l *logFile) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.connected, l.panicked, l.tail, l.rest = false, false, nil, nil
}

// state says whether a worker has connected, and whether the process has panicked, since its last start.
func (l *logFile) state() (connected, panicked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.connected, l.panicked
}

// words are the last lines.
func (l *logFile) words() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tail, "\n")
}
