package cron_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/cron"
)

// FuzzParse feeds Parse anything. It must not panic; a refusal says all it should; what is accepted reads
// the same again from its own text, and its dues come quickly and strictly later, in any zone.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"0 0/15 2 * * ?", "0 30 2 ? * MON-FRI", "*/5 22-2 0 L-3W,15W,LW NOV-FEB ? 2026/2", "0 0 0 ? * FRI#3,6L,L",
		"0 0 0 29 2 ?", "0 0 0 30 2 ?", "0 0 0 * * *", "* * * 31W 2 ? 2199", "@daily", "0 0 0 ? * 1#6", "\xff 0,,/-#LW ?",
	} {
		f.Add(seed, int64(1_800_000_000), uint8(0))
	}
	var zones []*time.Location
	for _, name := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "Africa/Casablanca"} {
		zones = append(zones, zone(f, name))
	}
	f.Fuzz(func(t *testing.T, expr string, after int64, zone uint8) {
		e, err := cron.Parse(expr)
		if err != nil {
			var refusal *cron.Error
			require.ErrorAs(t, err, &refusal)
			require.NotEmpty(t, refusal.Field)
			require.NotEmpty(t, refusal.Want)
			return
		}
		again, err := cron.Parse(e.String())
		require.NoError(t, err)
		require.Equal(t, e, again)

		loc := zones[int(zone)%len(zones)]
		at := time.Unix(after, 0)
		begun := time.Now()
		for range 5 {
			next, ok := e.Next(at, loc)
			if !ok {
				break
			}
			require.True(t, next.After(at))
			at = next
		}
		// Thousands of times what it takes, for a busy machine; an endless search has no bound at all.
		require.Less(t, time.Since(begun), time.Minute)
	})
}
