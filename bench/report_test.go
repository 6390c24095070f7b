package bench

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func sampleReport() *Report {
	return &Report{
		Version: "v1", Started: time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC), Server: "own", System: "linux/amd64 go1.26.8", CPUs: 2, Clients: 64,
		Results: []Result{
			{
				Scenario: ScenarioBurst, Title: "100000 delayed tasks, all due at one instant", Bare: Bare{BareRun{12_000, 27.4, 21}, BareRun{13_000, 28, 22}, 12_500},
				Creations: &Creations{
					API: "form", Count: 99_998, Failed: 2, Failure: "answered 200", PerSecond: 8_123.4, Ratio: 0.6499,
					Answers: Percentiles{7.123, 19.99, 1234}, ServerCPU: 123.4,
				},
				Callbacks: &Callbacks{
					Expected: 99_998, Arrived: 99_997, Lost: 1, Repeated: 3, Early: 4, Strays: 5, PerSecond: 7_500, Ratio: 0.6,
					Lateness: Percentiles{6_500, 12_900, 13_333}, ServerCPU: 200,
					Recorded: map[string]int{"succeeded": 99_997, "missed": 1},
				},
				ServerUsage: &Usage{32.5, 300 << 20},
			},
			{
				Scenario: ScenarioCron, Title: "2000 tasks that fire every second, for 20 s", Bare: Bare{BareRun{PerSecond: 1}, BareRun{PerSecond: 1}, 1},
				Callbacks: &Callbacks{Expected: 1, Arrived: 1, Growth: new(-1.5)},
			},
			{
				Scenario: ScenarioSteady, Title: "1000 callbacks due at each whole second for 20 s", Bare: Bare{BareRun{PerSecond: 1}, BareRun{PerSecond: 1}, 1},
				Callbacks: &Callbacks{Expected: 1, Arrived: 1, Growth: new(300.0), Behind: true},
			},
			{
				Scenario: ScenarioPending, Title: "100000 delayed tasks pending, due in 30 days", Bare: Bare{BareRun{PerSecond: 1}, BareRun{PerSecond: 1}, 1},
				Pending: &Pending{100_000, 50 << 20, 60 << 20, 180, 60.25, 61, 40 << 20, 0},
			},
		},
	}
}

const wantText = `carillon bench v1: own server, 64 clients, 2 CPUs, linux/amd64 go1.26.8

burst: 100000 delayed tasks, all due at one instant
  bare client   12,500/s   1.00   12,000/s before, 13,000/s after; 28 µs of CPU each, and 22 µs of the sink's
  creations      8,123/s   0.65   99,998 by the form API, answered in p50 7.12 ms, p99 20.0 ms, max 1234 ms; 123 µs of server CPU each
                                  2 failed: answered 200
  callbacks      7,500/s   0.60   99,997 of 99,998 arrived, 1 lost, 3 repeated, 4 early, 5 strays; 200 µs of server CPU each
  recorded                        1 missed, 99,997 succeeded
  lateness                        p50 6500 ms, p99 12.9 s, max 13.3 s
  server                          32.5 s of CPU, at most 300.0 MiB
  bench                           CPU time and memory n/a

cron: 2000 tasks that fire every second, for 20 s
  bare client        1/s   1.00   1/s before, 1/s after
  callbacks          0/s   0.00   1 of 1 arrived, 0 lost, 0 repeated, 0 early, 0 strays
  lateness                        p50 0.00 ms, p99 0.00 ms, max 0.00 ms, not behind: the lag grew by -1.50 ms
  server                          CPU time and memory n/a
  bench                           CPU time and memory n/a

steady: 1000 callbacks due at each whole second for 20 s
  bare client        1/s   1.00   1/s before, 1/s after
  callbacks          0/s   0.00   1 of 1 arrived, 0 lost, 0 repeated, 0 early, 0 strays
  lateness                        p50 0.00 ms, p99 0.00 ms, max 0.00 ms, behind: the lag grew by 300 ms
  server                          CPU time and memory n/a
  bench                           CPU time and memory n/a

pending: 100000 delayed tasks pending, due in 30 days
  bare client        1/s   1.00   1/s before, 1/s after
  memory                          50.0 MiB before the 100,000, 60.0 MiB after; after a restart n/a, 40.0 MiB without them
  start                           61.0 ms, 60.2 ms without them, 180 ms on an empty folder
  server                          CPU time and memory n/a
  bench                           CPU time and memory n/a
`

func TestReportAsText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	require.NoError(t, sampleReport().WriteText(&b))
	require.Equal(t, wantText, b.String())
}

func TestReportAsJSON(t *testing.T) {
	t.Parallel()
	want := sampleReport()
	text, err := json.Marshal(want)
	require.NoError(t, err)
	var got Report
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, want, &got)

	var burst map[string]any
	text, err = json.Marshal(want.Results[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &burst))
	require.NotContains(t, burst, "pending")
	require.NotContains(t, burst, "benchUsage")
	require.Equal(t, map[string]any{"p50Ms": 6500.0, "p99Ms": 12900.0, "maxMs": 13333.0}, burst["callbacks"].(map[string]any)["lateness"])
}

func TestLostAndRefused(t *testing.T) {
	t.Parallel()
	r := sampleReport()
	require.Equal(t, 1, r.Lost())
	require.Equal(t, 2, r.Refused())
	require.Zero(t, newReport(new(DefaultOptions())).Lost())
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 123456: "123,456", 1234567: "1,234,567"} {
		require.Equal(t, want, count(n))
	}
}
