package e2e

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// journal keeps the lines that a process writes, and lets a test wait for one.
type journal struct {
	mu    sync.Mutex
	lines []string
	rest  []byte        // of a line that has not ended
	news  chan struct{} // closed, and replaced, when lines come
}

func newJournal() *journal { return &journal{news: make(chan struct{})} }

// Write is part of io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rest = append(j.rest, p...)
	for {
		line, rest, found := bytes.Cut(j.rest, []byte("\n"))
		if !found {
			break
		}
		j.lines, j.rest = append(j.lines, string(line)), rest
	}
	close(j.news)
	j.news = make(chan struct{})
	return len(p), nil
}

// matching gives the lines that hold all the texts, and a channel that is closed when more lines come.
func (j *journal) matching(texts ...string) ([]string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []string
	for _, line := range j.lines {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) }) {
			found = append(found, line)
		}
	}
	return found, j.news
}

// count is how many lines hold all the texts.
func (j *journal) count(texts ...string) int {
	found, _ := j.matching(texts...)
	return len(found)
}

// text is all that was written.
func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(append(slices.Clone(j.lines), string(j.rest)), "\n")
}

// await waits for the nth line that holds all the texts, and gives it.
func (p *process) await(n int, within time.Duration, texts ...string) string {
	p.t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	ended := p.ended
	for {
		found, news := p.stderr.matching(texts...)
		if len(found) >= n {
			return found[n-1]
		}
		select {
		case <-news:
		case <-ended:
			ended = nil // what it wrote last has been kept by now: look once more
			if p.stderr.count(texts...) < n {
				require.FailNow(p.t, "the process ended without the log line", "%q", texts)
			}
		case <-deadline.C:
			require.FailNow(p.t, "a log line did not come", "%d of %q within %s", n, texts, within)
		}
	}
}

// tail is the end of a text, for the log of a test that failed.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(len(all)-lines, 0):], "\n")
}

func logOnFailure(t *testing.T, p *process) {
	if t.Failed() {
		t.Logf("carillon %s\nstandard output:\n%s\nstandard error, its last lines:\n%s",
			strings.Join(p.cmd.Args[1:], " "), tail(p.stdout.text(), 20), tail(p.stderr.text(), 60))
	}
}
