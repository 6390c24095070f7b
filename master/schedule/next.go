package schedule

import (
	"errors"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/cron"
)

// Next gives the first due instant of s strictly later than after; ok is false when there is none. server is the zone of
// schedules that name none; nil means UTC.
//
// No due instant lies before the start, and one may lie on it. None lies after the end, and one may lie on it; a once
// schedule is due at its start whatever its end says. An interval counts real time from the start, through any clock
// change.
//
// The error is a core.Error that names the field: a zone nobody knows, a cron expression that cannot be read, a kind or
// an interval that no valid schedule has.
func Next(s *core.Schedule, after time.Time, server *time.Location) (due time.Time, ok bool, err error) {
	switch s.Kind {
	case core.ScheduleOnce:
		due = startOf(s)
		ok = due.After(after)
	case core.ScheduleInterval:
		due, err = nextInterval(s, after)
		ok = err == nil && !s.Ended(due)
	case core.ScheduleCron:
		due, ok, err = nextCron(s, after, server)
		ok = ok && !s.Ended(due)
	default:
		err = core.Broken("schedule.kind", "must be cron, interval or once")
	}
	if err != nil || !ok {
		return time.Time{}, false, err
	}
	return due, true, nil
}

// Upto gives the due instants of s at or after from and at or before until, limit of them at most, and next, the first
// due instant that is not among them; more is false when there is none. It is how runs are planned up to the horizon:
// what is given is planned, and next is the next due instant to store.
func Upto(s *core.Schedule, from, until time.Time, limit int, server *time.Location) (dues []time.Time, next time.Time, more bool, err error) {
	next, more, err = Next(s, from.Add(-1), server)
	for err == nil && more && !next.After(until) && len(dues) < limit {
		dues = append(dues, next)
		next, more, err = Next(s, next, server)
	}
	return dues, next, more, err
}

func nextInterval(s *core.Schedule, after time.Time) (time.Time, error) {
	step := s.Interval.Microseconds()
	if step <= 0 {
		return time.Time{}, core.Broken("schedule.interval", "must be at least %s, in whole milliseconds", core.MinInterval)
	}
	// Counted in microseconds, because a time.Duration does not reach over all the years a schedule may.
	due, past := s.Start.UnixMicro(), after.UnixMicro()
	if due <= past {
		due += ((past-due)/step + 1) * step
	}
	return time.UnixMicro(due).UTC(), nil
}

func nextCron(s *core.Schedule, after time.Time, server *time.Location) (time.Time, bool, error) {
	expr, err := expressions.get(s.Cron)
	if err != nil {
		return time.Time{}, false, cronError(err)
	}
	zone, err := zoneOf(s, server)
	if err != nil {
		return time.Time{}, false, err
	}
	if start := startOf(s); after.Before(start) {
		after = start.Add(-1)
	}
	due, ok := expr.Next(after, zone)
	return due.UTC(), ok, nil
}

// startOf is the start in whole microseconds.
func startOf(s *core.Schedule) time.Time { return s.Start.UTC().Truncate(time.Microsecond) }

func zoneOf(s *core.Schedule, server *time.Location) (*time.Location, error) {
	if s.Zone == "" {
		return server, nil
	}
	zone, err := zones.get(s.Zone)
	if err != nil {
		return nil, core.Malformed("schedule.zone", "%q is not a time zone: give an IANA name such as Europe/Berlin", s.Zone)
	}
	return zone, nil
}

func cronError(err error) error {
	if e, ok := errors.AsType[*cron.Error](err); ok {
		return core.Malformed("schedule.cron", "%s is %q, want %s", e.Field, e.Value, e.Want)
	}
	return err
}
