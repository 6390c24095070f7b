package proctree

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// family starts a shell with a child that has a child, whose name is made to be misread.
func family(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", "/bin/sh -c 'sleep 1000 & echo ready; wait' & wait")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		for _, pid := range append(Descendants(cmd.Process.Pid), cmd.Process.Pid) {
			p, err := os.FindProcess(pid)
			require.NoError(t, err)
			_ = p.Kill()
		}
		_ = cmd.Wait()
	})
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return cmd
}

func TestDescendants(t *testing.T) {
	t.Parallel()
	pid := family(t).Process.Pid
	all := Descendants(pid)
	require.Len(t, all, 2)
	scanned := scan(pid)
	slices.Sort(all)
	slices.Sort(scanned)
	require.Equal(t, all, scanned, "both ways find the same")
	require.Empty(t, Descendants(1<<30))
	require.Contains(t, Descendants(os.Getpid()), pid)
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	require.Equal(t, Usage{}, Measure([]int{1 << 30}), "what is gone uses nothing")
	me := Measure([]int{os.Getpid()})
	require.Greater(t, me.Resident, int64(1<<20))
	require.Greater(t, me.Tasks, 1)
	size, known := Proportional([]int{os.Getpid(), 1 << 30})
	require.True(t, known)
	require.Greater(t, size, int64(1<<20))
	require.LessOrEqual(t, size, 2*me.Resident)
	require.Positive(t, TasksOf(uint32(os.Getuid())))
	require.Eventually(t, func() bool { return Measure([]int{os.Getpid()}).CPU > me.CPU }, time.Minute, time.Microsecond)
}

func TestMarked(t *testing.T) {
	t.Parallel()
	const variable = "CARILLON_TEST_MARK"
	first, second := family(t, variable+"=one.1"), family(t, "OTHER=x", variable+"=two.1")
	require.Len(t, Marked(variable, "one."), 3)
	require.Contains(t, Marked(variable, "two.1"), second.Process.Pid)
	require.Empty(t, Marked(variable, "three"))
	require.Empty(t, Marked("TEST_MARK", "one"), "the end of a name is another name")
	found, left := KillMarked(variable, "one.", time.Minute)
	require.Equal(t, []int{3, 0}, []int{found, left})
	_ = first.Wait()
	require.Len(t, Marked(variable, "two."), 3)
}
