package manage

import (
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// clearBatch is how many ended runs are deleted in one transaction. On SQLite it holds the only writer.
	clearBatch = 1000
	// clearFor is how long one call goes on before it answers how far it came.
	clearFor = 2 * time.Second
	// ClearCounted is how many runs are counted at most; what is beyond is told as more than that.
	ClearCounted = 200_000
)

// Cleared is how far a clearing has come.
type Cleared struct {
	Deleted int
	// Left is how many ended runs the filter still leaves, up to ClearCounted. A few of them may be such that are not deleted,
	// because they ended just now or an open run will ask for them.
	Left int
	// Done says that nothing is left to be deleted.
	Done bool
}

// Count counts what Clear would delete.
func (s *Runs) Count(ctx context.Context, f store.ClearFilter) (Cleared, error) {
	if err := s.checkClear(f); err != nil {
		return Cleared{}, err
	}
	n, err := s.store.CountEnded(ctx, f, ClearCounted)
	return Cleared{Left: n, Done: n == 0}, err
}

// Clear deletes ended runs with their logs, the oldest first, in small transactions and for no longer than about two seconds:
// who asks goes on until it is done. A filter says before which instant they were due.
func (s *Runs) Clear(ctx context.Context, actor *core.User, f store.ClearFilter) (Cleared, error) {
	var c Cleared
	if err := s.checkClear(f); err != nil {
		return c, err
	}
	for end := time.Now().Add(clearFor); !c.Done && time.Now().Before(end); {
		n, err := s.store.ClearRuns(ctx, f, clearBatch, c.Deleted == 0)
		if err != nil {
			return c, err
		}
		c.Deleted += n
		c.Done = n < clearBatch
	}
	s.log.InfoContext(ctx, "runs cleared", "deleted", c.Deleted, "task", f.TaskID, "states", f.States, "dueFrom", f.From, "dueTo", f.To, "by", actor.Name)
	var err error
	c.Left, err = s.store.CountEnded(ctx, f, ClearCounted)
	return c, err
}

func (s *Runs) checkClear(f store.ClearFilter) error {
	switch {
	case f.To.IsZero():
		return core.Broken("dueTo", "is required: runs due before it are deleted")
	case f.To.After(s.store.Now()):
		return core.Broken("dueTo", "must not lie in the future")
	case !f.From.IsZero() && !f.From.Before(f.To):
		return core.Broken("dueFrom", "must be before dueTo")
	}
	for _, state := range f.States {
		if !slices.Contains(core.RunStates(), state) || !state.Final() {
			return core.Broken("states", "%s is no state of a run that has ended", state)
		}
	}
	return nil
}
