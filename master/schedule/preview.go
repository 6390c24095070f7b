package schedule

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Showing says how the clock of a zone shows an instant.
type Showing string

// The showings. Most instants are shown once, as the schedule names them.
const (
	ShownOnce   Showing = ""
	ShownLater  Showing = "shifted" // the clock is put forward over the time that is named: it is due by as much later
	ShownFirst  Showing = "first"   // the clock is put back, and shows this time twice: here for the first time
	ShownSecond Showing = "second"  // and here for the second
)

// Instant is a due instant as the clock of its schedule's zone shows it.
type Instant struct {
	At      time.Time // in the zone
	Showing Showing
}

// Preview gives the first n due instants of a schedule later than after, fewer when there are no more. The zone is the
// schedule's, or server. The errors are those of Next; a schedule that names no instant is none.
func Preview(s *core.Schedule, after time.Time, n int, server *time.Location) ([]Instant, error) {
	zone, err := zoneOf(s, server)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		zone = time.UTC
	}
	var list []Instant
	for len(list) < n {
		due, ok, err := Next(s, after, server)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		list = append(list, Instant{At: due.In(zone), Showing: shows(s, due.In(zone))})
		after = due
	}
	return list, nil
}

// shows says how the clock shows a due instant, given in the zone.
func shows(s *core.Schedule, at time.Time) Showing {
	if s.Kind == core.ScheduleCron {
		if e, err := expressions.get(s.Cron); err == nil && !e.Names(at) {
			return ShownLater
		}
	}
	_, offset := at.Zone()
	start, end := at.ZoneBounds()
	if !start.IsZero() {
		_, before := start.Add(-1).Zone()
		if back := time.Duration(before-offset) * time.Second; at.Sub(start) < back {
			return ShownSecond
		}
	}
	if !end.IsZero() {
		_, after := end.Zone()
		if back := time.Duration(offset-after) * time.Second; end.Sub(at) <= back {
			return ShownFirst
		}
	}
	return ShownOnce
}
