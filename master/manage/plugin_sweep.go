package manage

import (
	"context"
	"time"
)

const (
	// sweepAfter is how long an upload may stand still before it is taken for dead, and how long the chunks of a deleted
	// version stay for workers that were told of it before.
	sweepAfter = 10 * time.Minute
	// sweepPause lets the work of firing in between two transactions.
	sweepPause = 20 * time.Millisecond
)

// Sweep deletes what uploads left that never ended, and the chunks of deleted versions, a few at a time. One master at a
// time needs to do so, every minute or so.
func (s *Plugins) Sweep(ctx context.Context) error {
	dead := s.store.Now().Add(-sweepAfter)
	for {
		more, err := s.store.SweepPlugins(ctx, dead)
		if err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(sweepPause):
		}
	}
}
