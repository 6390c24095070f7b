package e2e

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// A worker that is cut off ends its plugins' runs while its lease still lasts, those that do not listen too: before another
// worker begins them anew.
func TestCutOffWorkerEndsItsPluginsInTime(t *testing.T) {
	skipLong(t)
	t.Parallel()
	file := mischief(t, "1.0.0")
	s := serve(t, "master", t.TempDir())
	way := newWay(t, &url.URL{Host: s.grpc})
	w := joinWorker(t, way.addr, "w1", "--plugins", "--plugin-idle", "10m", "--plugin-grace", "1m")
	s.uploaded(file)
	hang := s.startTask(mischievous("hang", nil, nil))
	run := s.runNow(hang)
	s.awaitLog(run, "hanging")
	pids := w.pluginProcesses()
	require.NotEmpty(t, pids)
	joinWorker(t, s.grpc, "w2", "--plugins")

	way.swallow()
	eventually(t, pluginSoon, func() bool { return proctree.Measure(pids).Tasks == 0 }, "its plugins end")
	ended := time.Now()
	require.False(t, wasGivenAgain(s, hang), "they ended before another began")
	eventually(t, pluginSoon, func() bool { return wasGivenAgain(s, hang) }, "another begins")
	again := s.runsOfTask(hang)
	require.Len(t, again, 2)
	require.Equal(t, []string{"w2", run}, []string{again[0].Worker, again[1].ID})
	require.True(t, instant(t, again[0].DispatchedAt).After(ended))
	way.open()
	require.Equal(t, "lost", s.awaitRun(run, "lost").State)
}

// wasGivenAgain reports whether a second run of a task is with a worker.
func wasGivenAgain(s *server, task string) bool {
	for _, r := range s.runsOfTask(task) {
		if r.Trigger == "retry" && (r.State == "dispatched" || r.State == "running") {
			return true
		}
	}
	return false
}
