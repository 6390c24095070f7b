package cron_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClockChanges lists every due after one instant and up to another, across a change of the clock.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, zone, expr, after, last string
		want                          []string
	}{
		// New York 2026: 8 March 02:00 -0500 becomes 03:00 -0400; 1 November 02:00 -0400 becomes 01:00 -0500.
		{"fixed in the gap", "America/New_York", "0 30 2 * * ?", "2026-03-07 00:00 -0500", "2026-03-10 00:00 -0400",
			[]string{"2026-03-07 02:30 -0500", "2026-03-08 03:30 -0400", "2026-03-09 02:30 -0400"}},
		{"asked inside the shift", "America/New_York", "0 30 2 * * ?", "2026-03-08 03:29 -0400", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:30 -0400"}},
		{"asked at the shifted due", "America/New_York", "0 30 2 * * ?", "2026-03-08 03:30 -0400", "2026-03-09 02:30 -0400",
			[]string{"2026-03-09 02:30 -0400"}},
		{"gap's first second", "America/New_York", "0 0 2 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:00 -0400"}},
		{"after the gap", "America/New_York", "0 0 3 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:00 -0400"}},
		{"two fixed times in the gap", "America/New_York", "0 10,50 2 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:10 -0400", "2026-03-08 03:50 -0400"}},
		{"shifted onto another", "America/New_York", "0 30 2,3 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:30 -0400"}},
		{"shifted between others", "America/New_York", "0 0,20 1,2,3 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 01:00 -0500", "2026-03-08 01:20 -0500", "2026-03-08 03:00 -0400", "2026-03-08 03:20 -0400"}},
		{"monthly in the gap", "America/New_York", "0 30 2 8 3 ? 2026", "2026-01-01 00:00 -0500", "2027-01-01 00:00 -0500",
			[]string{"2026-03-08 03:30 -0400"}},
		{"half hours through the gap", "America/New_York", "0 0/30 * * * ?", "2026-03-08 00:45 -0500", "2026-03-08 04:00 -0400",
			[]string{"2026-03-08 01:00 -0500", "2026-03-08 01:30 -0500", "2026-03-08 03:00 -0400", "2026-03-08 03:30 -0400", "2026-03-08 04:00 -0400"}},
		{"hours through the gap", "America/New_York", "0 15 * * * ?", "2026-03-08 00:45 -0500", "2026-03-08 04:30 -0400",
			[]string{"2026-03-08 01:15 -0500", "2026-03-08 03:15 -0400", "2026-03-08 04:15 -0400"}},
		{"paced in the gap's hour alone", "America/New_York", "0 0/15 2 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 03:00 -0400", "2026-03-08 03:15 -0400", "2026-03-08 03:30 -0400", "2026-03-08 03:45 -0400"}},
		{"paced window cut by the gap keeps its length", "America/New_York", "0 0/30 1-2 * * ?", "2026-03-08 00:00 -0500", "2026-03-08 23:00 -0400",
			[]string{"2026-03-08 01:00 -0500", "2026-03-08 01:30 -0500", "2026-03-08 03:00 -0400", "2026-03-08 03:30 -0400"}},
		{"fixed, shown twice", "America/New_York", "0 30 1 * * ?", "2026-10-31 00:00 -0400", "2026-11-03 00:00 -0500",
			[]string{"2026-10-31 01:30 -0400", "2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"}},
		{"asked between the two", "America/New_York", "0 30 1 * * ?", "2026-11-01 01:15 -0500", "2026-11-02 12:00 -0500",
			[]string{"2026-11-02 01:30 -0500"}},
		{"fixed list, shown twice", "America/New_York", "0 0,30 0,1,2 * * ?", "2026-11-01 00:15 -0400", "2026-11-01 12:00 -0500",
			[]string{"2026-11-01 00:30 -0400", "2026-11-01 01:00 -0400", "2026-11-01 01:30 -0400", "2026-11-01 02:00 -0500", "2026-11-01 02:30 -0500"}},
		{"half hours through the overlap", "America/New_York", "0 0/30 * * * ?", "2026-11-01 00:45 -0400", "2026-11-01 02:00 -0500",
			[]string{"2026-11-01 01:00 -0400", "2026-11-01 01:30 -0400", "2026-11-01 01:00 -0500", "2026-11-01 01:30 -0500", "2026-11-01 02:00 -0500"}},
		{"paced in the repeated hour alone", "America/New_York", "0 0/30 1 * * ?", "2026-11-01 00:00 -0400", "2026-11-02 00:00 -0500",
			[]string{"2026-11-01 01:00 -0400", "2026-11-01 01:30 -0400", "2026-11-01 01:00 -0500", "2026-11-01 01:30 -0500"}},
		{"a range is paced", "America/New_York", "0 30 1-2 * * ?", "2026-11-01 00:00 -0400", "2026-11-02 00:00 -0500",
			[]string{"2026-11-01 01:30 -0400", "2026-11-01 01:30 -0500", "2026-11-01 02:30 -0500"}},
		{"stars elsewhere do not pace", "America/New_York", "0 30 1 ? */1 SUN-MON *", "2026-11-01 00:00 -0400", "2026-11-02 12:00 -0500",
			[]string{"2026-11-01 01:30 -0400", "2026-11-02 01:30 -0500"}},
		{"far beyond the tables of the zone", "America/New_York", "0 30 2 8-14 3 ? 2190", "2190-03-13 12:00 -0500", "2190-03-15 12:00 -0400",
			[]string{"2190-03-14 03:30 -0400"}},
		{"last day of a leap year, beyond the tables", "America/New_York", "0 0/30 * * * ?", "2044-12-31 18:45 -0500", "2044-12-31 20:00 -0500",
			[]string{"2044-12-31 19:00 -0500", "2044-12-31 19:30 -0500", "2044-12-31 20:00 -0500"}},
		{"over that day's end", "America/New_York", "0 0 1 1 * ?", "2044-12-31 12:00 -0500", "2045-02-02 00:00 -0500",
			[]string{"2045-01-01 01:00 -0500", "2045-02-01 01:00 -0500"}},

		// Berlin 2026: 29 March 02:00 +0100 becomes 03:00 +0200; 25 October 03:00 +0200 becomes 02:00 +0100.
		{"fixed in the gap", "Europe/Berlin", "0 30 2 * * ?", "2026-03-28 12:00 +0100", "2026-03-30 12:00 +0200",
			[]string{"2026-03-29 03:30 +0200", "2026-03-30 02:30 +0200"}},
		{"fixed, shown twice", "Europe/Berlin", "0 30 2 * * ?", "2026-10-24 12:00 +0200", "2026-10-26 12:00 +0100",
			[]string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"quarters through the overlap", "Europe/Berlin", "0 0/15 2 * * ?", "2026-10-25 00:00 +0200", "2026-10-25 12:00 +0100",
			[]string{"2026-10-25 02:00 +0200", "2026-10-25 02:15 +0200", "2026-10-25 02:30 +0200", "2026-10-25 02:45 +0200",
				"2026-10-25 02:00 +0100", "2026-10-25 02:15 +0100", "2026-10-25 02:30 +0100", "2026-10-25 02:45 +0100"}},

		// Lord Howe 2026: half an hour; 4 October 02:00 +1030 becomes 02:30 +1100; 5 April 02:00 +1100 becomes 01:30 +1030.
		{"fixed in a half-hour gap", "Australia/Lord_Howe", "0 15 2 * * ?", "2026-10-03 12:00 +1030", "2026-10-05 12:00 +1100",
			[]string{"2026-10-04 02:45 +1100", "2026-10-05 02:15 +1100"}},
		{"shifted past another", "Australia/Lord_Howe", "0 15,40 2 * * ?", "2026-10-04 00:00 +1030", "2026-10-04 12:00 +1100",
			[]string{"2026-10-04 02:40 +1100", "2026-10-04 02:45 +1100"}},
		{"quarters through a half-hour gap", "Australia/Lord_Howe", "0 0/15 * * * ?", "2026-10-04 01:40 +1030", "2026-10-04 03:00 +1100",
			[]string{"2026-10-04 01:45 +1030", "2026-10-04 02:30 +1100", "2026-10-04 02:45 +1100", "2026-10-04 03:00 +1100"}},
		{"hours through a half-hour gap", "Australia/Lord_Howe", "0 0 * * * ?", "2026-10-04 00:30 +1030", "2026-10-04 04:00 +1100",
			[]string{"2026-10-04 01:00 +1030", "2026-10-04 02:30 +1100", "2026-10-04 03:00 +1100", "2026-10-04 04:00 +1100"}},
		{"fixed, shown twice", "Australia/Lord_Howe", "0 45 1 * * ?", "2026-04-05 00:00 +1100", "2026-04-06 12:00 +1030",
			[]string{"2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"}},
		{"quarters through a half-hour overlap", "Australia/Lord_Howe", "0 0/15 * * * ?", "2026-04-05 01:20 +1100", "2026-04-05 02:00 +1030",
			[]string{"2026-04-05 01:30 +1100", "2026-04-05 01:45 +1100", "2026-04-05 01:30 +1030", "2026-04-05 01:45 +1030", "2026-04-05 02:00 +1030"}},

		// Santiago 2026: midnight; 6 September 00:00 -0400 becomes 01:00 -0300; 5 April 00:00 -0300 becomes 4 April 23:00 -0400.
		{"midnight does not exist", "America/Santiago", "0 0 0 * * ?", "2026-09-05 12:00 -0400", "2026-09-07 12:00 -0300",
			[]string{"2026-09-06 01:00 -0300", "2026-09-07 00:00 -0300"}},
		{"it belongs to its own day", "America/Santiago", "0 30 0 ? * SUN", "2026-09-05 12:00 -0400", "2026-09-13 12:00 -0300",
			[]string{"2026-09-06 01:30 -0300", "2026-09-13 00:30 -0300"}},
		{"last hour of the day, shown twice", "America/Santiago", "0 30 23 * * ?", "2026-04-04 12:00 -0300", "2026-04-05 23:45 -0400",
			[]string{"2026-04-04 23:30 -0300", "2026-04-05 23:30 -0400"}},
		{"paced over the day's end", "America/Santiago", "0 0/30 23,0 4,5 4 ?", "2026-04-04 12:00 -0300", "2026-04-05 12:00 -0400",
			[]string{"2026-04-04 23:00 -0300", "2026-04-04 23:30 -0300", "2026-04-04 23:00 -0400", "2026-04-04 23:30 -0400",
				"2026-04-05 00:00 -0400", "2026-04-05 00:30 -0400"}},

		// Beirut 2026: midnight, other hemisphere; 29 March 00:00 +0200 becomes 01:00 +0300; 25 October 00:00 +0300 becomes 24 October 23:00 +0200.
		{"midnight does not exist", "Asia/Beirut", "0 0 0 L-2 3 ?", "2026-03-01 00:00 +0200", "2026-04-01 00:00 +0300",
			[]string{"2026-03-29 01:00 +0300"}},
		{"midnight comes once", "Asia/Beirut", "0 0 0 * * ?", "2026-10-24 12:00 +0300", "2026-10-26 12:00 +0200",
			[]string{"2026-10-25 00:00 +0200", "2026-10-26 00:00 +0200"}},

		// São Paulo 2018: 4 November 00:00 -0300 became 01:00 -0200; 17 February 2019 00:00 -0200 became 16 February 23:00 -0300, for good.
		{"midnight did not exist", "America/Sao_Paulo", "0 0 0 4 11 ?", "2018-01-01 00:00 -0200", "2018-12-31 00:00 -0200",
			[]string{"2018-11-04 01:00 -0200"}},
		{"the last change", "America/Sao_Paulo", "0 0 23 * * ?", "2019-02-16 12:00 -0200", "2019-02-17 23:00 -0300",
			[]string{"2019-02-16 23:00 -0200", "2019-02-17 23:00 -0300"}},

		// Apia left out 30 December 2011, a Friday: 24:00 -1000 on the 29th became 00:00 +1400 on the 31st.
		{"noon of the day left out meets the next noon", "Pacific/Apia", "0 0 12 * * ?", "2011-12-28 23:00 -1000", "2012-01-01 12:00 +1400",
			[]string{"2011-12-29 12:00 -1000", "2011-12-31 12:00 +1400", "2012-01-01 12:00 +1400"}},
		{"due on the day left out alone", "Pacific/Apia", "0 0 12 30 * ?", "2011-12-01 00:00 -1000", "2012-01-30 12:00 +1400",
			[]string{"2011-12-31 12:00 +1400", "2012-01-30 12:00 +1400"}},
		{"that Friday", "Pacific/Apia", "0 30 9 ? * FRI", "2011-12-29 00:00 -1000", "2012-01-07 00:00 +1400",
			[]string{"2011-12-31 09:30 +1400", "2012-01-06 09:30 +1400"}},
		{"hours go on", "Pacific/Apia", "0 0 0/1 * * ?", "2011-12-29 22:30 -1000", "2011-12-31 02:00 +1400",
			[]string{"2011-12-29 23:00 -1000", "2011-12-31 00:00 +1400", "2011-12-31 01:00 +1400", "2011-12-31 02:00 +1400"}},

		// Kwajalein left out 21 August 1993; Kathmandu and Caracas changed for good, by 15 and 30 minutes.
		{"a day left out", "Pacific/Kwajalein", "0 0 6 * 8 ?", "1993-08-20 00:00 -1200", "1993-08-23 00:00 +1200",
			[]string{"1993-08-20 06:00 -1200", "1993-08-22 06:00 +1200"}},
		{"a quarter left out for good", "Asia/Kathmandu", "0 5 0 1 1 ?", "1985-01-01 00:00 +0530", "1987-01-02 00:00 +0545",
			[]string{"1985-01-01 00:05 +0530", "1986-01-01 00:20 +0545", "1987-01-01 00:05 +0545"}},
		{"half an hour left out for good", "America/Caracas", "0 45 2 1 5 ?", "2016-01-01 00:00 -0430", "2017-06-01 00:00 -0400",
			[]string{"2016-05-01 03:15 -0400", "2017-05-01 02:45 -0400"}},
		{"half an hour repeated for good", "America/Caracas", "0 45 2 9 12 ?", "2007-01-01 00:00 -0400", "2008-12-31 00:00 -0430",
			[]string{"2007-12-09 02:45 -0400", "2008-12-09 02:45 -0430"}},
	} {
		loc := zone(t, row.zone)
		got := upTo(parse(t, row.expr), instant(t, row.after), instant(t, row.last), loc)
		require.Equal(t, row.want, got, "%s: %s in %s", row.name, row.expr, row.zone)
	}
}

