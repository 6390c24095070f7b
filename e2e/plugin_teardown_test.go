package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a plugin has set up it tears down in the grace that the worker gives it: after the run that had a process for itself,
// when a process is idle for too long, and when the worker stops.
func TestPluginIsTornDown(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "master", t.TempDir())
	s.uploaded(file)
	w := joinWorker(t, s.grpc, "w1", "--plugins", "--plugin-idle", "1s", "--plugin-grace", "20s", "--log-level", "debug")
	isolated := s.awaitRun(s.runNow(s.startTask(mischievous("tidy", nil, object{
		"plugin": object{"package": "mischief", "task": "tidy", "isolated": true},
	}))), "succeeded")
	var said []string
	for _, l := range isolated.Log {
		said = append(said, l.Text)
	}
	require.Equal(t, []string{"tidy setUp=true", "torn down"}, said, "the run has the process for itself, to the last line that it writes")

	warm := s.startTask(mischievous("tidy", nil, nil))
	s.awaitRun(s.runNow(warm), "succeeded")
	w.await(1, pluginSoon, `"text":"torn down"`)
	eventually(t, pluginSoon, func() bool { return len(w.pluginProcesses()) == 0 }, "the idle process ends")
	w.stop()

	w = joinWorker(t, s.grpc, "w2", "--plugins", "--plugin-grace", "20s", "--log-level", "debug")
	s.awaitRun(s.runNow(warm), "succeeded")
	pids := w.pluginProcesses()
	require.NotEmpty(t, pids)
	w.stop()
	w.await(1, pluginSoon, `"text":"torn down"`)
	requireGone(t, pids)
}
