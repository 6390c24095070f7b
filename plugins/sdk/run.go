package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// ErrNoParent is Previous's answer in a run that no other run fired.
var ErrNoParent = errors.New("the run has no parent")

// Run is one run of a task, while it is under way. Its methods may be called from several goroutines; once the handler has
// returned they do nothing.
type Run struct {
	// ID is the run's own, another for each attempt.
	ID string
	// Occurrence is the firing's, the same for all attempts at it: the key to be idempotent by.
	Occurrence string
	// Attempt counts the tries at the occurrence, from 1.
	Attempt int
	// Task is the name of the task in the plugin, and TaskID the id of the task in Carillon that calls it.
	Task, TaskID string
	// Trigger is why the run exists: schedule, manual, parent, retry or replay.
	Trigger string
	// Due is the instant that the schedule names, however late the run is, in UTC.
	Due time.Time
	// Deadline is when the run is cancelled as timed out; zero for never. The context has no deadline of its own: the
	// worker judges, and cancels it.
	Deadline time.Time
	// Shard is the number of this run among the Shards runs of its firing, from 0. Shards is 0 when it is the only one.
	Shard, Shards int
	// Log writes to the run's log, where a line is seen within a second. A line is cut at 16 KiB.
	Log *slog.Logger

	params    map[string]json.RawMessage
	hasParent bool
	parent    []byte
	files     string
	work      string
	out       *output
}

func newRun(start *pluginpb.Start, out *output) (*Run, error) {
	run := &Run{
		ID: start.GetRunId(), Occurrence: start.GetOccurrenceId(), Attempt: int(start.GetAttempt()),
		Task: start.GetTask(), TaskID: start.GetTaskId(), Trigger: start.GetTrigger(),
		Due: instant(start.GetDue()), Deadline: instant(start.GetDeadline()),
		Shard: int(start.GetShard()), Shards: int(start.GetShards()),
		Log:       slog.New(newLogHandler(out.line)),
		hasParent: start.GetHasParent(), parent: start.GetParentResult(),
		files: start.GetFiles(), work: start.GetWork(), out: out,
	}
	if len(start.GetParams()) > 0 {
		if err := json.Unmarshal(start.GetParams(), &run.params); err != nil {
			return nil, fmt.Errorf("the parameters are no JSON object: %w", err)
		}
	}
	return run, nil
}

// instant reads microseconds since the Unix epoch, with 0 for none.
func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}

// Previous decodes what the parent left, the run whose outcome fired this one. It fails with ErrNoParent when there is
// none, and when the parent is an HTTP task whose target answered no JSON: ParentResult gives such an answer.
func (r *Run) Previous(v any) error {
	if !r.hasParent {
		return ErrNoParent
	}
	if len(r.parent) == 0 {
		return errors.New("the parent left no result")
	}
	if err := json.Unmarshal(r.parent, v); err != nil {
		return fmt.Errorf("the parent's result: %w", err)
	}
	return nil
}

// ParentResult is what the parent left, byte by byte: JSON of a plugin, any bytes of an HTTP target. It is false when no
// other run fired this one.
func (r *Run) ParentResult() ([]byte, bool) { return r.parent, r.hasParent }

// Progress tells how much of the run is done, in percent: 0 to 100, and what is beyond counts as the nearer end.
func (r *Run) Progress(percent int) {
	r.out.progress(min(max(percent, 0), 100))
}

// NextAt sets the next instant of the run's own task, after which its schedule goes on. The last call counts, and only
// when the run ends well or badly by itself. An instant that has passed when the run ends means at once.
func (r *Run) NextAt(at time.Time) {
	r.out.nextAt(at)
}

// NextIn sets the next instant of the run's own task as NextAt does, as a time from now.
func (r *Run) NextIn(wait time.Duration) {
	r.NextAt(time.Now().Add(wait))
}

// Files are the files of the package, such as one beside plugin.yaml: fs.ReadFile(run.Files(), "words.txt").
func (r *Run) Files() fs.FS { return os.DirFS(r.files) }

// FilesDir is the directory of the package's files, for what needs a path. It must not be written to.
func (r *Run) FilesDir() string { return r.files }

// Work is a directory for this run alone, which is empty at its start and removed when it has ended.
func (r *Run) Work() string { return r.work }
