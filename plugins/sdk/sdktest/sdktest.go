// Package sdktest runs the tasks of a plugin inside a Go test, without a worker and without a process: parameters and the
// parent's result go in, and what the run did comes out.
package sdktest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/carillonhq/carillon/plugins/sdk"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// grace is what a handler reads of in the cause of its cancellation.
const grace = 5 * time.Second

// Plugin is the tasks of a plugin under test. They are set up once, as in a process.
type Plugin struct {
	t      testing.TB
	server *sdk.Server
}

// New makes a plugin of tasks. They are torn down when the test ends.
func New(t testing.TB, tasks ...sdk.Task) *Plugin {
	t.Helper()
	server, err := sdk.NewServer(tasks...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &Plugin{t: t, server: server}
}

// Given is the run that a handler is called with. Its zero value is a run without parameters and without a parent.
type Given struct {
	// Params is written as JSON and must be an object: a map or a struct.
	Params any
	// Parent is what the parent left: a []byte as it stands, anything else as JSON. The run has no parent when it is nil.
	Parent any
	// Files is the directory of the package's files. By default it is the test's own, ".".
	Files string
	// The rest is as in sdk.Run. Defaults: ID "run", Occurrence "occurrence", Attempt 1, TaskID "task", Trigger "manual",
	// Due now, no deadline, no shards.
	ID, Occurrence, TaskID, Trigger string
	Attempt, Shard, Shards          int
	Due, Deadline                   time.Time
}

// Line is a line of a run's log.
type Line struct{ Level, Text string }

// Outcome is what a run did.
type Outcome struct {
	// Err is why it failed; nil when it went well. Its text is what the run's record says.
	Err error
	// Retryable tells, of a run that failed, whether it is tried again, and RetryAfter after how long at least.
	Retryable  bool
	RetryAfter time.Duration
	// Result is what it left to its children; nil for nothing.
	Result json.RawMessage
	// Log are its lines, and Progress the percentages it told, one after the other.
	Log      []Line
	Progress []int
	// NextAt is the next instant that it set for its task; zero when it set none.
	NextAt time.Time
}

// Run performs one run of a task and waits for its end. When ctx is cancelled the run is, too, with the cause as its reason.
func (p *Plugin) Run(ctx context.Context, task string, given Given) *Outcome {
	p.t.Helper()
	start, err := given.start(task, p.t.TempDir())
	if err != nil {
		p.t.Fatal(err)
	}
	serving, end := context.WithCancel(p.t.Context())
	defer end()
	s := newStream(serving, start)
	defer context.AfterFunc(ctx, func() { s.cancel(context.Cause(ctx).Error()) })()
	if err := p.server.Run(s); err != nil {
		p.t.Fatal(err)
	}
	return s.outcome()
}

func (g Given) start(task, work string) (*pluginpb.Start, error) {
	params, err := json.Marshal(g.Params)
	if err != nil {
		return nil, fmt.Errorf("Given.Params: %w", err)
	}
	start := &pluginpb.Start{
		Task: task, Params: params, TaskId: cmp.Or(g.TaskID, "task"),
		RunId: cmp.Or(g.ID, "run"), OccurrenceId: cmp.Or(g.Occurrence, "occurrence"), Attempt: int32(cmp.Or(g.Attempt, 1)),
		Trigger: cmp.Or(g.Trigger, "manual"), Due: cmp.Or(g.Due, time.Now()).UnixMicro(),
		Shard: int32(g.Shard), Shards: int32(g.Shards), Files: cmp.Or(g.Files, "."), Work: work,
	}
	if !g.Deadline.IsZero() {
		start.Deadline = g.Deadline.UnixMicro()
	}
	if g.Parent == nil {
		return start, nil
	}
	start.HasParent = true
	if raw, ok := g.Parent.([]byte); ok {
		start.ParentResult = raw
		return start, nil
	}
	if start.ParentResult, err = json.Marshal(g.Parent); err != nil {
		return nil, fmt.Errorf("Given.Parent: %w", err)
	}
	return start, nil
}

func (o *Outcome) end(result *pluginpb.Result) {
	if result.GetError() != "" {
		o.Err = errors.New(result.GetError())
	}
	o.Retryable = result.GetRetryable()
	o.RetryAfter = time.Duration(result.GetRetryAfterMs()) * time.Millisecond
	o.Result = result.GetValue()
}
