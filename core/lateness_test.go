package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestLatenessBucket(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Zero(t, (&core.Run{FireAt: due}).LatenessBucket(), "it was not sent")
	for late, bucket := range map[time.Duration]int{
		-time.Second: 1, 0: 1, time.Millisecond: 1, time.Millisecond + 1: 2, 50 * time.Millisecond: 6, time.Minute: 15, time.Hour: 16,
	} {
		require.Equal(t, bucket, (&core.Run{FireAt: due, SentAt: due.Add(late)}).LatenessBucket(), late)
	}
}

func TestLatenessWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		counts core.LatenessCounts
		bound  time.Duration
		over   bool
	}{
		{"none", nil, 0, false},
		{"what was not sent does not count", core.LatenessCounts{0: 100}, 0, false},
		{"all in one", core.LatenessCounts{6: 1}, 50 * time.Millisecond, false},
		{"99 of 100", core.LatenessCounts{1: 99, 16: 1}, time.Millisecond, false},
		{"98 of 100", core.LatenessCounts{1: 98, 10: 2}, time.Second, false},
		{"beyond the last bound", core.LatenessCounts{1: 1, 16: 1}, time.Minute, true},
	} {
		bound, over := c.counts.Within(0.99)
		require.Equal(t, c.bound, bound, c.name)
		require.Equal(t, c.over, over, c.name)
	}
}
