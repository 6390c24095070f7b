package core

import (
	"strings"
	"time"
)

// DelayedState is where a delayed task stands.
type DelayedState string

// The states of a delayed task. A reset takes any of the final three back to ready.
const (
	DelayedCreated   DelayedState = "created"   // waiting, not yet planned
	DelayedReady     DelayedState = "ready"     // its run is planned, under way or to be retried
	DelayedSucceeded DelayedState = "succeeded" // its target said so
	DelayedFailed    DelayedState = "failed"    // given up after the last retry
	DelayedVoided    DelayedState = "voided"    // withdrawn by somebody
)

// DelayedTask is a one-shot callback created by a business system.
type DelayedTask struct {
	ID        string
	Namespace string
	// SourceApp, Topic and ContentKey say who, what and which business key. Together they need not be unique.
	SourceApp  string
	Topic      string
	ContentKey string
	State      DelayedState

	DelayedDefinition

	Due time.Time
	// Resets is how often it was reset, or postponed after its run had been planned; it keeps the keys of its runs apart.
	Resets int
	// IdempotencyKey, when set, makes a second create with the same key answer with the first one's id.
	IdempotencyKey string

	CreatedBy     int64
	CreatedByName string
	CreatedAt     time.Time
	FinishedAt    time.Time // zero until it succeeded, failed or was voided
	Runs          int64     // runs that were sent and ended since the last reset
}

// DelayedDefinition is the part of a delayed task that never changes.
type DelayedDefinition struct {
	Callback  Callback    `json:"callback"`
	Executors []string    `json:"executors,omitempty"`
	Retry     RetryPolicy `json:"retry"`
}

// DelayedStates are all states, in the order of a delayed task's life.
func DelayedStates() []DelayedState {
	return []DelayedState{DelayedCreated, DelayedReady, DelayedSucceeded, DelayedFailed, DelayedVoided}
}

// TrialApp is the source app of delayed tasks by which people try a callback. Who made one looks at it, so nobody is told when
// it fails.
const TrialApp = "carillon-test"

// The limits of a delayed task's own fields, in characters.
const (
	MaxSourceApp      = 50
	MaxTopic          = 100
	MaxContentKey     = 100
	MaxIdempotencyKey = 200
)

// Validate checks all that can be checked without a database.
func (d *DelayedTask) Validate() error {
	for _, f := range []struct {
		field, value string
		least, most  int
	}{
		{"sourceApp", d.SourceApp, 1, MaxSourceApp},
		{"topic", d.Topic, 1, MaxTopic},
		{"contentKey", d.ContentKey, 1, MaxContentKey},
		{"idempotencyKey", d.IdempotencyKey, 0, MaxIdempotencyKey},
	} {
		if err := checkText(f.field, f.value, f.least, f.most); err != nil {
			return err
		}
	}
	if strings.TrimSpace(d.IdempotencyKey) != d.IdempotencyKey {
		// A header loses such blanks on its way, and not every database tells keys apart by them.
		return Broken("idempotencyKey", "must not begin or end with a blank")
	}
	if err := CheckDue(d.Due); err != nil {
		return err
	}
	if err := checkExecutors(d.Executors); err != nil {
		return err
	}
	if err := d.Retry.validate(); err != nil {
		return err
	}
	return d.Callback.Validate()
}

// CheckDue checks the instant at which a delayed task is to be called.
func CheckDue(due time.Time) error {
	if due.Year() < 1970 || due.Year() > 2199 {
		return Broken("due", "must lie in the years 1970 to 2199")
	}
	return nil
}
