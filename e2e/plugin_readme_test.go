package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

var shellBlock = regexp.MustCompile("(?s)\n```sh\n(.*?)```\n")

// The developer's path in plugins/README.md leads from nothing to a run's result, as it stands there but for the ports: in a
// folder where nothing is, in one shell from the first block to the last.
func TestDevelopersPathAsInTheREADME(t *testing.T) {
	skipLong(t)
	t.Parallel()
	readme, err := os.ReadFile("../plugins/README.md")
	require.NoError(t, err)
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, block := range shellBlock.FindAllStringSubmatch(string(readme), -1) {
		script.WriteString(block[1])
	}
	web, grpc := freeAddr(t), freeAddr(t)
	_, port, err := net.SplitHostPort(web)
	require.NoError(t, err)
	text := strings.ReplaceAll(script.String(), "localhost:30000", "localhost:"+port)
	require.NotContains(t, text, "30000")

	carillon, err := binary()
	require.NoError(t, err)
	bin, dir := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(carillon, filepath.Join(bin, "carillon")))
	screen, err := os.Create(filepath.Join(bin, "screen")) // and no pipe, which the server would keep open
	require.NoError(t, err)
	defer screen.Close()
	cmd := exec.Command("sh", "-c", text)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, screen, screen, &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(environment(), "PATH="+bin+":"+os.Getenv("PATH"),
		"CARILLON_HTTP_ADDR="+web, "CARILLON_GRPC_ADDR="+grpc, "CARILLON_SERVER=http://"+web)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	failed := cmd.Wait()
	said, err := os.ReadFile(screen.Name())
	require.NoError(t, err)
	require.NoError(t, failed, "%s", said)
	for _, want := range []string{
		`{"greeting":"Hello, Ada!"}`, "hello-0.1.0.zip: hello 0.1.0, ", ", signed, ", "hello 0.1.0 is uploaded",
		`"Success":true`, `"text":"greeting name=Ada"`, `"body":"{\"greeting\":\"Hello, Ada!\"}"`,
	} {
		require.Contains(t, string(said), want)
	}
}
