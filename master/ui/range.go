package ui

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

// fieldInstant is how browsers write the instant of a datetime-local field, without and with seconds.
const fieldInstant, fieldInstantSeconds = "2006-01-02T15:04", "2006-01-02T15:04:05"

// instant reads a field of type datetime-local, whose clock is the reader's. Zero when it is empty.
func (r *request) instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{fieldInstant, fieldInstantSeconds} {
		if at, err := time.ParseInLocation(layout, text, r.zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, core.Malformed(field, "is not a day and a time")
}
