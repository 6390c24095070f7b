package manage

import (
	"context"
	"errors"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// MaxBulk is how many tasks one bulk deals with at most.
const MaxBulk = 1000

// TaskAction is what a bulk does with each of its tasks.
type TaskAction string

// The actions of a bulk.
const (
	ActStart  TaskAction = "start"
	ActPause  TaskAction = "pause"
	ActResume TaskAction = "resume"
	ActStop   TaskAction = "stop"
	ActDelete TaskAction = "delete"
	ActLabel  TaskAction = "label"
)

// TaskActions are all actions.
func TaskActions() []TaskAction {
	return []TaskAction{ActStart, ActPause, ActResume, ActStop, ActDelete, ActLabel}
}

// Role is the least role that may have an action done, as for one task alone.
func (a TaskAction) Role() core.Role {
	if a == ActDelete {
		return core.RoleDeveloper
	}
	return core.RoleOperator
}

// TaskBulk is one action on many tasks.
type TaskBulk struct {
	Action TaskAction
	// IDs are the tasks, at most MaxBulk; nil for those that Filter leaves, of which MaxBulk are dealt with from the newest,
	// or from the one after Filter.After.
	IDs    []string
	Filter store.TaskFilter
	// Add and Remove are what ActLabel does.
	Add, Remove []string
}

// TaskBulkDone is what came of a bulk.
type TaskBulkDone struct {
	Done    int
	Refused []TaskRefusal
	// Next is what Filter.After must be to go on with those beyond MaxBulk; empty when there are none.
	Next string
}

// TaskRefusal says of a task why the action was refused.
type TaskRefusal struct {
	ID, Title string
	Err       *core.Error
}

// Bulk does one action on many tasks, each in a transaction of its own: what one is refused for does not keep the others. An
// error other than of the request ends it; what was done before stays done.
func (s *Tasks) Bulk(ctx context.Context, actor *core.User, b TaskBulk) (TaskBulkDone, error) {
	var done TaskBulkDone
	if err := b.check(); err != nil {
		return done, err
	}
	if err := actor.Require(b.Action.Role()); err != nil {
		return done, err
	}
	ids := unique(b.IDs)
	if b.IDs == nil {
		f := b.Filter
		f.Order, f.Offset, f.Limit = "", 0, MaxBulk+1
		tasks, err := s.store.Tasks(ctx, f)
		if err != nil {
			return done, err
		}
		if len(tasks) > MaxBulk {
			tasks = tasks[:MaxBulk]
			done.Next = tasks[MaxBulk-1].ID
		}
		for _, t := range tasks {
			ids = append(ids, t.ID)
		}
	}
	for _, id := range ids {
		err := s.act(ctx, actor, b, id)
		if err == nil {
			done.Done++
			continue
		}
		refused, ok := errors.AsType[*core.Error](err)
		if !ok {
			return done, err
		}
		refusal := TaskRefusal{ID: id, Err: refused}
		if t, err := s.store.Task(ctx, id); err == nil {
			refusal.Title = t.Title
		}
		done.Refused = append(done.Refused, refusal)
	}
	s.log.InfoContext(ctx, "bulk of tasks", "action", b.Action, "done", done.Done, "refused", len(done.Refused), "by", actor.Name)
	return done, nil
}

func (s *Tasks) act(ctx context.Context, actor *core.User, b TaskBulk, id string) error {
	switch b.Action {
	case ActStart:
		return s.Start(ctx, actor, id)
	case ActPause:
		return s.Pause(ctx, actor, id)
	case ActResume:
		return s.Resume(ctx, actor, id)
	case ActStop:
		return s.Stop(ctx, actor, id)
	case ActDelete:
		return s.Delete(ctx, actor, id)
	}
	_, err := s.store.RelabelTask(ctx, id, b.Add, b.Remove)
	return err
}

func (b *TaskBulk) check() error {
	switch {
	case !slices.Contains(TaskActions(), b.Action):
		return core.Broken("action", "must be start, pause, resume, stop, delete or label")
	case len(b.IDs) > MaxBulk:
		return core.Broken("ids", "has %d entries; at most %d are allowed", len(b.IDs), MaxBulk)
	case b.Action == ActLabel && len(b.Add) == 0 && len(b.Remove) == 0:
		return core.Broken("add", "is required with the action label, unless remove is given")
	case b.Action != ActLabel && len(b.Add) > 0:
		return core.Broken("add", "goes with the action label only")
	case b.Action != ActLabel && len(b.Remove) > 0:
		return core.Broken("remove", "goes with the action label only")
	}
	err := core.CheckTaskLabels(b.Add)
	if e, ok := errors.AsType[*core.Error](err); ok {
		e.Field = "add"
	}
	return err
}

// Labels lists the labels that tasks have, at most limit.
func (s *Tasks) Labels(ctx context.Context, limit int) ([]string, error) {
	return s.store.Labels(ctx, limit)
}
