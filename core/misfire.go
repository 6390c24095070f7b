package core

import (
	"fmt"
	"time"
)

// Misfire says what becomes of due instants that passed unserved.
type Misfire string

// The misfire policies. Under each, the firings of a stretch that are not made up for are one record, with their count.
const (
	// MisfireSkip makes up for none and waits for the next instant. It is the default.
	MisfireSkip Misfire = "skip"
	// MisfireFireOnce makes up for the latest of them.
	MisfireFireOnce Misfire = "fire_once"
	// MisfireCatchUp makes up for the latest of them, so many as the task says.
	MisfireCatchUp Misfire = "catch_up"
)

const (
	// DefaultMisfireAfter is how late a cron or interval firing may be sent when its task does not say.
	DefaultMisfireAfter = 60 * time.Second
	// MaxMisfireAfter is the most that a task may say.
	MaxMisfireAfter = 30 * 24 * time.Hour

	// DefaultMisfireCatchUp is how many missed firings MisfireCatchUp makes up for when the task does not say.
	DefaultMisfireCatchUp = 10
	// MaxMisfireCatchUp is the most that a task may say.
	MaxMisfireCatchUp = 100
)

// MisfireLimit is how late a cron or interval firing may be sent, where after is what its task says.
func MisfireLimit(after time.Duration) time.Duration {
	if after <= 0 {
		return DefaultMisfireAfter
	}
	return after
}

// Missed says whether a firing that was to be sent at fireAt is missed at now. Only firings of a repeating schedule can be
// missed: once, delayed, child, retry and recovery runs are sent however late they are. A firing that was put off is late
// from the instant to which it was: while it waits for another firing of its task it is not missed.
func Missed(t Trigger, kind ScheduleKind, fireAt, now time.Time, after time.Duration) bool {
	if t != TriggerSchedule || kind == ScheduleOnce {
		return false
	}
	return now.Sub(fireAt) > MisfireLimit(after)
}

// MissedReason says why a firing is missed that was planned. It names no instant, so that the firings of a stretch have
// one reason.
func MissedReason(after time.Duration) string {
	return fmt.Sprintf("no worker could take it within %s of its instant", MisfireLimit(after))
}

// MakesUp is how many of the latest missed firings are sent all the same.
func (d *Definition) MakesUp() int {
	switch d.Misfire {
	case MisfireFireOnce:
		return 1
	case MisfireCatchUp:
		if d.MisfireCatchUp > 0 {
			return d.MisfireCatchUp
		}
		return DefaultMisfireCatchUp
	}
	return 0
}

func (d *Definition) validateMisfire() error {
	switch d.Misfire {
	case "", MisfireSkip, MisfireFireOnce, MisfireCatchUp:
	default:
		return Broken("misfire", "must be skip, fire_once or catch_up")
	}
	if d.MisfireAfter < 0 || d.MisfireAfter > MaxMisfireAfter {
		return Broken("misfireAfter", "must be from 0 (the default, %s) to %s", DefaultMisfireAfter, MaxMisfireAfter)
	}
	if d.MisfireCatchUp < 0 || d.MisfireCatchUp > MaxMisfireCatchUp {
		return Broken("misfireCatchUp", "must be from 0 (the default, %d) to %d", DefaultMisfireCatchUp, MaxMisfireCatchUp)
	}
	if d.MisfireCatchUp > 0 && d.Misfire != MisfireCatchUp {
		return Broken("misfireCatchUp", "goes with the misfire policy catch_up only")
	}
	return nil
}
