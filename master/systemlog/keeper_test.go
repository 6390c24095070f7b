package systemlog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// table stands for the store.
type table struct {
	lines []core.LogRecord
	err   error
	log   *slog.Logger // what storing logs to
}

func (s *table) AddLog(ctx context.Context, lines []core.LogRecord) error {
	if s.log != nil {
		s.log.ErrorContext(ctx, "a statement was slow")
	}
	if s.err == nil {
		s.lines = append(s.lines, lines...)
	}
	return s.err
}

func (s *table) Now() time.Time { return time.Now() }

// settings are those in force.
type settings core.LogLevel

func (s settings) Current(context.Context) (core.Settings, error) {
	return core.Settings{LogLevel: core.LogLevel(s)}, nil
}

func TestKeptAndHandedOn(t *testing.T) {
	t.Parallel()
	var process bytes.Buffer
	s := &table{}
	k := New("m1", s)
	log := slog.New(k.Handler(slog.NewTextHandler(&process, &slog.HandlerOptions{Level: slog.LevelWarn})))
	log.With("a", 1).WithGroup("g").Info("kept alone", "b", "two words", slog.Group("h", "c", time.Second))
	log.Debug("kept nowhere")
	log.Error("both", "error", errors.New("x\x00\xff"))
	require.NoError(t, k.RunOnce(t.Context(), settings(core.LogWarn)))
	require.Len(t, s.lines, 2)
	require.Equal(t, "kept alone", s.lines[0].Message)
	require.Equal(t, `a=1 g.b="two words" g.h.c=1s`, s.lines[0].Attributes)
	require.Equal(t, core.LogInfo, s.lines[0].Level)
	require.Equal(t, "m1", s.lines[1].Node)
	require.Equal(t, "error=x��", s.lines[1].Attributes, "what a database may refuse is not kept")
	require.NotContains(t, process.String(), "kept alone")
	require.Contains(t, process.String(), "both")

	log.Info("below the level that the setting says now")
	require.NoError(t, k.RunOnce(t.Context(), settings(core.LogDebug)))
	require.Len(t, s.lines, 2)
	log.Debug("at it")
	require.NoError(t, k.RunOnce(t.Context(), settings(core.LogDebug)))
	require.Equal(t, "at it", s.lines[2].Message)
}

// Storing lines does not make lines, an outage loses none while there is room, and beyond it they are counted.
func TestBoundedAndNotOfItself(t *testing.T) {
	t.Parallel()
	s := &table{err: errors.New("the database is away")}
	k := New("m1", s)
	log := slog.New(k.Handler(slog.DiscardHandler))
	s.log = log
	for i := range room + 10 {
		log.Info("a line", "n", i)
		if i == room/2 {
			require.Error(t, k.RunOnce(t.Context(), settings(core.LogInfo)))
		}
	}
	s.err = nil
	require.NoError(t, k.RunOnce(t.Context(), settings(core.LogInfo)))
	require.Len(t, s.lines, room+1)
	for i, line := range s.lines[:room] {
		require.Equal(t, fmt.Sprint("n=", i), line.Attributes)
	}
	require.Equal(t, "lines=10", s.lines[room].Attributes)
	require.NoError(t, k.RunOnce(t.Context(), settings(core.LogInfo)))
	require.Len(t, s.lines, room+1)
}

// What the process's own log is given is what it would be given without a Keeper.
func TestHandler(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	k := New("m1", &table{})
	err := slogtest.TestHandler(k.Handler(slog.NewJSONHandler(&out, nil)), func() []map[string]any { return parse(t, out.Bytes()) })
	require.NoError(t, err)
}

func parse(t *testing.T, text []byte) (lines []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(text) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m))
		lines = append(lines, m)
	}
	return lines
}
