package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/host/proctree"
	"github.com/carillonhq/carillon/plugins/pack"
)

// examplePlugin builds the example in Go for this machine, once, and gives its directory.
var examplePlugin = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(buildDir(), "hello-go")
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o750); err != nil {
		return "", err
	}
	text, err := os.ReadFile("../plugins/examples/go/plugin.yaml")
	if err != nil {
		return "", err
	}
	var manifest strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "  linux/") || strings.Contains(line, runtime.GOARCH) { // not for others
			manifest.WriteString(line)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "plugin.yaml"), []byte(manifest.String()), 0o600); err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w",
		"-o", filepath.Join(dir, "bin", "hello-linux-"+runtime.GOARCH), "../plugins/examples/go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return string(out), err
	}
	return dir, nil
})

func needExample(t *testing.T) string {
	t.Helper()
	skipLong(t)
	if runtime.GOOS != "linux" {
		t.Skip("the example is built for Linux")
	}
	dir, err := examplePlugin()
	require.NoError(t, err, dir)
	return dir
}

// What a developer sees who tries a plugin where it is being written, and the package of it.
func TestPluginRunsWithoutAServer(t *testing.T) {
	t.Parallel()
	dir := needExample(t)
	file := filepath.Join(t.TempDir(), "hello.zip")
	_, err := pack.Build(dir, file, pack.BuildOptions{})
	require.NoError(t, err)
	for _, place := range []string{dir, file} {
		out := command(t, "", "plugin", "run", place, "--task", "greet", "--param", "name=Ada", "--param", "times=2")
		require.Zero(t, out.status, out.stderr)
		require.Equal(t, `{"greeting":"Hello, Ada! Hello, Ada!"}`+"\n", out.stdout)
		require.Regexp(t, `^\d\d:\d\d:\d\d\.\d\d\d info  greeting name=Ada times=2\n$`, out.stderr)
	}
	out := command(t, "", "plugin", "run", dir, "--task", "follow", "--parent-result", `{"n":1}`)
	require.Equal(t, ran{stdout: `{"previous":{"n":1}}` + "\n"}, out)
	out = command(t, "", "plugin", "run", dir, "--task", "fail", "--param", "how=halfway")
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "carillon: the run ended as failed after ")
	require.NotEmpty(t, out.stdout, "what it leaves all the same")
	out = command(t, "", "plugin", "run", dir, "--task", "again", "--param", "wait=60")
	require.Zero(t, out.status)
	require.Contains(t, out.stderr, "next instant of the task: 2")

	for want, args := range map[string][]string{
		"--task: hello-go has 7 tasks; say which":                    {dir},
		"plugin.task: is not in hello-go@1.0.0; did you mean greet?": {dir, "--task", "gret"},
		"params: times must be of type integer":                      {dir, "--task", "greet", "--param", "name=Ada", "--param", "times=often"},
		`--param "name" must be KEY=VALUE`:                           {dir, "--task", "greet", "--param", "name"},
		"plugin run takes one directory or package: got 2 arguments": {dir, file},
		"--timeout must not be negative":                             {dir, "--timeout", "-1s"},
	} {
		out := command(t, "", append([]string{"plugin", "run"}, args...)...)
		require.Equal(t, 2, out.status, want)
		require.Contains(t, out.stderr, want)
		require.Empty(t, out.stdout)
	}
	out = command(t, "", "plugin", "run", t.TempDir())
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "plugin.yaml")
	bare := t.TempDir()
	text, err := os.ReadFile(filepath.Join(dir, "plugin.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(bare, "plugin.yaml"), text, 0o600))
	out = command(t, "", "plugin", "run", bare, "--task", "greet")
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "executables: names bin/hello-linux-"+runtime.GOARCH+", which is not there: build it first")
}

// Where there are Go files, they are built first; what is no plugin is told from one.
func TestPluginIsBuiltBeforeItIsTried(t *testing.T) {
	t.Parallel()
	skipLong(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module example.org/hello\n\ngo 1.26\n",
		"main.go": "package main\n\nfunc main() { println(\"to the wrong place\") }\n",
		"plugin.yaml": "name: hello\nversion: 1.0.0\nexecutables:\n  " + runtime.GOOS + "/" + runtime.GOARCH + ": bin/hello\n" +
			"tasks:\n  greet: {}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	out := command(t, "", "plugin", "run", "--build=false", dir)
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "build it first")
	out = command(t, "", "plugin", "run", dir)
	require.Equal(t, 1, out.status)
	require.Contains(t, out.stderr, "go build "+runtime.GOOS+"/"+runtime.GOARCH+" bin/hello")
	require.Contains(t, out.stderr, "the plugin exited with status 0 before it shook hands. Its last words: to the wrong place")
}

// Whoever presses Ctrl-C, or kills the command, leaves no process behind.
func TestPluginRunIsInterrupted(t *testing.T) {
	t.Parallel()
	dir := needExample(t)
	carillon, err := binary()
	require.NoError(t, err)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		cmd := exec.Command(carillon, "plugin", "run", dir, "--task", "count", "--param", "to=100000", "--param", "pause=0.05")
		screen, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		lines := bufio.NewScanner(screen)
		for lines.Scan() && !strings.Contains(lines.Text(), "counted n=2") {
			t.Log(lines.Text())
		}
		pids := proctree.Descendants(cmd.Process.Pid)
		require.GreaterOrEqual(t, len(pids), 2, "a supervisor and a plugin")
		require.NoError(t, cmd.Process.Signal(signal))
		last := ""
		for lines.Scan() {
			last = lines.Text()
		}
		_ = cmd.Wait()
		if signal == syscall.SIGINT {
			require.Equal(t, 1, cmd.ProcessState.ExitCode())
			require.Regexp(t, `^carillon: the run ended as cancelled after .*: it was interrupted$`, last)
		}
		require.Eventually(t, func() bool { return proctree.Measure(pids).Tasks == 0 }, soon, 10*1e6, "a process is left")
	}
}
