package core

import "time"

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
	// Resets is how often it was reset; it keeps the keys of its runs apart.
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
	if d.Due.Year() < 1970 || d.Due.Year() > 2199 {
		return Broken("due", "must lie in the years 1970 to 2199")
	}
	if err := checkExecutors(d.Executors); err != nil {
		return err
	}
	if err := d.Retry.validate(); err != nil {
		return err
	}
	return d.Callback.Validate()
}
