package schedule

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// Check refuses a schedule that could never fire: its zone is unknown, its cron expression cannot be read, or no due
// instant is later than now within its bounds. core.Task's Validate must have passed before.
//
// A schedule whose end has passed is accepted, as ScheduleMaster accepts it: it may be saved, and CheckStart refuses to
// put it in force. A once schedule is accepted wherever its start lies, because a once firing is never missed.
//
// The error is a core.Error that names the field.
func Check(s *core.Schedule, now time.Time, server *time.Location) error {
	if _, err := zoneOf(s, server); err != nil {
		return err
	}
	if s.Kind == core.ScheduleOnce {
		return nil
	}
	if s.Ended(s.Start) {
		return core.Broken("schedule.end", "lies before the start")
	}
	endless := *s
	endless.End = time.Time{}
	due, ok, err := Next(&endless, now, server)
	switch {
	case err != nil:
		return err
	case !ok:
		return core.Broken("schedule."+string(s.Kind), "names no instant that is later than now and not before the start")
	case s.Ended(due) && !s.Ended(now):
		return core.Broken("schedule.end", "lies before the next due instant: the task would never fire")
	}
	return nil
}

// CheckStart is Check for a schedule that is to be put in force: its end must not have passed either.
func CheckStart(s *core.Schedule, now time.Time, server *time.Location) error {
	if s.Ended(now) {
		return core.Broken("schedule.end", "has passed")
	}
	return Check(s, now, server)
}
