package host

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestOutputOfTheProcessIsInTheLog(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	c := b.call("print", "lines", "2")
	c.Isolated = true // so that none can be late
	o, n := perform(t, h, c)
	require.Equal(t, core.RunSucceeded, o.State)
	for _, line := range []string{"info printed 0", "info printed 1", "warn complained 0", "warn complained 1"} {
		require.Contains(t, n.all(), line)
	}
}

func TestFloodIsCutAndCounted(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	for _, task := range []string{"print", "flood"} {
		c := b.call(task, "lines", "60000")
		c.Isolated = true
		o, n := perform(t, h, c)
		require.Equal(t, core.RunSucceeded, o.State)
		total, dropped := 0, 0
		for line := range strings.Lines(n.all()) {
			var more int
			if _, err := fmt.Sscanf(line, "warn %d lines were dropped here: the plugin says more than 64 KiB a second", &more); err == nil {
				dropped += more
				continue
			}
			total++
		}
		require.Positive(t, dropped)
		if task == "flood" { // what is printed may come too late for its run
			require.Equal(t, 60_000, total+dropped, "each line came, or was counted")
		}
	}
}

func TestLinesAreTakenApart(t *testing.T) {
	t.Parallel()
	o, a, n := newOutput(slog.New(slog.DiscardHandler)), &attempt{}, newNotes()
	a.sink = n
	o.join(a)
	out, errs := o.writer(levelStdout), o.writer(levelStderr)
	write := func(w io.Writer, text string) {
		k, err := io.WriteString(w, text)
		require.NoError(t, err)
		require.Equal(t, len(text), k)
	}
	write(out, "one\ntw")
	write(errs, "\r\n \nbad\r\n")
	write(out, "o\n\n\nthree")
	write(out, "\n"+strings.Repeat("x", maxLine+5)+"\nrest")
	o.leave(a)
	require.Equal(t, []string{
		"info one", "warn bad", "info two", "info three", "info " + strings.Repeat("x", maxLine), "info xxxxx", "info rest",
	}, n.lines)
	require.Equal(t, ". Its last words: bad", o.lastWords())
}

func TestLastWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		text string
		want string
	}{
		{"none", "", ""},
		{"the last lines", strings.Repeat("long ago\n", 50) + "Traceback (most recent call last):\n  File \"x.py\"\nKeyError: 'a'\n",
			". Its last words: " + strings.Repeat("long ago\n", 27) + "Traceback (most recent call last):\n  File \"x.py\"\nKeyError: 'a'"},
		{"the first of a Go program that dies", "before\npanic: oh no\n\n" + strings.Repeat("goroutine\n", 500),
			". Its last words: panic: oh no\n" + strings.TrimSpace(strings.Repeat("goroutine\n", 29))},
		{"not too much", strings.Repeat("y", 3000) + "\n", ". Its last words: " + strings.Repeat("y", 2000)},
	} {
		o := newOutput(slog.New(slog.DiscardHandler))
		_, err := io.WriteString(o.writer(levelStderr), c.text)
		require.NoError(t, err)
		require.Equal(t, c.want, o.lastWords(), c.name)
	}
}
