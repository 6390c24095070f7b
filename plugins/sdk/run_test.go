package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/carillonhq/carillon/plugins/sdk"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
	"github.com/carillonhq/carillon/plugins/sdk/sdktest"
)

func TestParametersAreTyped(t *testing.T) {
	t.Parallel()
	params := map[string]any{
		"text": "a", "n": 7, "big": int64(9007199254740993), "asText": "8", "half": 0.5, "yes": true, "true": "true", "wait": "1m30s",
		"at": "2026-01-31T08:00:00Z", "list": []int{1, 2}, "null": nil,
	}
	for _, c := range []struct {
		read func(*sdk.Run) (any, error)
		want any
		err  string
	}{
		{read: func(r *sdk.Run) (any, error) { return r.Param("text").String() }, want: "a"},
		{read: func(r *sdk.Run) (any, error) { return r.Param("list").String() }, want: "[1,2]"},
		{read: func(r *sdk.Run) (any, error) { return r.Param("n").Int() }, want: int64(7)},
		{read: func(r *sdk.Run) (any, error) { return r.Param("big").Int() }, want: int64(9007199254740993)},
		{read: func(r *sdk.Run) (any, error) { return r.Param("asText").Int() }, want: int64(8)},
		{read: func(r *sdk.Run) (any, error) { return r.Param("half").Float() }, want: 0.5},
		{read: func(r *sdk.Run) (any, error) { return r.Param("yes").Bool() }, want: true},
		{read: func(r *sdk.Run) (any, error) { return r.Param("true").Bool() }, want: true},
		{read: func(r *sdk.Run) (any, error) { return r.Param("wait").Duration() }, want: 90 * time.Second},
		{read: func(r *sdk.Run) (any, error) { return r.Param("at").Time() }, want: time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC)},
		{read: func(r *sdk.Run) (any, error) { var list []int; err := r.Param("list").Bind(&list); return list, err }, want: []int{1, 2}},
		{read: func(r *sdk.Run) (any, error) { return r.Param("none").Given(), nil }, want: false},
		{read: func(r *sdk.Run) (any, error) { return r.Param("null").Given(), nil }, want: false},
		{read: func(r *sdk.Run) (any, error) { return r.Param("none").String() }, err: `parameter "none": it is not given`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("null").Int() }, err: `parameter "null": it is not given`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("half").Int() }, err: `parameter "half": "0.5" is not a whole number`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("text").Float() }, err: `parameter "text": "a" is not a number`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("n").Bool() }, err: `parameter "n": "7" is not true or false`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("n").Duration() }, err: `parameter "n": "7" is not a time such as "1m30s"`},
		{read: func(r *sdk.Run) (any, error) { return r.Param("text").Time() },
			err: `parameter "text": "a" is not an instant such as "2026-01-31T08:00:00Z"`},
	} {
		got := run(t, func(_ context.Context, run *sdk.Run) (any, error) {
			value, err := c.read(run)
			if err == nil {
				require.Equal(t, c.want, value)
			}
			return nil, err
		}, sdktest.Given{Params: params})
		if c.err != "" {
			require.EqualError(t, got.Err, c.err)
			require.False(t, got.Retryable)
		} else {
			require.NoError(t, got.Err)
		}
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	type params struct {
		Name  string `json:"name"`
		Times int    `json:"times"`
	}
	bind := func(given any) (params, error) {
		bound := params{Times: 1}
		got := run(t, func(_ context.Context, run *sdk.Run) (any, error) { return nil, run.Bind(&bound) }, sdktest.Given{Params: given})
		return bound, got.Err
	}
	got, err := bind(map[string]any{"name": "Ada", "other": true})
	require.NoError(t, err)
	require.Equal(t, params{"Ada", 1}, got, "what is not given keeps its default")

	got, err = bind(nil)
	require.NoError(t, err)
	require.Equal(t, params{"", 1}, got)

	_, err = bind(map[string]any{"times": "many"})
	require.EqualError(t, err, `parameter "times": got string, which is no int`)

	_, err = bind([]int{1})
	require.ErrorContains(t, err, "the parameters are no JSON object")
}

