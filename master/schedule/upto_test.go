package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

func TestUpto(t *testing.T) {
	t.Parallel()
	secondly := cronOf("* * * * * ?", "")
	for name, c := range map[string]struct {
		schedule    core.Schedule
		from, until string
		limit       int
		dues        []string
		next        string
	}{
		"from is due itself": {secondly, "2026-05-01T10:00:00Z", "2026-05-01T10:00:02Z", 60,
			[]string{"2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z", "2026-05-01T10:00:02Z"}, "2026-05-01T10:00:03Z"},
		"from lies between": {secondly, "2026-05-01T10:00:00.000000001Z", "2026-05-01T10:00:01.9Z", 60,
			[]string{"2026-05-01T10:00:01Z"}, "2026-05-01T10:00:02Z"},
		"limit": {secondly, "2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z", 2,
			[]string{"2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z"}, "2026-05-01T10:00:02Z"},
		"nothing yet": {cronOf("0 0 12 * * ?", ""), "2026-05-01T10:00:00Z", "2026-05-01T10:00:15Z", 60,
			nil, "2026-05-01T12:00:00Z"},
		"nothing more": {bounded(secondly, "", "2026-05-01T10:00:01Z"), "2026-05-01T10:00:00Z", "2026-05-01T10:00:15Z", 60,
			[]string{"2026-05-01T10:00:00Z", "2026-05-01T10:00:01Z"}, ""},
		"once in the past": {once("2026-05-01T10:00:00Z"), "2026-05-01T10:00:00Z", "2026-06-01T00:00:00Z", 60,
			[]string{"2026-05-01T10:00:00Z"}, ""},
		"once later": {once("2026-05-01T10:00:00Z"), "2026-05-01T09:00:00Z", "2026-05-01T09:00:15Z", 60,
			nil, "2026-05-01T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dues, next, more, err := Upto(&c.schedule, at(c.from), at(c.until), c.limit, time.UTC)
			require.NoError(t, err)
			require.Len(t, dues, len(c.dues))
			for i, want := range c.dues {
				require.Equal(t, at(want), dues[i])
			}
			require.Equal(t, at(c.next), next)
			require.Equal(t, c.next != "", more)
		})
	}
}

// However a stretch of time is cut into horizons, the same instants are planned, each once.
func TestUptoLosesNothingBetweenHorizons(t *testing.T) {
	t.Parallel()
	start := at("2026-03-29T00:00:00Z")
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.SampledFrom([]core.Schedule{
			cronOf("0/7 * * * * ?", ""), cronOf("0 0/10 2 * * ?", "Europe/Berlin"), every(1300*time.Millisecond, "2026-03-29T00:00:00.4Z"),
		}).Draw(r, "schedule")
		until := start.Add(time.Duration(rapid.IntRange(1, 7200).Draw(r, "seconds")) * time.Second)
		whole, _, _, err := Upto(&s, start, until, 100_000, time.UTC)
		require.NoError(r, err)

		var parts []time.Time
		next, more := start, true
		for horizon := start; more && (horizon.Before(until) || !next.After(until)); {
			horizon = horizon.Add(time.Duration(rapid.IntRange(1, 1000).Draw(r, "step")) * time.Second)
			if horizon.After(until) {
				horizon = until
			}
			var dues []time.Time
			dues, next, more, err = Upto(&s, next, horizon, rapid.IntRange(1, 100).Draw(r, "limit"), time.UTC)
			require.NoError(r, err)
			parts = append(parts, dues...)
		}
		require.Equal(r, whole, parts)
	})
}

func TestUptoTellsABadSchedule(t *testing.T) {
	t.Parallel()
	s := cronOf("every day", "")
	_, _, more, err := Upto(&s, at("2026-05-01T10:00:00Z"), at("2026-05-01T10:00:15Z"), 60, time.UTC)
	require.False(t, more)
	require.Equal(t, core.CodeMalformed, core.CodeOf(err))
}
