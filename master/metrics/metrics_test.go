package metrics

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func gauges() Gauges {
	return Gauges{
		Reserved: func() int { return 3 }, InFlight: func() int { return 5 }, Workers: func() int { return 2 },
		LeaseLeft: func() time.Duration { return 7500 * time.Millisecond },
		Depth: func() map[core.RunState]int64 {
			return map[core.RunState]int64{core.RunPlanned: 11, core.RunRunning: 4}
		},
	}
}

// scrape gives what Prometheus is given, a line each.
func scrape(t *testing.T, m *Metrics) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	return strings.Split(w.Body.String(), "\n")
}

func TestScrape(t *testing.T) {
	t.Parallel()
	m := New("1.2.3", gauges())
	at := time.Now()
	m.Recorded(&core.Run{State: core.RunSucceeded, Trigger: core.TriggerSchedule, Count: 1, FireAt: at, SentAt: at.Add(3 * time.Millisecond)})
	m.Recorded(&core.Run{State: core.RunSucceeded, Trigger: core.TriggerSchedule, Count: 1, FireAt: at, SentAt: at.Add(-time.Millisecond)})
	m.Recorded(&core.Run{State: core.RunMissed, Trigger: core.TriggerSchedule, Count: 59})
	m.Recorded(&core.Run{State: core.RunFailed, Trigger: core.TriggerDelayed, Count: 1, FireAt: at, SentAt: at.Add(2 * time.Minute)})
	m.Refused("bare")
	m.Commit("dispatch", 500, 4*time.Millisecond)
	m.Commit("record", 3, 30*time.Microsecond)
	lines := scrape(t, m)
	for _, want := range []string{
		`carillon_firings_total{outcome="succeeded",trigger="schedule"} 2`,
		`carillon_firings_total{outcome="missed",trigger="schedule"} 59`,
		`carillon_firings_total{outcome="failed",trigger="delayed"} 1`,
		`carillon_outcomes_refused_total{stored="bare"} 1`,
		`carillon_lateness_seconds_bucket{le="0.001"} 1`,
		`carillon_lateness_seconds_bucket{le="0.005"} 2`,
		`carillon_lateness_seconds_bucket{le="60"} 2`,
		`carillon_lateness_seconds_bucket{le="+Inf"} 3`,
		`carillon_lateness_seconds_count 3`,
		`carillon_commit_seconds_bucket{step="dispatch",le="0.0025"} 0`,
		`carillon_commit_seconds_bucket{step="dispatch",le="0.005"} 1`,
		`carillon_commit_seconds_bucket{step="record",le="0.0005"} 1`,
		`carillon_batch_rows_bucket{step="dispatch",le="250"} 0`,
		`carillon_batch_rows_bucket{step="dispatch",le="500"} 1`,
		`carillon_batch_rows_sum{step="record"} 3`,
		`carillon_reserved_runs 3`,
		`carillon_callbacks_in_flight 5`,
		`carillon_workers_connected 2`,
		`carillon_lease_seconds 7.5`,
		`carillon_queue_runs{state="planned"} 11`,
		`carillon_queue_runs{state="dispatched"} 0`,
		`carillon_queue_runs{state="running"} 4`,
		`carillon_build_info{version="1.2.3"} 1`,
		`# TYPE carillon_firings_total counter`,
		`# TYPE carillon_lateness_seconds histogram`,
	} {
		require.Contains(t, lines, want)
	}
	var standard int
	for _, line := range lines {
		if strings.HasPrefix(line, "# HELP go_") || strings.HasPrefix(line, "# HELP process_") {
			standard++
		}
	}
	require.Greater(t, standard, 10, "Go's and the process's own are there too")
}

func TestGaugesAreReadAtEachScrape(t *testing.T) {
	t.Parallel()
	n := 0
	g := gauges()
	g.Workers = func() int { n++; return n }
	g.Depth = func() map[core.RunState]int64 { return nil } // as when the database is away
	m := New("dev", g)
	require.Contains(t, scrape(t, m), "carillon_workers_connected 1")
	lines := scrape(t, m)
	require.Contains(t, lines, "carillon_workers_connected 2")
	require.Contains(t, lines, `carillon_queue_runs{state="planned"} 0`)
}

func TestTwoMastersInOneProcessCountApart(t *testing.T) {
	t.Parallel()
	one, two := New("dev", gauges()), New("dev", gauges())
	one.Recorded(&core.Run{State: core.RunLost, Trigger: core.TriggerRetry, Count: 1})
	lost := `carillon_firings_total{outcome="lost",trigger="retry"} 1`
	require.Contains(t, scrape(t, one), lost)
	require.NotContains(t, scrape(t, two), lost)
}
