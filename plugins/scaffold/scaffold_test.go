package scaffold

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
	"github.com/carillonhq/carillon/plugins/plugintest"
	pluginpb "github.com/carillonhq/carillon/plugins/sdk/proto"
)

var update = flag.Bool("update", false, "write modules/ anew, after a change of the SDK's modules")

// begin writes a plugin into a directory of its own.
func begin(t *testing.T, options Options) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	next, err := Write(dir, options)
	require.NoError(t, err)
	require.NotEmpty(t, next)
	content, err := os.ReadFile(filepath.Join(dir, manifest.Name))
	require.NoError(t, err)
	m, err := manifest.Parse(content)
	require.NoError(t, err)
	require.Equal(t, options.Name, m.Name)
	require.Len(t, m.Tasks, 2)
	return dir
}

func command(t *testing.T, dir string, words ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", strings.Join(words, " "), out)
	return string(out)
}

// A plugin in Go is whole as it is written: it compiles, its tests pass, and it runs, with no module to be added.
func TestGoPluginIsWhole(t *testing.T) {
	t.Parallel()
	dir := begin(t, Options{Name: "hello-2.go", Version: "v1.2.3-4-g0a1b2c3"})
	if *update {
		writeModules(t, dir)
		dir = begin(t, Options{Name: "hello-2.go"})
	}
	command(t, dir, "make", "test")
	command(t, dir, "make")
	require.Empty(t, command(t, dir, "gofmt", "-l", "main.go", "main_test.go"))
	greets(t, filepath.Join(dir, "bin", "hello-2.go-linux-amd64"))
}

// The SDK's source has the versions of modules that its own module has.
func TestModulesAreOurs(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	requirements := regexp.MustCompile(`(?m)^\t(\S+ v\S+)`).FindAllStringSubmatch(string(sdkMod), -1)
	require.NotEmpty(t, requirements)
	for _, m := range requirements {
		require.Contains(t, string(ours), "\t"+m[1], "go test ./plugins/scaffold -update")
	}
}

func TestReleasedVersionIsRequired(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"v1.2.3", "v1.2.3-rc.1"} {
		dir := begin(t, Options{Name: "hello", Version: version})
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		require.NoError(t, err)
		require.Equal(t, "module hello\n\ngo 1.26\n\nrequire github.com/carillonhq/carillon "+version+"\n", string(content))
		require.NoDirExists(t, filepath.Join(dir, sdkFolder))
		require.NotContains(t, readme(t, dir), sdkFolder)
	}
	for _, version := range []string{"", "devel", "0a1b2c3", "v1.2.3-dirty", "v1.2.3-rc.1-5-g0a1b2c3"} {
		dir := begin(t, Options{Name: "hello", Version: version})
		require.DirExists(t, filepath.Join(dir, sdkFolder))
		require.Contains(t, readme(t, dir), sdkFolder)
	}
}

func readme(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	return string(content)
}

func TestPythonPluginIsWhole(t *testing.T) {
	t.Parallel()
	plugintest.NeedPython(t)
	greets(t, filepath.Join(begin(t, Options{Name: "hello", Language: "python"}), "main.py"))
}

func TestNodePluginIsWhole(t *testing.T) {
	t.Parallel()
	modules := plugintest.NeedNode(t, "../examples/node")
	dir := begin(t, Options{Name: "hello", Language: "node"})
	require.NoError(t, os.Symlink(modules, filepath.Join(dir, "node_modules")))
	command(t, dir, "npm", "ls", "--omit=dev") // the modules are those that package.json asks for
	content, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	require.NoError(t, err)
	require.Contains(t, string(content), `"name": "hello"`)
	require.NotContains(t, string(content), "hello-node")
	require.NotContains(t, string(content), "://registry")
	greets(t, filepath.Join(dir, "main.js"))
}

// greets runs a task of a plugin.
func greets(t *testing.T, executable string) {
	t.Helper()
	p := plugintest.Start(t, exec.Command(executable))
	reply, err := p.Describe(t.Context(), &pluginpb.DescribeRequest{})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"greet", "count"}, reply.GetTasks())
	result := p.Perform(t, &pluginpb.Start{Task: "greet", Params: []byte(`{"name":"Ada"}`)})
	require.Empty(t, result.GetError())
	require.JSONEq(t, `{"greeting":"Hello, Ada!"}`, string(result.GetValue()))
	require.Zero(t, p.Stop(t))
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(full, "a"), nil, 0o600))
	for _, c := range []struct {
		dir     string
		options Options
		err     string
		code    core.Code
	}{
		{filepath.Join(full, "new"), Options{Name: "Hello"}, "name: must be", core.CodeMalformed},
		{filepath.Join(full, "new"), Options{Name: ""}, "name: must be", core.CodeMalformed},
		{filepath.Join(full, "new"), Options{Name: "../a"}, "name: must be", core.CodeMalformed},
		{filepath.Join(full, "new"), Options{Name: strings.Repeat("a", 201)}, "name: must be", core.CodeMalformed},
		{filepath.Join(full, "new"), Options{Name: "a", Language: "cobol"}, "lang: must be one of go, python, node", core.CodeMalformed},
		{full, Options{Name: "a"}, full + " is there already, and not empty", core.CodeConflict},
		{filepath.Join(full, "a"), Options{Name: "a"}, "cannot be a directory", core.CodeConflict},
	} {
		_, err := Write(c.dir, c.options)
		require.ErrorContains(t, err, c.err)
		require.Equal(t, c.code, core.CodeOf(err))
		require.NoDirExists(t, filepath.Join(full, "new"), "nothing is left behind")
	}
	_, err := Write(t.TempDir(), Options{Name: "a"})
	require.NoError(t, err, "an empty directory is as good as none")
}
