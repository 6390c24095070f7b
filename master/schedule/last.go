package schedule

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Last gives the latest due instant of s strictly later than after and strictly earlier than before; ok is false when
// there is none. The errors are those of Next.
//
// A schedule only tells what comes next, so the instant is found by halving the time between: in some 50 steps, however
// far apart the two are and however many instants lie there.
func Last(s *core.Schedule, after, before time.Time, server *time.Location) (due time.Time, ok bool, err error) {
	// found says whether an instant is left later than t, which falls once from true to false as t rises.
	found := func(t time.Time) bool {
		next, more, e := Next(s, t, server)
		if err = e; err != nil || !more || !next.Before(before) {
			return false
		}
		due, ok = next, true
		return true
	}
	if !found(after) {
		return time.Time{}, false, err
	}
	for low, high := after, before; high.Sub(low) > time.Microsecond; { // no two instants are that close
		if middle := low.Add(high.Sub(low) / 2); found(middle) {
			low = middle
		} else {
			high = middle
		}
		if err != nil {
			return time.Time{}, false, err
		}
	}
	return due, ok, nil
}
