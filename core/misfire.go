package core

import "time"

// Misfire says what becomes of due instants that passed unserved.
type Misfire string

// MisfireSkip records a stretch of missed firings once, with its count, and waits for the next. It is the default.
const MisfireSkip Misfire = "skip"

const (
	// DefaultMisfireAfter is how late a cron or interval firing may be sent when its task does not say.
	DefaultMisfireAfter = 60 * time.Second
	// MaxMisfireAfter is the most that a task may say.
	MaxMisfireAfter = 30 * 24 * time.Hour
)

// Missed says whether a firing due at due is missed at now. Only firings of a repeating schedule can be missed: once,
// delayed, child, retry and recovery runs are sent however late they are.
func Missed(t Trigger, kind ScheduleKind, due, now time.Time, after time.Duration) bool {
	if t != TriggerSchedule || kind == ScheduleOnce {
		return false
	}
	if after <= 0 {
		after = DefaultMisfireAfter
	}
	return now.Sub(due) > after
}

func (m Misfire) validate() error {
	switch m {
	case "", MisfireSkip:
		return nil
	}
	return Broken("misfire", "must be skip")
}
