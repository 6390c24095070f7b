package cron

import "time"

const (
	// slack is more than any two offsets of a zone differ by: RFC 9636 keeps them between -25 and +26
	// hours. Whatever a clock change does to an expression happens within slack of the change.
	slack = 3 * secondsPerDay
	// horizon is later, in seconds from 1970, than any instant that a zone shows as a time in 2199.
	horizon = 7_258_118_400 + slack
)

// dueFrom finds the first due instant that is not before from, or horizon when there is none before the
// second result, up to which it has searched.
//
// A zone is a row of stretches of constant offset. Each yields a reading, a stretch of instants taken at
// one offset, in which the wall times that match are due. A gap between two stretches yields
// one more: the wall times jumped over, read at the offset of the stretch before, which shifts them by
// the gap. Two readings may meet at one instant; taking the earliest instant makes them one due.
func (e *Expression) dueFrom(from int64, loc *time.Location) (due, searched int64) {
	due = horizon
	start := from - slack
	before, _ := clockAt(start, loc) // the offset of the stretch before
	shown := start + before          // every wall time before this has been shown or jumped over
	for {
		offset, end := clockAt(start, loc)
		if shown < start+offset {
			due = min(due, e.dueIn(max(from, shown-before), start+offset-before, before))
		}
		first := max(from, start)
		if e.fixed {
			first = max(first, shown-offset)
		}
		due = min(due, e.dueIn(first, end, offset))

		start, before, shown = end, offset, max(shown, end+offset)
		// A gap may reach beyond its short stretch; what the next stretch shows may then come earlier.
		if due < start || due == horizon && from < start {
			return due, start
		}
	}
}

// dueIn finds the first instant from first up to before end whose wall time at the offset matches, or
// answers horizon.
func (e *Expression) dueIn(first, end, offset int64) int64 {
	if first < end {
		if wall, ok := e.wallFrom(first + offset); ok && wall-offset < end {
			return wall - offset
		}
	}
	return horizon
}

// clockAt answers the zone's offset at an instant, and an instant after it up to which that offset lasts
// at least. Whether the offset changes there is not said.
func clockAt(instant int64, loc *time.Location) (offset, until int64) {
	t := time.Unix(instant, 0).In(loc)
	_, seconds := t.Zone()
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return int64(seconds), horizon + slack
	}
	until = end.Unix()
	if until <= instant {
		// Where a zone goes by a yearly rule, ZoneBounds takes each year to have 365 days: on the last
		// day of a leap year it answers the start of that day.
		until = instant - instant%secondsPerDay + secondsPerDay
	}
	return int64(seconds), until
}
