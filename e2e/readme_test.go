package e2e

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

var growing = regexp.MustCompile("(?s)\n## Growing\n.*?\n```sh\n(.*?)```\n")

// The commands by which the README grows to two masters do so, as they stand there but for the database and the ports.
func TestGrowingAsInTheREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	m := growing.FindStringSubmatch(string(readme))
	require.NotNil(t, m)
	t.Run("postgres", func(t *testing.T) {
		database := testdb.URL(t, store.Postgres).String()
		web, other, grpc, otherGRPC := freeAddr(t), freeAddr(t), freeAddr(t), freeAddr(t)
		path, err := binary()
		require.NoError(t, err)
		script := strings.NewReplacer(
			"postgres://carillon:PASSWORD@localhost/carillon", "'"+database+"'", "bin/carillon", path,
			"master --name m1", "master --name m1 --http-addr "+web+" --grpc-addr "+grpc,
			":30001", other, ":30011", otherGRPC, "localhost:30010,localhost:30011", grpc+","+otherGRPC,
		).Replace(m[1])
		require.NotContains(t, script, "3000")
		run(t, script)
		for _, addr := range []string{web, other} {
			eventually(t, soon, func() bool { return command(t, "", "ready", "http://"+addr).status == 0 }, "%s is ready", addr)
		}
		eventually(t, soon, func() bool { return connected(t, web)+connected(t, other) == 1 }, "the worker is connected to one of them")
		nodes := (&api{t: t, base: "http://" + other, client: http.DefaultClient}).nodes()
		require.ElementsMatch(t, []string{"master/m1", "master/m2", "w1"}, slices.Collect(maps.Keys(nodes)))
	})
}

// run runs a script of a shell, and what it starts, until the test ends.
func run(t *testing.T, script string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Env, cmd.Dir = append(environment(), "CARILLON_ADMIN_PASSWORD="+password), t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output := newJournal()
	cmd.Stdout, cmd.Stderr = output, output
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(output.text())
		}
	})
}

// connected is how many workers a master says are connected to it.
func connected(t *testing.T, addr string) (n int) {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		_, _ = fmt.Sscanf(lines.Text(), "carillon_workers_connected %d", &n)
	}
	return n
}
