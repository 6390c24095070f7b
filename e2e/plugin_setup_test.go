package e2e

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/plugins/host/proctree"
	"github.com/carillonhq/carillon/plugins/pack"
)

// pluginSoon bounds the wait for what plugins do: a package is fetched and a process started before, on busy machines.
const pluginSoon = time.Minute

// mischiefBinary builds the plugin of the tests, once.
var mischiefBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir(), "mischief")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "./mischief")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	return path + string(out), err
})

const mischiefManifest = `name: mischief
version: VERSION
executables:
  PLATFORM: bin/mischief
tasks:
  work: {parameters: {type: object, properties: {ms: {type: integer, minimum: 0, default: 10}}}}
  tell: {parameters: {type: object, required: [bytes], properties: {bytes: {type: integer, minimum: 0}}}}
  follow: {}
  again: {parameters: {type: object, required: [ms], properties: {ms: {type: integer, minimum: 0}}}}
  panic: {}
  hang: {}
  leak: {}
  fork: {parameters: {type: object, properties: {then: {enum: [return, stay], default: return}}}}
  flood: {}
  exit: {}
  tidy: {}
`

// mischief makes a version of the tests' plugin, and gives the package's file.
func mischief(t *testing.T, version string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mischief.zip")
	_, err := pack.Build(mischiefDir(t, version), file, pack.BuildOptions{})
	require.NoError(t, err)
	return file
}

// mischiefDir makes the directory that a version of the tests' plugin is packed of.
func mischiefDir(t *testing.T, version string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("plugins are supervised on Linux")
	}
	built, err := mischiefBinary()
	require.NoError(t, err, built)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "bin"), 0o700))
	require.NoError(t, os.Link(built, filepath.Join(dir, "bin", "mischief")))
	text := strings.NewReplacer("VERSION", version, "PLATFORM", runtime.GOOS+"/"+runtime.GOARCH).Replace(mischiefManifest)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "version.txt"), []byte(version), 0o600))
	return dir
}

// uploaded uploads a package, and fails the test when it is refused.
func (a *api) uploaded(file string) {
	a.t.Helper()
	content, err := os.Open(file)
	require.NoError(a.t, err)
	defer content.Close()
	resp, err := a.upload(content)
	require.NoError(a.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(a.t, err)
	require.Equal(a.t, http.StatusCreated, resp.StatusCode, "%s", text)
}

// never is a schedule of tasks that are run by hand or by others.
var never = object{"kind": "cron", "cron": "0 0 0 1 1 ?"}

// mischievous is a task of the tests' plugin. What more has wins.
func mischievous(name string, params map[string]string, more object) object {
	task := object{
		"kind": "plugin", "title": name, "schedule": never, "overlap": "allow", "plugin": object{"package": "mischief", "task": name},
	}
	var list []object
	for key, value := range params {
		list = append(list, object{"key": key, "value": value})
	}
	task["params"] = list
	for key, v := range more {
		task[key] = v
	}
	return task
}

// runNow has a task run, and gives the run's id.
func (a *api) runNow(task string) string {
	a.t.Helper()
	var run v1.Run
	a.do(http.StatusAccepted, http.MethodPost, "/tasks/"+task+"/run", nil, &run)
	return run.ID
}

// run reads a run with its log and answer.
func (a *api) run(id string) v1.Run {
	a.t.Helper()
	var run v1.Run
	a.do(http.StatusOK, http.MethodGet, "/runs/"+id, nil, &run)
	return run
}

// awaitRun waits until a run is in a state, and gives it.
func (a *api) awaitRun(id, state string) (run v1.Run) {
	a.t.Helper()
	deadline := time.Now().Add(pluginSoon)
	for {
		if run = a.run(id); run.State == state {
			return run
		}
		require.True(a.t, time.Now().Before(deadline), "run is %s and not %s: %s", run.State, state, run.Reason)
		time.Sleep(50 * time.Millisecond)
	}
}

// awaitLog waits until a run's log has a line with a text, and gives how many lines it has.
func (a *api) awaitLog(id, text string) int {
	a.t.Helper()
	n := 0
	eventually(a.t, pluginSoon, func() bool {
		run := a.run(id)
		for _, l := range run.Log {
			if strings.Contains(l.Text, text) {
				n = len(run.Log)
			}
		}
		return n > 0
	}, "run %s says %q", id, text)
	return n
}

// runsOfTask lists the runs of a task.
func (a *api) runsOfTask(task string) []v1.Run {
	a.t.Helper()
	return list[v1.Run](a, "/runs?taskId="+task)
}

// pluginProcesses are the processes of a worker: supervisors, plugins, and what these started.
func (p *process) pluginProcesses() []int { return proctree.Descendants(p.cmd.Process.Pid) }

// requireGone checks that processes are no more, soon.
func requireGone(t *testing.T, pids []int) {
	t.Helper()
	eventually(t, pluginSoon, func() bool { return proctree.Measure(pids).Tasks == 0 }, "processes %v are gone", pids)
}
