package core

import "time"

// ScheduleKind says how a schedule names its due instants.
type ScheduleKind string

// The kinds of schedule.
const (
	ScheduleCron     ScheduleKind = "cron"     // a Quartz expression
	ScheduleInterval ScheduleKind = "interval" // every so long, counted from the start
	ScheduleOnce     ScheduleKind = "once"     // exactly once, at the start
)

// MinInterval is the shortest interval a schedule may have.
const MinInterval = time.Second

// Schedule is a task's time rule.
type Schedule struct {
	Kind ScheduleKind `json:"kind"`
	// Cron is a Quartz expression of six or seven fields; kind cron only.
	Cron string `json:"cron,omitempty"`
	// Interval is the time between due instants; kind interval only.
	Interval time.Duration `json:"interval,omitempty"`
	// Zone is the IANA name of the zone that Cron is read in. Empty means the server's zone.
	Zone string `json:"zone,omitempty"`
	// Start is the earliest due instant; for kind once it is the due instant. Zero means no bound.
	Start time.Time `json:"start,omitzero"`
	// End is the latest due instant. Zero means no bound. A once schedule does not heed it.
	End time.Time `json:"end,omitzero"`
}

// LastYear is the last year that has due instants, as in Quartz expressions.
const LastYear = 2199

// Ended says whether the schedule names no instant from at on: its end, which a once schedule does not heed, lies before it.
func (s *Schedule) Ended(at time.Time) bool {
	return at.Year() > LastYear || s.Kind != ScheduleOnce && !s.End.IsZero() && at.After(s.End)
}

// Validate checks what can be checked without a zone or a clock.
func (s *Schedule) Validate() error {
	switch s.Kind {
	case ScheduleCron:
		if s.Cron == "" {
			return Broken("schedule.cron", "is required for a schedule of kind cron")
		}
	case ScheduleInterval:
		if s.Interval < MinInterval || s.Interval%time.Millisecond != 0 {
			return Broken("schedule.interval", "must be at least %s, in whole milliseconds", MinInterval)
		}
		if s.Start.IsZero() {
			return Broken("schedule.start", "is required")
		}
	case ScheduleOnce:
		if s.Start.IsZero() {
			return Broken("schedule.start", "is required")
		}
	default:
		return Broken("schedule.kind", "must be cron, interval or once")
	}
	if s.Kind != ScheduleCron && s.Cron != "" {
		return Broken("schedule.cron", "goes with a schedule of kind cron only")
	}
	if s.Kind != ScheduleInterval && s.Interval != 0 {
		return Broken("schedule.interval", "goes with a schedule of kind interval only")
	}
	for _, f := range [...]struct {
		field string
		value time.Time
	}{{"schedule.start", s.Start}, {"schedule.end", s.End}} {
		if !f.value.IsZero() && (f.value.Year() < 1970 || f.value.Year() > LastYear) {
			return Broken(f.field, "must lie in the years 1970 to 2199")
		}
	}
	if s.Kind != ScheduleOnce && !s.End.IsZero() && !s.Start.IsZero() && s.End.Before(s.Start) {
		return Broken("schedule.end", "lies before the start")
	}
	return nil
}
