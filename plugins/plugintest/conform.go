package plugintest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/sdk/handshake"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

// Tasks are those that a plugin must have to be tested.
func Tasks() []string { return []string{"about", "again", "count", "fail", "fill", "follow", "greet"} }

// Conform tests a plugin. command makes a new command each time, which starts a process of it.
func Conform(t *testing.T, command func() *exec.Cmd) {
	t.Helper()
	t.Run("by hand it says what to do", func(t *testing.T) { byHand(t, command()) })
	t.Run("without a certificate it does not serve", func(t *testing.T) {
		cmd := command()
		cmd.Env = append(cmd.Env, handshake.CookieKey+"="+handshake.CookieValue)
		byHand(t, cmd)
	})
	t.Run("runs", func(t *testing.T) {
		p := Start(t, command())
		for _, c := range []struct {
			name string
			test func(*testing.T, *Plugin)
		}{
			{"others are refused", othersAreRefused},
			{"describe", describes},
			{"parameters and result", takesParameters},
			{"what a run knows", knows},
			{"parent", hasItsParent},
			{"log and progress", tellsAtOnce},
			{"next instant", setsNextInstant},
			{"cancel", endsWhenCancelled},
			{"hang up", survivesAHangUp},
			{"failures", fails},
			{"large results", boundsResults},
			{"unknown task", knowsNoOtherTask},
			{"many at once", performsManyAtOnce},
		} {
			t.Run(c.name, func(t *testing.T) { c.test(t, p) })
		}
		require.Zero(t, p.Stop(t), "a plugin that is no longer needed ends by itself, and well")
	})
	t.Run("terminated", func(t *testing.T) {
		p := Start(t, command())
		run := p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":1000000,"pause":0.01}`)})
		run.awaitLine("counted n=1")
		require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
		require.Zero(t, p.awaitExit(t))
	})
}

// byHand: somebody who starts the executable reads what it is, and it fails.
func byHand(t *testing.T, cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, "PATH="+os.Getenv("PATH"))
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.Error(t, err)
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Empty(t, string(out), "standard output is for the handshake")
	require.Contains(t, said.String(), "This is a plugin of Carillon")
	require.Contains(t, said.String(), "carillon plugin run")
}

func describes(t *testing.T, p *Plugin) {
	require.NoError(t, p.rpc.Ping(), "the health service answers")
	reply, err := p.Describe(t.Context(), &pluginpb.DescribeRequest{})
	require.NoError(t, err)
	require.ElementsMatch(t, Tasks(), reply.GetTasks())
	require.NotEmpty(t, reply.GetSdk())
}

func takesParameters(t *testing.T, p *Plugin) {
	run := p.begin(t, &pluginpb.Start{Task: "greet", Params: []byte(`{"name":"Åda","times":2}`)})
	result := run.end()
	require.Empty(t, result.GetError())
	require.JSONEq(t, `{"greeting":"Hello, Åda! Hello, Åda!"}`, string(result.GetValue()))
	require.Equal(t, []string{"info: greeting name=Åda times=2"}, run.texts())
	require.WithinDuration(t, time.Now(), time.UnixMicro(run.log[0].GetAt()), patience)

	result = p.Perform(t, &pluginpb.Start{Task: "greet", Params: []byte(`{"name":"Ada","times":"many"}`)})
	require.Contains(t, result.GetError(), `"times"`, "an error names the parameter")
	require.False(t, result.GetRetryable(), "the next attempt has the same parameters")

	result = p.Perform(t, &pluginpb.Start{Task: "greet", Params: []byte(`[1]`)})
	require.Contains(t, result.GetError(), "the parameters are no JSON object")
	require.False(t, result.GetRetryable())
}

