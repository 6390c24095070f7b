package manage

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Pulse gives what changes whenever lists of tasks do by themselves: how many tasks are in each state, and how many runs have
// ended in the last 24 hours. It is cheap to ask for.
func (s *Tasks) Pulse(ctx context.Context) (states map[core.TaskState]int64, ended int64, err error) {
	if states, err = s.store.CountTaskStates(ctx); err != nil {
		return nil, 0, err
	}
	hours, err := s.store.HourlyCounts(ctx, core.DefaultNamespace, s.store.Now().Add(-24*time.Hour))
	for _, h := range hours {
		ended += h.Runs
	}
	return states, ended, err
}

// Keepers lists the users who can be told of a task's failures.
func (s *Tasks) Keepers(ctx context.Context) ([]*core.User, error) { return s.store.Users(ctx) }
