package compat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 8*3600)
	for text, want := range map[string]string{
		"2026-01-31 08:30:00":               "2026-01-31T00:30:00Z",
		"2026/01/31 08:30:00":               "2026-01-31T00:30:00Z",
		"2026-1-3 8:05:09":                  "2026-01-03T00:05:09Z",
		"2026/1/3 8:05":                     "2026-01-03T00:05:00Z",
		"2026-01-31T08:30:00":               "2026-01-31T00:30:00Z",
		"2026-01-31t08:30":                  "2026-01-31T00:30:00Z",
		"2026-01-31  08:30:00":              "2026-01-31T00:30:00Z",
		"  2026-01-31 08:30:00  ":           "2026-01-31T00:30:00Z",
		"2026-01-31":                        "2026-01-30T16:00:00Z",
		"2026-01-31T08:30:00Z":              "2026-01-31T08:30:00Z",
		"2026-01-31T08:30:00z":              "2026-01-31T08:30:00Z",
		"2026-01-31T08:30Z":                 "2026-01-31T08:30:00Z",
		"2026-01-31T08:30:00+02:00":         "2026-01-31T06:30:00Z",
		"2026-01-31T08:30:00-0230":          "2026-01-31T11:00:00Z",
		"2026-01-31 08:30:00 +02":           "2026-01-31T06:30:00Z",
		"2026-01-31T08:30:00.123":           "2026-01-31T00:30:00.123Z",
		"2026-01-31T08:30:00,5Z":            "2026-01-31T08:30:00.5Z",
		"2026-01-31T08:30:00.1234567890123": "2026-01-31T00:30:00.123456789Z",
		"2024-02-29 00:00:00":               "2024-02-28T16:00:00Z",
		"0001-01-01 00:00:00":               "0000-12-31T16:00:00Z",
	} {
		got, ok := parseTime(text, zone)
		require.True(t, ok, text)
		require.Equal(t, want, got.UTC().Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{
		"", "now", "31/01/2026", "01-31-2026 08:30:00", "1/2/2026 3:04:05 AM", "26-01-31 08:30:00", "2026-01/31", "2026.01.31",
		"2026-13-01", "2026-00-01", "2026-02-29", "2026-01-32", "2026-01-00", "2026-01-31 24:00:00", "2026-01-31 08:60:00",
		"2026-01-31 08:30:60", "2026-01-31 08", "2026-01-31 8:5:9", "2026-01-31 08:30:", "2026-01-31 08:30:00.", "2026-01-31T",
		"2026-01-3108:30", "2026-01-31Z", "2026-01-31 08:30:00 PM", "2026-01-31 08:30:00+25:00", "2026-01-31 08:30:00+2",
		"2026-01-31 08:30:00 08:00", "2026-01-31 08:30:00Z.", "20260131", "2026-01-31 08:30:00\x00", "12026-01-31",
	} {
		_, ok := parseTime(text, zone)
		require.False(t, ok, text)
	}
}

// A time that is shown is read back as the same instant, but for the hour that the clock shows twice.
func TestShownTimesReadBack(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for at := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(17*time.Hour + 11*time.Second) {
		if at.Truncate(2 * time.Hour).Equal(time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)) {
			continue
		}
		back, ok := parseTime(at.In(zone).Format(timeFormat), zone)
		require.True(t, ok)
		require.True(t, at.Equal(back), at)
	}
}
