package manage

import (
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
)

// MaxPreview is how many instants Preview gives at most.
const MaxPreview = 100

// Preview gives the first n instants that a schedule names after an instant, or after now when that is zero. A schedule
// that no task could be saved with is refused as it would be there.
func (s *Tasks) Preview(what *core.Schedule, after time.Time, n int) ([]schedule.Instant, error) {
	if n < 1 || n > MaxPreview {
		return nil, core.Broken("count", "must be a whole number from %d to %d", 1, MaxPreview)
	}
	if err := what.Validate(); err != nil {
		return nil, err
	}
	now := s.store.Now()
	if after.IsZero() {
		after = now
	}
	if err := schedule.Check(what, after, s.zone); err != nil {
		return nil, err
	}
	return schedule.Preview(what, after, n, s.zone)
}

// Zone is the zone of schedules that name none.
func (s *Tasks) Zone() *time.Location { return s.zone }
