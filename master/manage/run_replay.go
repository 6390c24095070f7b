package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// Replay has a run that has ended done again, as another occurrence, and gives the new run. It is refused where it would not
// be the same again: the task must be running and not edited since. A firing that went to several workers does so again. A
// run of a delayed task is done again by a reset of that, which keeps its state in step with its runs.
func (s *Runs) Replay(ctx context.Context, actor *core.User, id string) (*core.Run, error) {
	ended, err := s.store.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case !ended.State.Final():
		return nil, core.Conflict("the run has not ended: it is %s", ended.State)
	case ended.TaskID == "":
		return nil, core.Conflict("a run of a delayed task is not replayed by itself: reset the delayed task")
	}
	t, err := s.store.Task(ctx, ended.TaskID)
	if err != nil {
		return nil, err
	}
	switch {
	case t.State != core.TaskRunning:
		return nil, core.Conflict("the task is %s: only runs of a running task can be replayed", t.State)
	case !sameDefinition(t, ended):
		return nil, core.Conflict("the task has been edited since the run: it would not be the same again")
	}
	run, err := s.store.ReplayRun(ctx, ended, t, s.newID(), actor.ID, s.route)
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "run replayed", "run", id, "as", run.ID, "task", t.ID, "by", actor.Name)
	s.wake(run.FireAt)
	return run, nil
}
