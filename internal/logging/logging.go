// Package logging makes the process's logger. There is no global one: it is made once, at the start, and handed on.
package logging

import (
	"io"
	"log/slog"
)

// The formats of a log.
const (
	Text = "text" // key=value pairs, for people
	JSON = "json" // one object per line, for collectors
)

// New returns a logger that writes lines of at least level to w, as JSON objects when format is JSON and as text
// otherwise. Writes are serialised, so w need not be safe for concurrent use.
func New(w io.Writer, level slog.Leveler, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == JSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