func knows(t *testing.T, p *Plugin) {
	due := time.Date(2026, 1, 31, 8, 0, 0, 123_000_000, time.UTC)
	files, work := t.TempDir(), t.TempDir()
	for _, name := range []string{"plugin.yaml", "words.txt"} {
		require.NoError(t, os.WriteFile(filepath.Join(files, name), nil, 0o600))
	}
	type about struct {
		Run, Occurrence, Task, Trigger, Due, Deadline string
		Attempt, Shard, Shards                        int
		Files                                         []string
	}
	ask := func(start *pluginpb.Start) about {
		result := p.Perform(t, start)
		require.Empty(t, result.GetError())
		var got about
		require.NoError(t, json.Unmarshal(result.GetValue(), &got))
		return got
	}
	got := ask(&pluginpb.Start{
		Task: "about", RunId: "r", OccurrenceId: "o", Attempt: 3, TaskId: "i", Trigger: "retry", Due: due.UnixMicro(),
		Deadline: due.Add(time.Hour).UnixMicro(), Shard: 1, Shards: 4, Files: files, Work: work,
	})
	for said, meant := range map[*string]time.Time{&got.Due: due, &got.Deadline: due.Add(time.Hour)} {
		at, err := time.Parse(time.RFC3339Nano, *said)
		require.NoError(t, err)
		require.Equal(t, meant, at.UTC())
		*said = ""
	}
	require.Equal(t, about{
		Run: "r", Occurrence: "o", Attempt: 3, Task: "i", Trigger: "retry", Shard: 1, Shards: 4, Files: []string{"plugin.yaml", "words.txt"},
	}, got)
	written, err := os.ReadFile(filepath.Join(work, "about.txt"))
	require.NoError(t, err)
	require.Equal(t, "r", string(written))

	require.Empty(t, ask(&pluginpb.Start{Task: "about", Due: due.UnixMicro()}).Deadline, "0 is no deadline")
}

func hasItsParent(t *testing.T, p *Plugin) {
	result := p.Perform(t, &pluginpb.Start{Task: "follow", HasParent: true, ParentResult: []byte(`{"n":[1,"é"]}`)})
	require.Empty(t, result.GetError())
	require.JSONEq(t, `{"previous":{"n":[1,"é"]}}`, string(result.GetValue()))

	result = p.Perform(t, &pluginpb.Start{Task: "follow"})
	require.Equal(t, "the run has no parent", result.GetError())
	require.False(t, result.GetRetryable())

	result = p.Perform(t, &pluginpb.Start{Task: "follow", HasParent: true, ParentResult: []byte{0xff, '<'}})
	require.NotEmpty(t, result.GetError(), "an HTTP target may have answered anything")
}

// tellsAtOnce: what a run says is there while it goes on.
func tellsAtOnce(t *testing.T, p *Plugin) {
	run := p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":4,"pause":0.01}`)})
	result := run.end()
	require.Empty(t, result.GetError())
	require.JSONEq(t, `{"counted":4}`, string(result.GetValue()))
	require.Equal(t, []string{"info: counted n=1", "info: counted n=2", "info: counted n=3", "info: counted n=4"}, run.texts())
	require.Equal(t, []int32{25, 50, 75, 100}, run.progress)

	run = p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":1000000,"pause":0.01}`)})
	run.awaitLine("counted n=2")
	run.cancel("enough")
	require.Equal(t, "enough", run.end().GetError())
}

func setsNextInstant(t *testing.T, p *Plugin) {
	run := p.begin(t, &pluginpb.Start{Task: "again", Params: []byte(`{"wait":3600}`)})
	before := time.Now()
	result := run.end()
	require.Empty(t, result.GetError())
	require.Empty(t, string(result.GetValue()), "a run that leaves nothing has no value")
	require.WithinDuration(t, before.Add(time.Hour), time.UnixMicro(run.nextAt), patience)
}

// endsWhenCancelled: a handler that waits for long hears of the cancel at once, and may still say something and leave
// something.
func endsWhenCancelled(t *testing.T, p *Plugin) {
	run := p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":3,"pause":3600}`)})
	run.cancel("its time is over")
	result := run.end()
	require.Equal(t, "its time is over", result.GetError())
	require.JSONEq(t, `{"counted":0}`, string(result.GetValue()))
	require.Equal(t, []string{"warn: ended early counted=0"}, run.texts())
}

