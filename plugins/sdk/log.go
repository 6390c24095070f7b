package sdk

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// maxLine is how much of a line a worker keeps, in bytes.
const maxLine = 16 << 10

// logHandler gives each record as one line, the message followed by the attributes as slog's text: "sent to=3 bytes=12".
type logHandler struct {
	say func(at time.Time, level, text string)
	// attrs writes the attributes of a record to buf. Handlers made of this one share both, and the lock.
	attrs slog.Handler
	mu    *sync.Mutex
	buf   *bytes.Buffer
}

var _ slog.Handler = (*logHandler)(nil)

func newLogHandler(say func(at time.Time, level, text string)) *logHandler {
	buf := &bytes.Buffer{}
	attrs := slog.NewTextHandler(buf, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutHead})
	return &logHandler{say: say, attrs: attrs, mu: &sync.Mutex{}, buf: buf}
}

// withoutHead leaves out what a line has in another place: the level, and the message, which is given as an empty one.
func withoutHead(groups []string, a slog.Attr) slog.Attr {
	_, isLevel := a.Value.Any().(slog.Level)
	if len(groups) == 0 && (a.Key == slog.LevelKey && isLevel || a.Key == slog.MessageKey && a.Value.String() == "") {
		return slog.Attr{}
	}
	return a
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelDebug
}

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	attrs, err := h.text(ctx, record)
	if err != nil {
		return err
	}
	at := record.Time
	if at.IsZero() {
		at = time.Now()
	}
	h.say(at, levelName(record.Level), strings.TrimSpace(record.Message+" "+attrs))
	return nil
}

func (h *logHandler) text(ctx context.Context, record slog.Record) (string, error) {
	bare := slog.NewRecord(time.Time{}, record.Level, "", 0)
	record.Attrs(func(a slog.Attr) bool {
		bare.AddAttrs(a)
		return true
	})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.buf.Reset()
	err := h.attrs.Handle(ctx, bare)
	return strings.TrimSuffix(h.buf.String(), "\n"), err
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	made := *h
	made.attrs = h.attrs.WithAttrs(attrs)
	return &made
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	made := *h
	made.attrs = h.attrs.WithGroup(name)
	return &made
}

// levelName is the nearest of the levels that a run's log has.
func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "debug"
	case level < slog.LevelWarn:
		return "info"
	case level < slog.LevelError:
		return "warn"
	}
	return "error"
}

// clean makes a text that protobuf can carry, cut to a line's length.
func clean(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxLine)], "\uFFFD")
}
