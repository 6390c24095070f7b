package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// alive reports whether a process runs: one that nobody has waited for yet does not.
func alive(pid int) bool { return proctree.Measure([]int{pid}).Tasks > 0 }

// requireGone waits until processes have ended.
func requireGone(t testing.TB, pids []int) {
	t.Helper()
	require.NotEmpty(t, pids)
	require.Eventually(t, func() bool {
		for _, pid := range pids {
			if alive(pid) {
				return false
			}
		}
		return true
	}, patience, 5*time.Millisecond, "one of %v is alive", pids)
}

// daemons waits for the processes that the task spawn started, and gives their ids: of each daemon, a parent that lives, one
// that died, and an orphan in a session of its own.
func daemons(t testing.TB, dir string, count int) (pids []int) {
	t.Helper()
	for i := range count {
		for _, suffix := range []string{"", "-child", "-child-child"} {
			file := filepath.Join(dir, "daemon"+strconv.Itoa(i)+suffix+".pid")
			require.Eventually(t, func() bool { _, err := os.Stat(file); return err == nil }, patience, 5*time.Millisecond, file)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestNothingOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	for _, c := range []struct {
		name string
		end  func(h *Host, p *pending)
	}{
		{"killed after a cancel", func(_ *Host, p *pending) { p.cancel(errStopped) }},
		{"the host closes", func(h *Host, _ *pending) { h.Close() }},
		{"the plugin crashes", func(h *Host, p *pending) {
			go h.Perform(t.Context(), b.call("crash", "how", "kill"), p)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := with(t, Options{Grace: 50 * time.Millisecond}, b)
			dir := t.TempDir()
			p := begin(t, h, b.call("spawn", "dir", dir, "count", "3"))
			pids := daemons(t, dir, 3)
			require.True(t, alive(pids[len(pids)-1]), "the orphan lives as long as its plugin")
			c.end(h, p)
			p.outcome(t)
			for _, pid := range pids {
				require.False(t, alive(pid), "when the run has ended, all has")
			}
			if c.name != "the host closes" {
				h.requireNoProcess(t)
			}
		})
	}
}

func TestRetiredProcessTakesItsChildrenWithIt(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	dir := t.TempDir()
	c := b.call("spawn", "dir", dir, "count", "1", "then", "return")
	succeed[any](t, h, c)
	pids := daemons(t, dir, 1)
	require.True(t, alive(pids[2]))
	c = b.call("greet")
	c.Isolated = true
	succeed[any](t, h, c)
	require.True(t, alive(pids[2]), "an isolated run has another process")
	h.pool.tend(time.Now().Add(h.o.IdleTime))
	requireGone(t, pids)
	h.requireNoProcess(t)
}

func TestKilledWorkerLeavesNoProcess(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	file := filepath.Join(t.TempDir(), b.digest)
	require.NoError(t, os.WriteFile(file, b.file, 0o600))
	dir, pidsDir := t.TempDir(), t.TempDir()
	cmd := exec.Command(testBinary(), roleWorker, dir, file, pidsDir)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	pids := append(daemons(t, pidsDir, 3), proctree.Descendants(cmd.Process.Pid)...)
	require.GreaterOrEqual(t, len(pids), 3*3+2, "and a supervisor and a plugin")
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	requireGone(t, pids)

	// What is left are directories, and the next host removes them.
	left, err := os.ReadDir(filepath.Join(dir, "run"))
	require.NoError(t, err)
	require.NotEmpty(t, left)
	h := with(t, Options{Dir: dir}, b)
	h.requireNoProcess(t)
	shelf := newShelf()
	h.o.Fetch = shelf.fetch
	succeed[any](t, h, b.call("greet"))
	require.Zero(t, shelf.count(), "the package is in the cache still")
}

func TestKilledSupervisorLeavesNoProcess(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	h := with(t, Options{}, b)
	dir := t.TempDir()
	p := begin(t, h, b.call("spawn", "dir", dir, "count", "2", "env", "kept"))
	pids := daemons(t, dir, 2)
	o, _ := perform(t, h, b.call("crash", "how", "supervisor"))
	require.Equal(t, core.RunFailed, o.State)
	require.Contains(t, o.Result.Reason, "the plugin's process ended with its supervisor")
	p.outcome(t)
	requireGone(t, pids)
	h.requireNoProcess(t)
}

// A host ends what one that died left, when its supervisors died with it, and nothing else.
func TestSweepAtStart(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	dir := t.TempDir()
	h := with(t, Options{Dir: dir}, b)
	id := h.places.id
	h.Close()
	start := func(mark string) int {
		cmd := exec.Command(testBinary(), roleChild, t.TempDir(), "left", "0")
		cmd.Env = []string{"A=b", marker + "=" + mark, "C=d"}
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd.Process.Pid
	}
	ours, others := start(id+".0000000001"), start("0123456789abcdef.0000000001")
	for _, left := range []string{"run/1/home/x", "files/abc.1/x", "packages/.fetch-1", "packages/" + b.digest + ".zip"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, left)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, left), []byte("half a file"), 0o600))
	}
	require.NoError(t, os.Chmod(filepath.Join(dir, "run", "1", "home"), 0))
	h = with(t, Options{Dir: dir}, b)
	require.Equal(t, id, h.places.id)
	require.False(t, alive(ours))
	require.True(t, alive(others))
	h.requireNoProcess(t)
	for _, dir := range []string{h.places.files, h.places.packages} {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestTwoHostsDoNotShareADirectory(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	dir := t.TempDir()
	with(t, Options{Dir: dir}, b)
	_, err := New(Options{Dir: dir, Fetch: newShelf().fetch})
	require.ErrorContains(t, err, "another process runs plugins in "+dir)
}
