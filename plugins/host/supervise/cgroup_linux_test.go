package supervise

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// group makes a directory with the files that the kernel makes in a cgroup.
func group(t *testing.T, files ...string) *cgroup {
	t.Helper()
	dir := t.TempDir()
	for _, name := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	return &cgroup{path: dir}
}

func (c *cgroup) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(c.path, name))
	require.NoError(t, err)
	return string(text)
}

func TestCgroupIsLimited(t *testing.T) {
	t.Parallel()
	c := group(t, "memory.max", "memory.swap.max", "memory.oom.group", "pids.max")
	require.NoError(t, c.limit(Limits{Memory: 1 << 29, Processes: 64}))
	require.Equal(t, "536870912", c.read(t, "memory.max"))
	require.Equal(t, "0", c.read(t, "memory.swap.max"))
	require.Equal(t, "1", c.read(t, "memory.oom.group"))
	require.Equal(t, "64", c.read(t, "pids.max"))

	require.NoError(t, group(t, "memory.max", "memory.oom.group").limit(Limits{Memory: 1}), "a kernel without swap")
	require.NoError(t, group(t).limit(Limits{}))
	require.ErrorContains(t, group(t).limit(Limits{Memory: 1}), "memory.max", "files are never made")
	require.ErrorContains(t, group(t).limit(Limits{Processes: 1}), "pids.max")
}

func TestOutOfMemoryIsSeen(t *testing.T) {
	t.Parallel()
	c := group(t)
	require.False(t, c.outOfMemory())
	for text, want := range map[string]bool{
		"low 0\nhigh 0\nmax 12\noom 3\noom_kill 0\noom_group_kill 0\n": false,
		"low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n": true,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(c.path, "memory.events"), []byte(text), 0o600))
		require.Equal(t, want, c.outOfMemory())
	}
}