func TestPrevious(t *testing.T) {
	t.Parallel()
	previous := func(parent any) (value any, raw string, has bool, err error) {
		got := run(t, func(_ context.Context, run *sdk.Run) (any, error) {
			var bytes []byte
			bytes, has = run.ParentResult()
			raw = string(bytes)
			err := run.Previous(&value)
			require.Equal(t, parent == nil, errors.Is(err, sdk.ErrNoParent))
			return nil, err
		}, sdktest.Given{Parent: parent})
		return value, raw, has, got.Err
	}
	value, raw, has, err := previous(map[string]int{"n": 1})
	require.NoError(t, err)
	require.Equal(t, map[string]any{"n": 1.0}, value)
	require.JSONEq(t, `{"n":1}`, raw)
	require.True(t, has)

	_, _, has, err = previous(nil)
	require.EqualError(t, err, "the run has no parent")
	require.False(t, has)

	_, raw, has, err = previous([]byte("<p>"))
	require.ErrorContains(t, err, "the parent's result: ")
	require.Equal(t, "<p>", raw)
	require.True(t, has)

	_, _, has, err = previous([]byte{})
	require.EqualError(t, err, "the parent left no result")
	require.True(t, has)
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	got := run(t, func(_ context.Context, run *sdk.Run) (any, error) {
		run.Log.Debug("a")
		run.Log.Info("two words", "to", 3, "who", "Ada L.", "level", "high", "msg", "m")
		run.Log.With("k", 1).WithGroup("g").Warn("b", "x", 2, slog.Group("h", "y", 3))
		run.Log.Log(t.Context(), slog.LevelError+4, "", "only", true)
		run.Log.Info("x", "x", strings.Repeat("x", 20<<10))
		run.Log.Info("\xff")
		return nil, nil
	}, sdktest.Given{})
	require.Equal(t, []sdktest.Line{
		{Level: "debug", Text: "a"},
		{Level: "info", Text: `two words to=3 who="Ada L." level=high msg=m`},
		{Level: "warn", Text: "b k=1 g.x=2 g.h.y=3"},
		{Level: "error", Text: "only=true"},
		{Level: "info", Text: "x x=" + strings.Repeat("x", 16<<10-4)},
		{Level: "info", Text: "\uFFFD"},
	}, got.Log)
}

func TestFilesAndWork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "words.txt"), []byte("a b"), 0o600))
	var works []string
	handler := func(_ context.Context, run *sdk.Run) (any, error) {
		works = append(works, run.Work())
		require.Equal(t, dir, run.FilesDir())
		words, err := fs.ReadFile(run.Files(), "words.txt")
		return string(words), err
	}
	plugin := sdktest.New(t, sdk.Task{Name: "task", Run: handler})
	for range 2 {
		got := plugin.Run(t.Context(), "task", sdktest.Given{Files: dir})
		require.NoError(t, got.Err)
		require.Equal(t, json.RawMessage(`"a b"`), got.Result)
	}
	require.NotEqual(t, works[0], works[1])
	require.DirExists(t, works[1])
}

// startStream is a worker that says Start and nothing more.
type startStream struct {
	grpc.ServerStream
	ctx     context.Context
	started bool
}

func hangingStream(t *testing.T) *startStream { return &startStream{ctx: t.Context()} }

func (s *startStream) Context() context.Context { return s.ctx }

func (*startStream) Send(*pluginpb.FromPlugin) error { return nil }

func (s *startStream) Recv() (*pluginpb.ToPlugin, error) {
	if s.started {
		<-s.ctx.Done()
		return nil, s.ctx.Err()
	}
	s.started = true
	return &pluginpb.ToPlugin{Kind: &pluginpb.ToPlugin_Start{Start: &pluginpb.Start{Task: "task"}}}, nil
}
