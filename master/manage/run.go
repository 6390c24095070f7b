package manage

import (
	"context"
	"unicode/utf8"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// maxReason is the length of a reason somebody gives, in characters.
const maxReason = 500

// Runs is the service of runs.
type Runs struct{ deps }

// Get reads one run, open or ended, with its answer and its log.
func (s *Runs) Get(ctx context.Context, id string) (*core.Run, error) { return s.store.Run(ctx, id) }

// List lists runs from the latest due instant, without answers and logs. The filter's limit must be set.
func (s *Runs) List(ctx context.Context, f store.RunFilter) ([]*core.Run, error) {
	return s.store.Runs(ctx, f)
}

// Cancel withdraws a planned run, or asks the worker that has it to end it. A run that has ended is a conflict. The
// reason may be empty; it is recorded with who gave it.
func (s *Runs) Cancel(ctx context.Context, actor *core.User, id, reason string) error {
	if !utf8.ValidString(reason) {
		return core.Malformed("reason", "is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(reason); n > maxReason {
		return core.Broken("reason", "has %d characters; at most %d are allowed", n, maxReason)
	}
	why := "cancelled by " + actor.Name
	if reason != "" {
		why += ": " + reason
	}
	underWay, err := s.store.CancelRun(ctx, id, why)
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "run cancelled", "run", id, "reason", reason, "by", actor.Name)
	if underWay != nil {
		s.cancel(underWay, why)
	}
	return nil
}
