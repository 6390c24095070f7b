package manage

import (
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
)

// check brings what a caller says of a task into the stored form and checks it. It gives the keepers that are no users.
func (s *Tasks) check(ctx context.Context, t *core.Task, now time.Time) (unknownKeepers []int64, err error) {
	t.Schedule.Start, t.Schedule.End = wholeMicros(t.Schedule.Start), wholeMicros(t.Schedule.End)
	t.Labels = unique(t.Labels)
	t.Children, t.Keepers, t.Executors = unique(t.Children), unique(t.Keepers), unique(t.Executors)
	if err := t.Validate(); err != nil {
		return nil, err
	}
	if err := schedule.Check(&t.Schedule, now, s.zone); err != nil {
		return nil, err
	}
	if err := s.checkChildren(ctx, t); err != nil {
		return nil, err
	}
	if err := s.workers.check(ctx, t.Executors); err != nil {
		return nil, err
	}
	if err := s.plugins.check(ctx, t); err != nil {
		return nil, err
	}
	return s.unknownKeepers(ctx, t.Keepers)
}

// startable refuses to put a task in force that could not be done.
func (s *Tasks) startable(ctx context.Context, t *core.Task, now time.Time) error {
	if err := s.plugins.callable(ctx, t); err != nil {
		return err
	}
	return schedule.CheckStart(&t.Schedule, now, s.zone)
}

func (s *Tasks) checkChildren(ctx context.Context, t *core.Task) error {
	states, err := s.store.TaskStates(ctx, t.Children)
	if err != nil {
		return err
	}
	for _, child := range t.Children {
		switch states[child] {
		case "":
			return core.Broken("children", "there is no task %q", child)
		case core.TaskDeleted:
			return core.Broken("children", "task %s has been deleted", child)
		}
	}
	return nil
}

// checkCycle refuses children whose outcomes would fire t again, at whatever remove. Deleted tasks fire nobody, so a way
// through one is no cycle. A task that is being created needs no check: nothing leads to it yet.
func (s *Tasks) checkCycle(ctx context.Context, t *core.Task) error {
	via := map[string]string{} // the child of t through which a task is reached
	for _, child := range t.Children {
		via[child] = child
	}
	for level := t.Children; len(level) > 0; {
		if child, reached := via[t.ID]; reached {
			return core.Broken("children", "task %s leads back to this task, which would fire itself for ever", child)
		}
		children, err := s.store.Children(ctx, level)
		if err != nil {
			return err
		}
		var below []string
		for _, parent := range level {
			for _, child := range children[parent] {
				if via[child] == "" {
					via[child] = via[parent]
					below = append(below, child)
				}
			}
		}
		states, err := s.store.TaskStates(ctx, below)
		if err != nil {
			return err
		}
		level = slices.DeleteFunc(below, func(id string) bool { return states[id] == core.TaskDeleted })
	}
	return nil
}

func (s *Tasks) unknownKeepers(ctx context.Context, keepers []int64) ([]int64, error) {
	if len(keepers) == 0 {
		return nil, nil
	}
	users, err := s.store.Users(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(keepers), func(id int64) bool {
		return slices.ContainsFunc(users, func(u *core.User) bool { return u.ID == id })
	}), nil
}
