package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

func TestLast(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schedule            core.Schedule
		after, before, last string
	}{
		"between":             {cronOf("0 0 12 * * ?", ""), "2026-05-01T10:00:00Z", "2026-05-04T10:00:00Z", "2026-05-03T12:00:00Z"},
		"both are excluded":   {cronOf("* * * * * ?", ""), "2026-05-01T10:00:00Z", "2026-05-01T10:00:02Z", "2026-05-01T10:00:01Z"},
		"none between":        {cronOf("* * * * * ?", ""), "2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z", ""},
		"after is later":      {cronOf("* * * * * ?", ""), "2026-05-01T10:00:09Z", "2026-05-01T10:00:01Z", ""},
		"after many years":    {cronOf("* * * 1 1 ? 1999-2020", ""), "1999-01-01T00:00:00Z", "2026-05-01T10:00:00Z", "2020-01-01T23:59:59Z"},
		"before the end":      {bounded(cronOf("* * * * * ?", ""), "", "2026-05-01T10:00:01Z"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-05-01T10:00:01Z"},
		"microseconds":        {every(time.Second, "2026-05-01T10:00:00.123456Z"), "2026-05-01T10:00:00Z", "2026-05-01T10:00:02.123457Z", "2026-05-01T10:00:02.123456Z"},
		"an hour that is not": {cronOf("0 30 2 * * ?", "Europe/Berlin"), "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z", "2026-03-29T01:30:00Z"},
		"once":                {once("2026-05-01T10:00:00Z"), "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-05-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last, ok, err := Last(&c.schedule, at(c.after), at(c.before), time.UTC)
			require.NoError(t, err)
			require.Equal(t, c.last != "", ok)
			require.Equal(t, at(c.last), last)
		})
	}
	_, _, err := Last(&core.Schedule{Kind: core.ScheduleCron, Cron: "nonsense"}, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"), time.UTC)
	require.Error(t, err)
}

// It is what walking along the instants comes to.
func TestLastIsTheEndOfTheWalk(t *testing.T) {
	t.Parallel()
	start := at("2026-10-25T00:00:00Z")
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.SampledFrom([]core.Schedule{
			cronOf("0/7 * * * * ?", ""), cronOf("0 0/10 2 * * ?", "Europe/Berlin"), every(1300*time.Millisecond, "2026-10-25T00:00:00.4Z"),
		}).Draw(r, "schedule")
		after := start.Add(time.Duration(rapid.IntRange(0, 7_200_000).Draw(r, "after")) * time.Millisecond)
		before := after.Add(time.Duration(rapid.IntRange(-1, 3_600_000).Draw(r, "before")) * time.Millisecond)
		var want time.Time
		for next, ok, _ := Next(&s, after, time.UTC); ok && next.Before(before); next, ok, _ = Next(&s, next, time.UTC) {
			want = next
		}
		got, ok, err := Last(&s, after, before, time.UTC)
		require.NoError(r, err)
		require.Equal(r, want, got)
		require.Equal(r, !want.IsZero(), ok)
	})
}