// TestRestlessClock has a clock that changes again before it is through with a change.
func TestRestlessClock(t *testing.T) {
	t.Parallel()
	// It shows 00:00-00:25, 01:25-01:50, 23:50-00:15, 03:15-04:05, 02:05-02:30, 03:30-03:55, 02:55-03:20,
	// 01:20-01:45, and goes on from 04:45.
	begin := instant(t, "2026-05-05 00:00 +0000")
	loc := restless(t, begin, 25*time.Minute)
	for expr, want := range map[string]string{
		"0 10 0 * * ?": "2026-05-05 00:10 +0000", // shown again at 01:10 UTC
		"0 40 0 * * ?": "2026-05-05 01:40 +0100", // jumped over once more, to 03:15
		"0 30 1 * * ?": "2026-05-05 01:30 +0100", // and shown again at 03:30 UTC
	} {
		require.Equal(t, []string{want}, upTo(parse(t, expr), begin.Add(-time.Hour), begin.Add(20*time.Hour), loc), expr)
	}
}

// TestRealTimePace counts a rhythm over the short and the long day.
func TestRealTimePace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		zone, from, to string
		minutes        int
	}{
		{"America/New_York", "2026-03-08 00:00 -0500", "2026-03-09 00:00 -0400", 23 * 60},
		{"America/New_York", "2026-11-01 00:00 -0400", "2026-11-02 00:00 -0500", 25 * 60},
		{"Australia/Lord_Howe", "2026-10-04 00:00 +1030", "2026-10-05 00:00 +1100", 23*60 + 30},
		{"Australia/Lord_Howe", "2026-04-05 00:00 +1100", "2026-04-06 00:00 +1030", 24*60 + 30},
		{"America/Santiago", "2026-04-04 00:00 -0300", "2026-04-05 00:00 -0400", 25 * 60},
		{"Antarctica/Troll", "2026-03-29 00:00 +0000", "2026-03-30 00:00 +0200", 22 * 60},
		{"Antarctica/Troll", "2026-10-25 00:00 +0200", "2026-10-26 00:00 +0000", 26 * 60},
		{"Africa/Casablanca", "2026-02-15 00:00 +0100", "2026-02-16 00:00 +0000", 25 * 60},
		{"Pacific/Apia", "2011-12-29 00:00 -1000", "2012-01-01 00:00 +1400", 2 * 24 * 60},
	} {
		loc, from, to := zone(t, row.zone), instant(t, row.from), instant(t, row.to)
		for expr, step := range map[string]int{"0 * * * * ?": 1, "0 0/5 * * * ?": 5, "0 */30 0-23 * * ?": 30} {
			require.Len(t, upTo(parse(t, expr), from, to, loc), row.minutes/step, "%s in %s", expr, row.zone)
		}
	}
}
