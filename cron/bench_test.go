package cron_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/cron"
)

func BenchmarkParse(b *testing.B) {
	for _, expr := range []string{"0 0/5 * * * ?", "0 15,45 8-18/2 ? JAN-MAR,OCT MON#1,FRIL 2026-2030"} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := cron.Parse(expr)
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	loc := zone(b, "America/New_York")
	for _, row := range []struct {
		name, expr string
		after      time.Time
	}{
		{"every second", "* * * * * ?", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"daily", "0 30 2 * * ?", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"in the overlap", "0 30 1 * * ?", time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)},
		{"leap day", "0 0 0 29 2 ?", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"far year", "0 0 0 1 1 ? 2199", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"never, by the date", "0 0 0 30 2 ?", time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"never, all months", "0 0 0 31 2,4,6,9,11 ?", time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		e := parse(b, row.expr)
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Next(row.after, loc)
			}
		})
	}
}
