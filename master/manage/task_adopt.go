package manage

import (
	"cmp"
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Adopt stores a task that another system has kept, stopped and under the id, the creator and the day of creation that it
// has there; Origin must say which system. Otherwise it is Create. An id that is known, be it a deleted task's, is a conflict.
func (s *Tasks) Adopt(ctx context.Context, actor *core.User, t *core.Task) (unknownKeepers []int64, err error) {
	now := s.store.Now()
	states, err := s.store.TaskStates(ctx, []string{t.ID})
	if err != nil {
		return nil, err
	}
	if state, known := states[t.ID]; known {
		return nil, core.Conflict("there is a task %s already: it is %s", t.ID, state)
	}
	if unknownKeepers, err = s.check(ctx, t, now); err != nil {
		return nil, err
	}
	t.State, t.Version, t.UpdatedAt = core.TaskStopped, 1, now
	t.Namespace = cmp.Or(t.Namespace, core.DefaultNamespace)
	t.NextDue, t.Stats = time.Time{}, core.TaskStats{}
	if err := s.store.CreateTask(ctx, t, nil); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "task adopted", "task", t.ID, "title", t.Title, "from", t.Origin.System, "by", actor.Name)
	return unknownKeepers, nil
}

// Startable says why Start would refuse a stopped task, or nil.
func (s *Tasks) Startable(ctx context.Context, t *core.Task) error {
	return s.startable(ctx, t, s.store.Now())
}
