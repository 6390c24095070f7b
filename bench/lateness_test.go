package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPercentiles(t *testing.T) {
	t.Parallel()
	upTo := func(n int) (lengths []time.Duration) {
		for i := range n {
			lengths = append(lengths, time.Duration(n-i)*time.Millisecond)
		}
		return lengths
	}
	for _, c := range []struct {
		n    int
		want Percentiles
	}{
		{0, Percentiles{}},
		{1, Percentiles{1, 1, 1}},
		{2, Percentiles{1, 2, 2}},
		{3, Percentiles{2, 3, 3}},
		{100, Percentiles{50, 99, 100}},
		{101, Percentiles{51, 100, 101}},
		{1000, Percentiles{500, 990, 1000}},
	} {
		require.Equal(t, c.want, percentilesOf(upTo(c.n)), c.n)
	}
	require.Equal(t, Percentiles{-1, 0.002, 0.002}, percentilesOf([]time.Duration{1600, -time.Millisecond}), "to the microsecond")
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	// Ten callbacks a second; late says how late those of a second are.
	over := func(seconds int, late func(k int) time.Duration) (samples []sample) {
		for k := range seconds {
			for range 10 {
				samples = append(samples, sample{time.Duration(k) * time.Second, late(k)})
			}
		}
		return samples
	}
	steady := func(int) time.Duration { return 20 * time.Millisecond }
	for name, c := range map[string]struct {
		samples       []sample
		grew          time.Duration
		behind, known bool
	}{
		"none":              {nil, 0, false, false},
		"short":             {over(4, steady), 0, false, false},
		"steady":            {over(10, steady), 0, false, true},
		"growing":           {over(10, func(k int) time.Duration { return time.Duration(k) * 100 * time.Millisecond }), 800 * time.Millisecond, true, true},
		"a little":          {over(5, func(k int) time.Duration { return time.Duration(k) * 50 * time.Millisecond }), 200 * time.Millisecond, false, true},
		"always far behind": {over(10, func(int) time.Duration { return 1100 * time.Millisecond }), 0, true, true},
	} {
		grew, behind, known := growth(c.samples)
		require.Equal(t, c.grew, grew, name)
		require.Equal(t, c.behind, behind, name)
		require.Equal(t, c.known, known, name)
	}
}

func TestTemplate(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 31, 16, 30, 0, 5000, time.FixedZone("", 8*3600))
	for text, want := range map[string]string{
		"":                      "",
		"plain":                 "plain",
		"~n~":                   "42",
		"a=~n~&b=~t~&c=~n~/~x~": "a=42&b=2026-01-31T08:30:00.000005Z&c=42/~x~",
		"~t~~n~":                "2026-01-31T08:30:00.000005Z42",
	} {
		require.Equal(t, want, string(newTemplate(text).appendTo(nil, 42, due)))
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	used, ok := parseStat("17 (a) b) c) S 1 17 17 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 100")
	require.True(t, ok)
	require.Equal(t, 3*time.Second, used)
	for _, stat := range []string{"", "17 (a) S 1 2", "17 (a) S 1 17 17 0 -1 4194560 1 0 0 0 x 50 0"} {
		_, ok := parseStat(stat)
		require.False(t, ok, stat)
	}
	status := "Name:\tcarillon\nVmPeak:\t 999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
	require.EqualValues(t, 2<<20, statusBytes(status, "VmHWM"))
	require.EqualValues(t, 1<<20, statusBytes(status, "VmRSS"))
	require.Zero(t, statusBytes(status, "VmSwap"))
	require.False(t, usageOf(0).known)
	require.Nil(t, usageSince(usage{}, usage{known: true}))
}

func TestCeil(t *testing.T) {
	t.Parallel()
	whole := time.Date(2026, 1, 31, 8, 30, 0, 0, time.UTC)
	require.Equal(t, whole, ceil(whole, time.Second))
	require.Equal(t, whole.Add(time.Second), ceil(whole.Add(1), time.Second))
}
