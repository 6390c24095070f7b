package manage

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Coming gives the next n instants at which a task is due, or would be if it were in force; none for a deleted one.
func (s *Tasks) Coming(t *core.Task, n int) []time.Time {
	switch t.State {
	case core.TaskRunning:
		return s.Next(t, n)
	case core.TaskDeleted:
		return nil
	}
	would := *t
	would.State, would.NextDue = core.TaskRunning, time.Time{}
	return s.Next(&would, n)
}

// ZoneOf is the zone that a task's schedule is read in.
func (s *Tasks) ZoneOf(t *core.Task) *time.Location {
	if zone, err := time.LoadLocation(t.Schedule.Zone); err == nil && t.Schedule.Zone != "" {
		return zone
	}
	return s.zone
}
