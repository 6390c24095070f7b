package manage

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/schedule"
	"github.com/carillonhq/carillon/store"
)

// maxAhead bounds the runs of one task that a start plans: with the usual horizon an every-second schedule has 15. What
// is left the planner does.
const maxAhead = 60

// Start puts a stopped task in force under a new version. Its first due instant is later than now and than the last one
// sent. A once task is due at its start even when that has passed, unless it was sent already: then it runs with nothing
// due.
func (s *Tasks) Start(ctx context.Context, actor *core.User, id string) error {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.State != core.TaskStopped {
		return core.Conflict("the task is %s: only a stopped task can be started", t.State)
	}
	now := s.store.Now()
	if err := s.startable(ctx, t, now); err != nil {
		return err
	}
	if err := s.enforce(ctx, t, now); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "task started", "task", id, "version", t.Version+1, "by", actor.Name)
	return nil
}

// Resume puts a paused task back in force under a new version. Instants that passed during the pause are not made up;
// but a once task that was not sent is due at its start all the same, as nothing of a once task is ever missed.
func (s *Tasks) Resume(ctx context.Context, actor *core.User, id string) error {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.State != core.TaskPaused {
		return core.Conflict("the task is %s: only a paused task can be resumed", t.State)
	}
	if err := s.enforce(ctx, t, s.store.Now()); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "task resumed", "task", id, "version", t.Version+1, "by", actor.Name)
	return nil
}

// Pause suspends a running task and withdraws its planned runs. A run under way goes on.
func (s *Tasks) Pause(ctx context.Context, actor *core.User, id string) error {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.State != core.TaskRunning {
		return core.Conflict("the task is %s: only a running task can be paused", t.State)
	}
	return s.withdraw(ctx, actor, t, core.TaskPaused)
}

// Stop ends a running or paused task's being in force and withdraws its planned runs. A run under way goes on.
func (s *Tasks) Stop(ctx context.Context, actor *core.User, id string) error {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.State != core.TaskRunning && t.State != core.TaskPaused {
		return core.Conflict("the task is %s: only a running or paused task can be stopped", t.State)
	}
	return s.withdraw(ctx, actor, t, core.TaskStopped)
}

// Delete takes a task out of every list for good and withdraws its planned runs. Its history stays.
func (s *Tasks) Delete(ctx context.Context, actor *core.User, id string) error {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return err
	}
	if t.State == core.TaskDeleted {
		return core.Conflict("the task has been deleted already")
	}
	return s.withdraw(ctx, actor, t, core.TaskDeleted)
}

// RunOnce has a running task fire now, outside its schedule, and gives the run.
func (s *Tasks) RunOnce(ctx context.Context, actor *core.User, id string) (*core.Run, error) {
	return s.RunWith(ctx, actor, id, core.Overrides{})
}

// RunWith is RunOnce with something given in place of what the task says. All attempts of the firing have it; its children do
// not.
func (s *Tasks) RunWith(ctx context.Context, actor *core.User, id string, given core.Overrides) (*core.Run, error) {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.State != core.TaskRunning {
		return nil, core.Conflict("the task is %s: only a running task can be run once", t.State)
	}
	if err := s.fits(ctx, t, given); err != nil {
		return nil, err
	}
	run, err := s.store.RunTaskWith(ctx, t, s.newID(), actor.ID, s.route, given)
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "task run by hand", "task", id, "run", run.ID, "by", actor.Name)
	s.wake(run.FireAt)
	return run, nil
}

// fits refuses what does not fit a task that is given it.
func (s *Tasks) fits(ctx context.Context, t *core.Task, given core.Overrides) error {
	if given.None() {
		return nil
	}
	would := *t
	var err error
	if would.Definition, err = given.Apply(t.Definition); err != nil {
		return err
	}
	if err := would.Validate(); err != nil {
		return err
	}
	return s.plugins.check(ctx, &would)
}

// enforce makes a task running under the version after its own, with the runs due within the horizon.
func (s *Tasks) enforce(ctx context.Context, t *core.Task, now time.Time) error {
	sent, err := s.store.LastDue(ctx, t.ID)
	if err != nil {
		return err
	}
	runs, next, err := s.plan(t, t.Version+1, sent, now)
	if err != nil {
		return err
	}
	if err := s.store.MoveTask(ctx, store.TaskMove{
		TaskID: t.ID, From: []core.TaskState{t.State}, Version: t.Version, To: core.TaskRunning, Raise: true,
		NextDue: next, Runs: runs, Needs: need(t), Now: now,
	}); err != nil {
		return err
	}
	s.planned(runs, now)
	return nil
}

// withdraw takes a task out of force, with the runs planned of it.
func (s *Tasks) withdraw(ctx context.Context, actor *core.User, t *core.Task, to core.TaskState) error {
	if err := s.store.MoveTask(ctx, store.TaskMove{
		TaskID: t.ID, From: []core.TaskState{t.State}, Version: t.Version, To: to, Now: s.store.Now(),
		Cancel: "the task was " + string(to) + " by " + actor.Name,
	}); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "task withdrawn", "task", t.ID, "state", to, "by", actor.Name)
	return nil
}

// plan makes the runs of a task's schedule that are due within the horizon, and gives the first instant beyond them.
// sent is the latest due instant for which a run was sent; zero when none was.
func (s *Tasks) plan(t *core.Task, version int64, sent, now time.Time) (runs []*core.Run, next time.Time, err error) {
	from := now
	if sent.After(from) {
		from = sent
	}
	from = from.Add(1)
	if t.Schedule.Kind == core.ScheduleOnce {
		if from = wholeMicros(t.Schedule.Start); !sent.Before(from) {
			return nil, time.Time{}, nil
		}
	}
	dues, next, _, err := schedule.Upto(&t.Schedule, from, now.Add(s.horizon), maxAhead, s.zone)
	if err != nil {
		return nil, time.Time{}, err
	}
	d := store.DueTask{
		TaskID: t.ID, Namespace: t.Namespace, Version: version,
		TaskDefinition: &store.TaskDefinition{Definition: t.Definition},
	}
	for _, due := range dues {
		if len(runs) >= maxAhead { // a firing may be many runs
			return runs, due, nil
		}
		runs = append(runs, store.TaskRuns(d, due, now, s.route)...)
	}
	return runs, next, nil
}

// planned has the dispatcher look for the first of runs, which are in the order of their instants.
func (s *Tasks) planned(runs []*core.Run, now time.Time) {
	if len(runs) > 0 {
		s.soon(runs[0].FireAt, now)
	}
}
