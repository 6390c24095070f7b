package manage

import (
	"context"
	"time"
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

// List lists runs from the latest due instant, without answers and logs. The filter's limit must be set. Where several
// conditions leave few of many runs it gives up looking before the end: reached is then the id down to which it has looked,
// where the page after begins.
func (s *Runs) List(ctx context.Context, f store.RunFilter) (runs []*core.Run, reached string, err error) {
	return s.store.Runs(ctx, f)
}

// Titles gives what people know runs by, by the id of their task or delayed task.
func (s *Runs) Titles(ctx context.Context, runs []*core.Run) (map[string]string, error) {
	return s.store.RunTitles(ctx, runs)
}

// Moved gives numbers that change when runs are planned, are given to workers or end: the open ones by state, and those that
// ended in this hour and the one before.
func (s *Runs) Moved(ctx context.Context) (map[core.RunState]int64, error) {
	moved, err := s.store.QueueDepth(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.store.HourlyCounts(ctx, core.DefaultNamespace, s.store.Now().Add(-time.Hour))
	for _, c := range counts {
		moved[c.Outcome] += c.Runs
	}
	return moved, err
}

// Cancel withdraws a planned run, or has the worker that has it end it: then the run ends later, and whatever becomes of
// its worker, it is not done again. A run that has ended is a conflict. The reason may be empty; it is recorded with who
// gave it.
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
		s.cancel()
	}
	return nil
}
