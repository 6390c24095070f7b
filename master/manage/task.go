package manage

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/store"
)

// Tasks is the service of tasks.
type Tasks struct {
	deps
	workers *workers
	plugins *Plugins
	// families is held while the children of a task change, so that two edits cannot close a cycle between them.
	families sync.Mutex
}

// StartError says that a task was created and could not be started, and why. The task is there, stopped.
type StartError struct{ Err error }

// Error gives the reason.
func (e *StartError) Error() string { return "the task was created but not started: " + e.Err.Error() }

// Unwrap gives the reason as it was.
func (e *StartError) Unwrap() error { return e.Err }

// Create stores a new task, stopped, and sets its id. With start it is put in force in the same transaction; when only
// that is refused the task is created nevertheless and the error is a *StartError. It gives the keepers that are no
// users: they are stored all the same.
func (s *Tasks) Create(ctx context.Context, actor *core.User, t *core.Task, start bool) (unknownKeepers []int64, err error) {
	now := s.store.Now()
	if unknownKeepers, err = s.check(ctx, t, now); err != nil {
		return nil, err
	}
	t.ID, t.State, t.Version = s.newID(), core.TaskStopped, 1
	t.Namespace = cmp.Or(t.Namespace, core.DefaultNamespace)
	t.CreatedBy, t.CreatedByName, t.CreatedAt, t.UpdatedAt = actor.ID, actor.Name, now, now
	t.NextDue, t.Stats = time.Time{}, core.TaskStats{}

	var runs []*core.Run
	var refused error
	if start {
		if runs, refused = s.begin(ctx, t, now); refused == nil {
			t.State = core.TaskRunning
		}
	}
	if err := s.store.CreateTask(ctx, t, runs); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "task created", "task", t.ID, "title", t.Title, "state", t.State, "by", actor.Name)
	s.planned(runs, now)
	if refused != nil {
		return unknownKeepers, &StartError{Err: refused}
	}
	return unknownKeepers, nil
}

// begin plans a new task that is to run at once.
func (s *Tasks) begin(ctx context.Context, t *core.Task, now time.Time) ([]*core.Run, error) {
	if err := s.startable(ctx, t, now); err != nil {
		return nil, err
	}
	runs, next, err := s.plan(t, t.Version, time.Time{}, now)
	t.NextDue = next
	return runs, err
}

// Edit replaces what a stopped task says and raises its version; who created it and when stays. A t.Version other than 0
// is the version that the edit was made from: a task that has moved on is a conflict. Labels that are nil stay as they are. It
// gives the keepers that are no users, as Create does.
func (s *Tasks) Edit(ctx context.Context, actor *core.User, t *core.Task) (unknownKeepers []int64, err error) {
	s.families.Lock()
	defer s.families.Unlock()
	current, err := s.store.Task(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if current.State != core.TaskStopped {
		return nil, core.Conflict("the task is %s: only a stopped task can be edited", current.State)
	}
	now := s.store.Now()
	if unknownKeepers, err = s.check(ctx, t, now); err != nil {
		return nil, err
	}
	if err := s.checkCycle(ctx, t); err != nil {
		return nil, err
	}
	t.Namespace, t.State, t.Version = current.Namespace, current.State, cmp.Or(t.Version, current.Version)
	t.CreatedBy, t.CreatedByName, t.CreatedAt, t.UpdatedAt = current.CreatedBy, current.CreatedByName, current.CreatedAt, now
	t.NextDue, t.Stats = time.Time{}, current.Stats
	if err := s.store.EditTask(ctx, t); err != nil {
		return nil, err
	}
	t.Version++
	if t.Labels == nil {
		t.Labels = current.Labels
	}
	s.log.InfoContext(ctx, "task edited", "task", t.ID, "title", t.Title, "version", t.Version, "by", actor.Name)
	return unknownKeepers, nil
}

// Get reads a task; deleted ones too, for the history that names them.
func (s *Tasks) Get(ctx context.Context, id string) (*core.Task, error) { return s.store.Task(ctx, id) }

// List lists tasks, without deleted ones. The filter's limit must be set.
func (s *Tasks) List(ctx context.Context, f store.TaskFilter) ([]*core.Task, error) {
	return s.store.Tasks(ctx, f)
}

// ListOn lists tasks in any order, page by page: next is the filter's Behind for the page after, nil when this is the last one.
func (s *Tasks) ListOn(ctx context.Context, f store.TaskFilter) (tasks []*core.Task, next *store.TaskPlace, err error) {
	return s.store.TasksOn(ctx, f)
}

// Page lists tasks and counts those that the filter leaves, up to most: a count of most+1 stands for all beyond.
func (s *Tasks) Page(ctx context.Context, f store.TaskFilter, most int64) (tasks []*core.Task, total int64, err error) {
	return s.store.TaskPage(ctx, f, most)
}

// Recent gives how the last runs of tasks ended, at most n of each, the latest last.
func (s *Tasks) Recent(ctx context.Context, ids []string, n int) (map[string][]core.RunState, error) {
	return s.store.RecentOutcomes(ctx, ids, n)
}

// Count counts the tasks that a filter leaves, whatever its page.
func (s *Tasks) Count(ctx context.Context, f store.TaskFilter) (int64, error) {
	return s.store.CountTasks(ctx, f)
}

// Next gives the next n instants at which a running task is due after now, fewer when it ends before; none for a task that
// is not running. They are its schedule's, but for one that a run may have set instead of all before it.
func (s *Tasks) Next(t *core.Task, n int) []time.Time {
	if t.State != core.TaskRunning {
		return nil
	}
	var dues []time.Time
	for at := s.store.Now(); len(dues) < n; {
		due, ok, err := schedule.Next(&t.Schedule, at, s.zone)
		if err != nil {
			break // a schedule that cannot be read any more names no instant; planning says why
		}
		// What is due within the horizon has been planned, and what is due beyond it has not.
		if t.NextDue.After(at) && (!ok || t.NextDue.Before(due) || due.After(s.store.Now().Add(s.horizon))) {
			due, ok = t.NextDue, true
		}
		if !ok {
			break
		}
		dues, at = append(dues, due), due
	}
	return dues
}

// unique gives a list without what it repeats, in its order.
func unique[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}
