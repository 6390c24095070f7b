package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

func TestPluginInheritsNothing(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{})
	// Such a descriptor a worker may have got from who started it.
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, nil, 0o600))
	fd, err := syscall.Open(secret, syscall.O_RDONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(fd) })

	h := with(t, Options{}, b)
	me := succeed[identityOf](t, h, b.call("who"))
	var names []string
	for _, v := range me.Env {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	allowed := []string{
		"CARILLON_PLUGIN", "CARILLON_PLUGIN_GRACE_MS", "CARILLON_PLUGIN_PROCESS", "HOME", "LANG", "PATH", "PLUGIN_CLIENT_CERT", "PLUGIN_MAX_PORT", "PLUGIN_MIN_PORT",
		"PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_UNIX_SOCKET_DIR", "TMPDIR", "TZ",
	}
	require.Subset(t, allowed, names)
	require.Contains(t, me.Env, "HOME="+me.Dir)
	require.Contains(t, me.Env, "TMPDIR="+me.Dir)
	require.True(t, strings.HasPrefix(me.Dir, h.places.run), me.Dir)
	require.NotContains(t, me.Fds, secret)
	require.Equal(t, "/dev/null", me.Fds[0])
	for _, place := range me.Fds[1:] {
		require.False(t, strings.HasPrefix(place, h.o.Dir+"/lock") || place == "/dev/null", "it has %s open", place)
	}
	require.Equal(t, me.Pid, me.Session)
	require.Contains(t, me.Status, "NoNewPrivs:\t1\n")
	require.Zero(t, me.Limits["core"])
	require.False(t, me.Ignored)
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	require.NoError(t, err)
	require.Zero(t, dumpable, "others of the worker's user may read its environment")
}

func TestMemoryOfTheTreeIsLimited(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{extra: "limits: {memory: 128MiB}"})
	h := with(t, Options{}, b)
	o, n := perform(t, h, b.call("leak", "mib", "800", "then", "stay"))
	require.Equal(t, core.RunFailed, o.State, n.all())
	require.Regexp(t, `^the process used \d+ MiB of memory, and 128 MiB are allowed`, o.Result.Reason)
	require.True(t, o.Retryable)
	h.requireNoProcess(t)
}

func TestProcessThatHasUsedMostOfItsMemoryIsReplaced(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("the race detector takes as much memory again as the plugin; this test runs without it")
	}
	b := build(t, pkgSpec{extra: "limits: {memory: 1GiB}"})
	h := with(t, Options{Limits: manifest.Limits{Memory: 400 << 20}}, b) // the worker's limit is the lower one
	before := succeed[identityOf](t, h, b.call("who"))
	h.pool.tend(time.Now())
	require.Equal(t, before.Pid, succeed[identityOf](t, h, b.call("who")).Pid)
	succeed[any](t, h, b.call("leak", "mib", "304"))
	h.pool.tend(time.Now())
	require.NotEqual(t, before.Pid, succeed[identityOf](t, h, b.call("who")).Pid)
	requireGone(t, []int{before.Pid, before.Parent})
}

func TestProcessesAreLimited(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{extra: "limits: {processes: 60}"})
	h := with(t, Options{}, b)
	dir := t.TempDir()
	o, _ := perform(t, h, b.call("spawn", "dir", dir, "count", "20"))
	require.Equal(t, core.RunFailed, o.State)
	require.Regexp(t, `^the process had \d+ processes and threads, and 60 are allowed`, o.Result.Reason)
	h.requireNoProcess(t)
}

func TestLimitsOfTheKernel(t *testing.T) {
	t.Parallel()
	b := build(t, pkgSpec{extra: "limits: {openFiles: 100, cpuSeconds: 1, addressSpace: 64GiB}"})
	h := with(t, Options{Limits: manifest.Limits{AddressSpace: 16 << 30}}, b)
	me := succeed[identityOf](t, h, b.call("who"))
	require.Equal(t, map[string]uint64{"core": 0, "cpu": 3, "files": 100, "address": 16 << 30}, me.Limits)
	require.Less(t, succeed[int](t, h, b.call("open")), 100)
	o, _ := perform(t, h, b.call("spin"))
	require.Equal(t, core.RunFailed, o.State)
	require.Contains(t, o.Result.Reason, "the process used its 1 s of CPU time")
	h.requireNoProcess(t)
}

func TestPluginRunsAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can have plugins run as somebody else")
	}
	// The directories of tests let nobody else in, and neither do those of the go command, where the test binary is.
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o711)) //nolint:gosec // that is the point
	require.NoError(t, os.Chmod(dir, 0o700))               //nolint:gosec // a directory
	interpreter := filepath.Join(dir, "test")
	require.NoError(t, exec.Command("cp", testBinary(), interpreter).Run())
	b := build(t, pkgSpec{interpreter: interpreter})

	_, err := New(Options{Dir: filepath.Join(dir, "plugins"), Fetch: newShelf(b).fetch, User: "nobody"})
	require.ErrorContains(t, err, fmt.Sprintf("user: must be let through %s to get at its files", dir))
	require.NoError(t, os.Chmod(dir, 0o711)) //nolint:gosec // that is the point
	h := with(t, Options{Dir: filepath.Join(dir, "plugins"), User: "nobody"}, b)
	c := b.call("who", "readable", h.places.packages)
	c.Isolated = true
	me := succeed[identityOf](t, h, c)
	require.Equal(t, int(h.as.UID), me.UID)
	require.Equal(t, int(h.as.GID), me.GID)
	require.NotZero(t, me.UID)
	require.False(t, me.Written, "it cannot change the package")
	require.False(t, me.Readable, "nor see the others")
	require.Contains(t, me.Status, "Groups:\t"+fmt.Sprint(me.GID)+" \n")
	require.Contains(t, me.Status, "CapEff:\t0000000000000000\n")
	require.True(t, slices.Contains(me.Env, "HOME="+me.Dir))

	// A supervisor that is root's is not his to kill.
	o, _ := perform(t, h, b.call("crash", "how", "supervisor", "else", "exit"))
	require.Contains(t, o.Result.Reason, "exited with status 9")
	h.requireNoProcess(t)
}

func TestUserMustBeThere(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Dir: t.TempDir(), Fetch: newShelf().fetch, User: "nobody-of-this-name"})
	require.ErrorContains(t, err, "user: ")
}

// On a system without a supervisor a worker runs no plugins, whose limits it could not keep.
func TestWorkersRefuseWhereNothingIsSupervised(t *testing.T) {
	t.Parallel()
	require.NoError(t, Options{}.refuse(true))
	require.NoError(t, Options{Unsupervised: true}.refuse(false))
	require.ErrorContains(t, Options{}.refuse(false), "on Linux only")
}