func survivesAHangUp(t *testing.T, p *Plugin) {
	run := p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":1000000,"pause":0.01}`)})
	run.awaitLine("counted n=1")
	run.hangUp()
	takesParameters(t, p)
}

func fails(t *testing.T, p *Plugin) {
	fail := func(how string) (*pluginpb.Result, []string) {
		params, err := json.Marshal(map[string]string{"how": how})
		require.NoError(t, err)
		run := p.begin(t, &pluginpb.Start{Task: "fail", Params: params})
		return run.end(), run.texts()
	}
	for _, c := range []struct {
		how       string
		retryable bool
		afterMs   int64
		value     string
	}{
		{"as usual", true, 0, ""},
		{"permanently", false, 0, ""},
		{"for a minute", true, 60_000, ""},
		{"halfway", true, 0, `{"ground":3}`},
	} {
		result, log := fail(c.how)
		require.Equal(t, "the mill is closed", result.GetError(), c.how)
		require.Equal(t, c.retryable, result.GetRetryable(), c.how)
		require.Equal(t, c.afterMs, result.GetRetryAfterMs(), c.how)
		require.Equal(t, c.value, string(result.GetValue()), c.how)
		require.Empty(t, log, c.how)
	}
	result, log := fail("by surprise")
	require.NotEmpty(t, result.GetError())
	require.True(t, result.GetRetryable())
	require.Len(t, log, 1)
	require.True(t, strings.HasPrefix(log[0], "error: "), log[0])
	require.Contains(t, log[0], "main.", "the stack leads to the file")
	takesParameters(t, p) // the process goes on
}

func boundsResults(t *testing.T, p *Plugin) {
	const most = 1<<20 - len(`""`)
	fill := func(size int) *pluginpb.Result {
		params, err := json.Marshal(map[string]int{"bytes": size})
		require.NoError(t, err)
		return p.Perform(t, &pluginpb.Start{Task: "fill", Params: params})
	}
	result := fill(most)
	require.Empty(t, result.GetError())
	require.Len(t, result.GetValue(), most+2)
	require.True(t, json.Valid(result.GetValue()))

	result = fill(most + 1)
	require.Equal(t, "the result is 1048577 bytes of JSON: at most 1048576 are left to children", result.GetError())
	require.False(t, result.GetRetryable())
	require.Empty(t, result.GetValue())

	parent := []byte(`"` + strings.Repeat("é", most/2) + `"`)
	result = p.Perform(t, &pluginpb.Start{Task: "follow", HasParent: true, ParentResult: parent})
	require.Contains(t, result.GetError(), "at most 1048576", "the largest result comes to a child, and what it makes of it is larger")
}

func knowsNoOtherTask(t *testing.T, p *Plugin) {
	for _, name := range []string{"nonesuch", "", "toString"} {
		result := p.Perform(t, &pluginpb.Start{Task: name})
		require.Contains(t, result.GetError(), "the plugin has no task")
		require.Contains(t, result.GetError(), strings.Join(Tasks(), ", "))
		require.False(t, result.GetRetryable())
	}
}

// performsManyAtOnce: thirty runs are under way together, and each hears its own cancel.
func performsManyAtOnce(t *testing.T, p *Plugin) {
	const many = 30
	var begun, ended sync.WaitGroup
	begun.Add(many)
	for i := range many {
		ended.Go(func() {
			run := p.begin(t, &pluginpb.Start{Task: "count", Params: []byte(`{"to":1000000,"pause":0.05}`)})
			run.awaitLine("counted n=1")
			begun.Done()
			begun.Wait()
			reason := "enough of " + string(rune('A'+i))
			run.cancel(reason)
			result := run.end()
			if result.GetError() != reason {
				t.Errorf("got %q, want %q", result.GetError(), reason)
			}
		})
	}
	ended.Wait()
}
