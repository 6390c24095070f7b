package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// soon bounds the wait for what takes a moment; it is long because machines that run tests are busy.
const soon = time.Minute

// process is a running carillon.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *journal
	stderr *journal
	ended  chan struct{} // closed when it has ended and its output has been read
}

// start starts carillon. It is killed at the end of the test at the latest, and its log shown if the test failed.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	p := &process{t: t, cmd: exec.Command(path, args...), stdout: newJournal(), stderr: newJournal(), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = append(environment(), env...), p.stdout, p.stderr, dieWithParent()
	p.cmd.Dir = t.TempDir() // nothing of a test may land in the source tree
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		logOnFailure(t, p)
	})
	return p
}

// environment is this process's own without what configures carillon.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "CARILLON_") || strings.HasPrefix(pair, "SMCORE_")
	})
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// terminate asks the process to stop.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
}

// exit waits for the end of the process and gives its exit status.
func (p *process) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		require.FailNow(p.t, "the process did not end", "%s within %s", p.cmd.Args[1], within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop has the process stop cleanly.
func (p *process) stop() {
	p.t.Helper()
	p.terminate()
	require.Zero(p.t, p.exit(soon), "a clean stop")
}

// ran is what a command that ended by itself left behind.
type ran struct {
	stdout, stderr string
	status         int
}

// command runs carillon to its end, which is killed when it does not come soon.
func command(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	return commandIn(t, nil, stdin, args...)
}

func commandIn(t *testing.T, env []string, stdin string, args ...string) ran {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	var stdout, stderr strings.Builder
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = append(environment(), env...), strings.NewReader(stdin), &stdout, &stderr
	cmd.Dir = t.TempDir()
	if err := cmd.Run(); err != nil {
		require.IsType(t, new(exec.ExitError), err)
	}
	return ran{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

const (
	password  = "correct-horse"
	joinToken = "a-join-token-for-the-tests"
	anyPort   = "127.0.0.1:0"
)

// server is a running master, with a worker inside when its role is serve.
type server struct {
	*process
	*api
	role, data             string
	listenHTTP, listenGRPC string   // where it is told to listen
	http, grpc             string   // where it listens
	env, extra             []string // beside what every server of the tests is given
}

// serve starts a server on a data folder. It returns when the server answers.
func serve(t *testing.T, role, data string, extra ...string) *server {
	t.Helper()
	s := &server{role: role, data: data, listenHTTP: anyPort, listenGRPC: anyPort, extra: extra}
	s.start(t)
	return s
}

// serveFixed is serve at addresses that stay the same over restarts.
func serveFixed(t *testing.T, role, data string, extra ...string) *server {
	t.Helper()
	s := &server{role: role, data: data, listenHTTP: freeAddr(t), listenGRPC: freeAddr(t), extra: extra}
	s.start(t)
	return s
}

// launch starts the process without waiting for anything.
func (s *server) launch(t *testing.T) {
	t.Helper()
	env := append([]string{"CARILLON_ADMIN_PASSWORD=" + password, "CARILLON_JOIN_TOKEN=" + joinToken}, s.env...)
	args := []string{s.role, "--data", s.data, "--http-addr", s.listenHTTP, "--grpc-addr", s.listenGRPC, "--log-format", "json"}
	s.process = start(t, env, append(args, s.extra...)...)
}

// start starts the server, again if it has ended, and waits until it serves.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.launch(t)
	s.readAddresses(t)
	if s.role == "serve" {
		s.await(1, soon, `"msg":"connected"`)
	}
}

// readAddresses waits until the server listens and reads in its log where.
func (s *server) readAddresses(t *testing.T) {
	t.Helper()
	var started struct{ HTTP, GRPC string }
	require.NoError(t, json.Unmarshal([]byte(s.await(1, soon, `"msg":"master started"`)), &started))
	s.http, s.grpc = started.HTTP, started.GRPC
	s.api = newAPI(t, s.http)
}

// startWorker starts a worker of a master without waiting for it to be connected.
func startWorker(t *testing.T, master, name string, extra ...string) *process {
	t.Helper()
	return start(t, []string{"CARILLON_JOIN_TOKEN=" + joinToken},
		append([]string{"worker", "--master", master, "--name", name, "--log-format", "json"}, extra...)...)
}

// joinWorker starts a worker and waits until it is connected.
func joinWorker(t *testing.T, master, name string, extra ...string) *process {
	t.Helper()
	p := startWorker(t, master, name, extra...)
	p.await(1, soon, `"msg":"connected"`)
	return p
}

// freeAddr gives an address of loopback that nobody listens on. Its port is below those that systems give to outgoing
// connections: one of these could take the port, even to itself, while a server that is to come back is down.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 100 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000))); err == nil {
			require.NoError(t, l.Close())
			return l.Addr().String()
		}
	}
	require.FailNow(t, "no free port was found")
	return ""
}
