package systemlog

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
)

// handler is part of slog.Handler for a Keeper.
type handler struct {
	keeper *Keeper
	next   slog.Handler
	prefix string // of the groups that are open, with a dot at its end
	given  string // attributes that every line has
}

// Enabled is part of slog.Handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.keeps(ctx, level) || h.next.Enabled(ctx, level)
}

func (h *handler) keeps(ctx context.Context, level slog.Level) bool {
	return int64(level) >= h.keeper.least.Load() && ctx.Value(ownKey{}) == nil
}

// Handle is part of slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if h.keeps(ctx, r.Level) {
		var out strings.Builder
		out.WriteString(h.given)
		r.Attrs(func(a slog.Attr) bool {
			write(&out, h.prefix, a)
			return true
		})
		h.keeper.keep(r.Level, r.Message, out.String())
	}
	if !h.next.Enabled(ctx, r.Level) {
		return nil
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs is part of slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var out strings.Builder
	out.WriteString(h.given)
	for _, a := range attrs {
		write(&out, h.prefix, a)
	}
	return &handler{h.keeper, h.next.WithAttrs(attrs), h.prefix, out.String()}
}

// WithGroup is part of slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{h.keeper, h.next.WithGroup(name), h.prefix + name + ".", h.given}
}

// write writes an attribute as key=value, as the process's log in text does.
func write(out *strings.Builder, prefix string, a slog.Attr) {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range value.Group() {
			write(out, prefix, inner)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	if out.Len() > 0 {
		out.WriteByte(' ')
	}
	text := value.String()
	if text == "" || strings.ContainsAny(text, " \t\n\r\"=") {
		text = strconv.Quote(text)
	}
	out.WriteString(prefix + a.Key + "=" + text)
}
