// Command hello is a plugin with a task for each thing that a plugin can do. The examples in Python and in Node have the
// same ones.
package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/carillonhq/carillon/plugins/sdk"
)

func main() {
	sdk.Serve(tasks()...)
}

func tasks() []sdk.Task {
	return []sdk.Task{
		{Name: "greet", Run: greet},
		{Name: "count", Run: count},
		{Name: "about", Run: about},
		{Name: "follow", Run: follow},
		{Name: "again", Run: again},
		{Name: "fill", Run: fill},
		{Name: "fail", Run: fail},
	}
}

// greet takes parameters, writes a line to the run's log, and leaves a result to its children.
func greet(_ context.Context, run *sdk.Run) (any, error) {
	params := struct {
		Name  string `json:"name"`
		Times int    `json:"times"`
	}{Times: 1}
	if err := run.Bind(&params); err != nil {
		return nil, err
	}
	run.Log.Info("greeting", "name", params.Name, "times", params.Times)
	words := make([]string, params.Times)
	for i := range words {
		words[i] = "Hello, " + params.Name + "!"
	}
	return map[string]string{"greeting": strings.Join(words, " ")}, nil
}

// count takes its time, tells how far it is, and ends early when it is asked to.
func count(ctx context.Context, run *sdk.Run) (any, error) {
	to, err := run.Param("to").Int()
	if err != nil {
		return nil, err
	}
	pause, err := run.Param("pause").Float()
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(seconds(pause))
	defer ticker.Stop()
	for n := int64(1); n <= to; n++ {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			run.Log.Warn("ended early", "counted", n-1)
			return map[string]int64{"counted": n - 1}, context.Cause(ctx)
		}
		run.Log.Info("counted", "n", n)
		run.Progress(int(n * 100 / to))
	}
	return map[string]int64{"counted": to}, nil
}

// about tells what a run knows of itself and of its package's files, and writes a file where it may.
func about(_ context.Context, run *sdk.Run) (any, error) {
	entries, err := fs.ReadDir(run.Files(), ".")
	if err != nil {
		return nil, err
	}
	files := make([]string, len(entries))
	for i, entry := range entries {
		files[i] = entry.Name()
	}
	if err := os.WriteFile(filepath.Join(run.Work(), "about.txt"), []byte(run.ID), 0o600); err != nil {
		return nil, err
	}
	var deadline string
	if !run.Deadline.IsZero() {
		deadline = run.Deadline.Format(time.RFC3339Nano)
	}
	return map[string]any{
		"run": run.ID, "occurrence": run.Occurrence, "attempt": run.Attempt, "task": run.TaskID, "trigger": run.Trigger,
		"due": run.Due.Format(time.RFC3339Nano), "deadline": deadline, "shard": run.Shard, "shards": run.Shards,
		"files": files,
	}, nil
}

// follow is for a child: it leaves what its parent left to it.
func follow(_ context.Context, run *sdk.Run) (any, error) {
	var previous any
	if err := run.Previous(&previous); err != nil {
		return nil, sdk.Permanent(err)
	}
	return map[string]any{"previous": previous}, nil
}

// again sets the next instant of its own task.
func again(_ context.Context, run *sdk.Run) (any, error) {
	wait, err := run.Param("wait").Float()
	if err != nil {
		return nil, err
	}
	run.NextIn(seconds(wait))
	return nil, nil
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// fill leaves a result of a size.
func fill(_ context.Context, run *sdk.Run) (any, error) {
	bytes, err := run.Param("bytes").Int()
	if err != nil {
		return nil, err
	}
	return strings.Repeat("a", int(bytes)), nil
}

// fail fails in the way that it is asked to.
func fail(_ context.Context, run *sdk.Run) (any, error) {
	how, err := run.Param("how").String()
	if err != nil {
		return nil, err
	}
	reason := errors.New("the mill is closed")
	switch how {
	case "permanently":
		return nil, sdk.Permanent(reason)
	case "for a minute":
		return nil, sdk.RetryAfter(reason, time.Minute)
	case "by surprise":
		return strings.Fields(how)[9], nil // panics: the run fails, and its log has the stack
	case "halfway":
		return map[string]int{"ground": 3}, reason
	}
	return nil, reason
}
