package cron_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestDaysAgainstOracle walks day by day.
func TestDaysAgainstOracle(t *testing.T) {
	t.Parallel()
	const horizon = 800
	rapid.Check(t, func(t *rapid.T) {
		day, month, week, year, names := days(t)
		e := parse(t, strings.Join([]string{"0 0 12", day, month, week, year}, " "))
		start := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(-20_000, 60_000).Draw(t, "day"))

		var want []time.Time
		for n := 1; n <= horizon; n++ {
			if date := start.AddDate(0, 0, n); names(date) {
				want = append(want, date)
			}
		}
		var got []time.Time
		for due := range e.All(start, time.UTC) {
			if due.After(start.AddDate(0, 0, horizon)) {
				break
			}
			got = append(got, due)
		}
		require.Equal(t, want, got, e.String())
	})
}

// TestTimesAgainstOracle walks second by second, most often across a change of the clock.
func TestTimesAgainstOracle(t *testing.T) {
	t.Parallel()
	changes := clockChanges(t)
	rapid.Check(t, func(t *rapid.T) {
		expr := times(t)
		expr.text += " * * ?"
		expr.day = func(time.Time) bool { return true }
		e := parse(t, expr.text)

		change := rapid.SampledFrom(changes).Draw(t, "change")
		from := change.at.Unix() - int64(rapid.IntRange(-3600, 3*3600).Draw(t, "before the change"))
		until := from + 6*3600
		want := expr.dues(from, until, change.loc)

		var got []int64
		for due := range e.All(time.Unix(from, 0), change.loc) {
			if due.Unix() > until {
				break
			}
			got = append(got, due.Unix())
		}
		require.Equal(t, want, got, "%s in %s after %s", expr.text, change.loc, time.Unix(from, 0).In(change.loc))
	})
}

// TestNextIsMonotone asks from anywhere: the answer is later, and is what any instant up to it gets.
func TestNextIsMonotone(t *testing.T) {
	t.Parallel()
	changes := clockChanges(t)
	rapid.Check(t, func(t *rapid.T) {
		expr := times(t)
		day, month, week, year, _ := days(t)
		e := parse(t, strings.Join([]string{expr.text, day, month, week, year}, " "))
		change := rapid.SampledFrom(changes).Draw(t, "change")
		after := change.at.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "from the change")))

		next, ok := e.Next(after, change.loc)
		if !ok {
			return
		}
		require.True(t, next.After(after))
		require.Zero(t, next.Nanosecond())
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		again, ok := e.Next(between, change.loc)
		require.True(t, ok)
		require.Equal(t, next, again)
	})
}

// change is an instant at which a zone's offset changes.
type change struct {
	at  time.Time
	loc *time.Location
}

// clockChanges finds, hour by hour, changes of all shapes: daylight saving north and south, half an hour,
// two hours, at midnight, a whole day, for good, and by the yearly rules beyond the tables.
func clockChanges(t *testing.T) []change {
	var changes []change
	for _, row := range []struct {
		zone     string
		from, to int
	}{
		{"America/New_York", 2026, 2028}, {"Europe/Berlin", 2180, 2182}, {"America/Los_Angeles", 2044, 2045}, {"Europe/Dublin", 2026, 2027}, {"Australia/Lord_Howe", 1981, 2028},
		{"America/Santiago", 2026, 2028}, {"Asia/Beirut", 2026, 2028}, {"America/Sao_Paulo", 2017, 2020}, {"Antarctica/Troll", 2026, 2028},
		{"Africa/Casablanca", 2026, 2027}, {"America/Caracas", 2007, 2017}, {"Asia/Kathmandu", 1985, 1987}, {"Asia/Pyongyang", 2015, 2019},
		{"Pacific/Chatham", 2026, 2027}, {"America/Nuuk", 2023, 2026}, {"Asia/Gaza", 2026, 2028}, {"Africa/Monrovia", 1971, 1973},
		{"Pacific/Apia", 2010, 2012}, {"Europe/London", 1971, 1972}, {"Antarctica/Casey", 2009, 2024}, {"UTC", 2026, 2027},
	} {
		loc := zone(t, row.zone)
		at := time.Date(row.from, 1, 1, 0, 0, 0, 0, time.UTC)
		changes = append(changes, change{at, loc})
		_, before := at.In(loc).Zone()
		for ; at.Year() < row.to; at = at.Add(time.Hour) {
			if _, offset := at.In(loc).Zone(); offset != before {
				changes, before = append(changes, change{at, loc}), offset
			}
		}
	}
	// A clock put forward and back again before it is through with the change.
	base := time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC)
	for _, minutes := range []int64{7, 25, 50, 100} {
		changes = append(changes, change{base, restless(t, base, time.Duration(minutes)*time.Minute)})
	}
	return changes
}

// restless makes a zone whose offset is another one after each step from a moment on.
func restless(t *testing.T, from time.Time, step time.Duration) *time.Location {
	hours := []int32{0, 1, -1, 2, 2, 0, 1, 0, -2, 1}
	data := []byte("TZif")
	data = append(data, make([]byte, 16+3*4)...) // version 1; no leap seconds and no hints
	for _, count := range []uint32{uint32(len(hours)), uint32(len(hours)), 4} {
		data = binary.BigEndian.AppendUint32(data, count)
	}
	for i := range hours {
		data = binary.BigEndian.AppendUint32(data, uint32(from.Add(time.Duration(i)*step).Unix()))
	}
	for i := range hours {
		data = append(data, byte(i))
	}
	for _, h := range hours {
		data = append(binary.BigEndian.AppendUint32(data, uint32(h*3600)), 0, 0)
	}
	loc, err := time.LoadLocationFromTZData("restless every "+step.String(), append(data, "ABC\x00"...))
	require.NoError(t, err)
	return loc
}

// dues walks every second of real time. The clock of the zone shows each second's wall time; where it
// jumps, the wall times left out are due as if it had not. The walk begins early, by more than the clock
// is ever moved: four hours, or the day that Apia left out.
func (d *drawn) dues(from, until int64, loc *time.Location) []int64 {
	shows := func(at int64) int64 {
		_, offset := time.Unix(at, 0).In(loc).Zone()
		return at + int64(offset)
	}
	due := map[int64]bool{}
	start := from - 5*3600
	if loc.String() == "Pacific/Apia" {
		start = from - 25*3600
	}
	shown := shows(start) // the latest wall time shown so far
	for at := start + 1; at <= until; at++ {
		wall, offsetBefore := shows(at), shows(at-1)-(at-1)
		for left := shown + 1; left < wall; left++ {
			if d.matches(time.Unix(left, 0).UTC()) {
				due[left-offsetBefore] = true
			}
		}
		if (wall > shown || !d.fixed) && d.matches(time.Unix(wall, 0).UTC()) {
			due[at] = true
		}
		shown = max(shown, wall)
	}
	var list []int64
	for at := range due {
		if from < at && at <= until {
			list = append(list, at)
		}
	}
	slices.Sort(list)
	return list
}
