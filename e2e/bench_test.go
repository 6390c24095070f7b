//go:build unix

package e2e

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/store"
)

// BenchmarkFiring is what a firing costs without its callback: a delayed task that is due is reserved, dispatched, given
// to a worker through the pipe, and recorded, in the batches that form under load.
func BenchmarkFiring(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{DSN: filepath.Join(b.TempDir(), "carillon.db"), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Close()) }()
	m, err := master.New(master.Options{Store: s, Logger: slog.New(slog.DiscardHandler), Name: "m", AdminPassword: "correct horse", Exclusive: true})
	require.NoError(b, err)
	require.NoError(b, m.Start(b.Context()))
	defer func() { require.NoError(b, m.Stop(b.Context())) }()
	due := time.Now() // of all: a burst
	for n := b.N; n > 0; n -= 1000 {
		var batch []*core.DelayedTask
		for i := range min(n, 1000) {
			d := &core.DelayedTask{SourceApp: "shop", Topic: "order", ContentKey: fmt.Sprint(i), Due: due}
			d.Callback.URL = "http://target.test/"
			batch = append(batch, d)
		}
		require.NoError(b, m.Manage().Delayed.CreateBatch(b.Context(), admin, batch))
	}
	w := &world{master: m, target: newTarget()}
	wk, err := newTestWorker(w, "w1", core.DefaultSlots, newLink(w))
	require.NoError(b, err)
	b.ResetTimer()
	before := cpuTime(b)
	require.NoError(b, wk.Start(b.Context()))
	for {
		depth, err := s.QueueDepth(b.Context())
		require.NoError(b, err)
		if depth[core.RunPlanned]+depth[core.RunDispatched]+depth[core.RunRunning] == 0 {
			break
		}
		time.Sleep(200 * time.Millisecond) // the count reads the whole queue
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	b.StopTimer()
	require.NoError(b, wk.Stop(b.Context()))
}

// cpuTime is what this process has used so far. Beside other load it says more than the time on the wall.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
