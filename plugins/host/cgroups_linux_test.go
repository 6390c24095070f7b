package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

func TestOwnCgroupIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, mounts, member, want string }{
		{"alone", "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n", "0::/system.slice/carillon.service\n",
			"/sys/fs/cgroup/system.slice/carillon.service"},
		{"beside the first version", "30 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n29 23 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"5:memory:/a\n0::/b\n", "/sys/fs/cgroup/unified/b"},
		{"in a container that sees a part", "29 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/docker/abc/x\n", "/sys/fs/cgroup/x"},
		{"in a container that sees itself", "29 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/\n", "/sys/fs/cgroup"},
		{"outside of what is mounted", "29 23 0:26 /other /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/mine\n", ""},
		{"not at all", "30 23 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "5:memory:/a\n", ""},
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(dir+"/mountinfo", []byte(c.mounts), 0o600))
		require.NoError(t, os.WriteFile(dir+"/cgroup", []byte(c.member), 0o600))
		got, err := ownCgroup(dir+"/mountinfo", dir+"/cgroup")
		require.Equal(t, c.want, got, c.name)
		require.Equal(t, c.want == "", err != nil, c.name)
	}
}

// cgroupOfTest makes a group in the cgroup v2 of this machine, if that lets it.
func cgroupOfTest(t *testing.T) string {
	t.Helper()
	own, err := ownCgroup("/proc/self/mountinfo", "/proc/self/cgroup")
	if err != nil {
		t.Skip(err)
	}
	dir := filepath.Join(own, "carillon-test-"+strconv.Itoa(os.Getpid())+"-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	if err := os.Mkdir(dir, 0o755); err != nil { //nolint:gosec // as all cgroups are
		t.Skip(err)
	}
	t.Cleanup(func() {
		for _, below := range []string{"carillon-worker", ""} {
			require.Eventually(t, func() bool {
				err := os.Remove(filepath.Join(dir, below))
				return err == nil || os.IsNotExist(err)
			}, patience, 5*time.Millisecond)
		}
	})
	return dir
}

// That memory and pids are limited in them, a machine whose cgroup v2 has no such controllers cannot show.
func TestPluginsAreInCgroupsOfTheirOwn(t *testing.T) {
	t.Parallel()
	own := cgroupOfTest(t)
	worker := exec.Command(testBinary(), roleChild, t.TempDir(), "worker", "0")
	require.NoError(t, worker.Start())
	t.Cleanup(func() { _ = worker.Process.Kill(); _ = worker.Wait() })
	require.NoError(t, control(own, "cgroup.procs", strconv.Itoa(worker.Process.Pid)))
	groups, err := takeCgroup(own, "id", worker.Process.Pid, nil)
	require.NoError(t, err)
	require.Contains(t, groupOf(t, worker.Process.Pid), "/carillon-worker")
	_, err = takeCgroup(own, "id", worker.Process.Pid, []string{"nonsense"})
	require.ErrorContains(t, err, "has no controller for nonsense")

	b := build(t, pkgSpec{})
	h := with(t, Options{Grace: 50 * time.Millisecond, Limits: manifest.Limits{Memory: -1, Processes: -1}}, b)
	h.cgroups = groups
	dir := t.TempDir()
	p := begin(t, h, b.call("spawn", "dir", dir, "count", "2"))
	pids := daemons(t, dir, 2)
	require.Contains(t, groupOf(t, pids[2]), "/carillon-plugins-id/1")
	p.cancel(errStopped)
	require.Equal(t, core.RunCancelled, p.outcome(t).State)
	for _, pid := range pids {
		require.False(t, alive(pid))
	}
	h.requireNoProcess(t)
	require.NoDirExists(t, groups.child(1))

	// What a dead worker left in its groups is killed by the next.
	left := exec.Command(testBinary(), roleChild, t.TempDir(), "left", "0")
	require.NoError(t, left.Start())
	t.Cleanup(func() { _ = left.Process.Kill(); _ = left.Wait() })
	require.NoError(t, os.Mkdir(groups.child(7), 0o755)) //nolint:gosec // as all cgroups are
	require.NoError(t, control(groups.child(7), "cgroup.procs", strconv.Itoa(left.Process.Pid)))
	_, err = takeCgroup(own, "id", worker.Process.Pid, nil)
	require.NoError(t, err)
	require.False(t, alive(left.Process.Pid))
	h.Close()
	require.NoDirExists(t, groups.dir)
}

func groupOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "0::") {
			return line
		}
	}
	return ""
}
