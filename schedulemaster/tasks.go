package schedulemaster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
	masterschedule "github.com/carillonhq/carillon/master/schedule"
)

// candidate is a task on its way here.
type candidate struct {
	*schedule
	// task is what it will say; nil when that is refused.
	task *core.Task
	// current is the task that has its id here; nil when none has.
	current *core.Task
	line    Line
	apply   func() error
	// settled says that line holds the verdict: the task is left, whatever its children are.
	settled bool
	// done says that what was decided has been carried out, and can be told of.
	done bool
}

// bringTasks brings tasks, children before their parents, and tells of them in the order of their making.
func (im *importer) bringTasks(ctx context.Context) error {
	schedules, err := im.source.schedules(ctx)
	if err != nil {
		return err
	}
	all := make([]*candidate, len(schedules))
	for i, s := range schedules {
		all[i] = &candidate{schedule: s}
		if err := im.weigh(ctx, all[i]); err != nil {
			return err
		}
	}
	order, err := im.arrange(ctx, all)
	if err != nil {
		return err
	}
	err = im.carryOutAll(ctx, order)
	for _, c := range all {
		if c.done {
			im.tell(c.line)
		}
	}
	if err != nil {
		return err
	}
	im.hintAtStopped(all)
	return nil
}

// carryOutAll decides about tasks and does it, one after another: whether the last one can be brought may depend on the first.
func (im *importer) carryOutAll(ctx context.Context, order []*candidate) error {
	for _, c := range order {
		if !c.settled {
			im.decide(ctx, c)
		}
		if err := im.carryOut(c); err != nil {
			return err
		}
		c.done = true
	}
	return nil
}

// weigh reads a task, and settles it when it cannot be brought whatever its children are.
func (im *importer) weigh(ctx context.Context, c *candidate) error {
	c.line = Line{Verdict: Left, Noun: Task, Name: fmt.Sprintf("%q (%s)", c.fields.Get("Title"), c.id)}
	leave := func(note string) {
		c.settled, c.line.Notes = true, []string{note}
	}
	states, err := im.Store.TaskStates(ctx, []string{c.id})
	if err != nil {
		return err
	}
	if state := states[c.id]; state != "" && state != core.TaskDeleted {
		if c.current, err = im.Store.Task(ctx, c.id); err != nil {
			return err
		}
	}
	_, known := states[c.id]
	switch {
	case c.status == taskDeleted && c.current != nil:
		leave("was deleted there since; here it stays")
		return nil
	case c.status == taskDeleted:
		leave("was deleted there")
		return nil
	case known && c.current == nil:
		leave("was deleted here")
		return nil
	case c.current != nil && (c.current.Origin == nil || c.current.Origin.System != core.SystemScheduleMaster):
		leave("there is a task with this id that was not brought from ScheduleMaster")
		return nil
	case c.current != nil && c.current.Mark() != c.current.Origin.Mark:
		leave("was edited here since it was brought")
		return nil
	}
	if c.task, err = im.read(c); err != nil {
		if core.CodeOf(err) == "" {
			return err
		}
		leave(err.Error())
		if c.current != nil {
			c.line.Notes = append(c.line.Notes, "here it stays as it was brought")
		}
	}
	return nil
}

// read makes the task that a client would have created, under its id and by its creator.
func (im *importer) read(c *candidate) (*core.Task, error) {
	if c.fields.Get("MetaType") == "2" && !c.fields.Has("HttpRequestUrl") {
		return nil, core.Broken("HttpRequestUrl", "is required, and the table schedulehttpoptions has no row for the task")
	}
	t, err := compat.ReadTask(c.fields, im.source.zone)
	if err != nil {
		return nil, err
	}
	if im.FromZone != nil && t.Schedule.Kind == core.ScheduleCron {
		t.Schedule.Zone = im.FromZone.String()
	}
	if err := compat.InTaskForm(masterschedule.Check(&t.Schedule, im.Store.Now(), im.Zone)); err != nil {
		return nil, err
	}
	t.ID, t.Namespace = c.id, core.DefaultNamespace
	t.CreatedBy, t.CreatedByName, t.CreatedAt = im.userID(c.creator), c.creatorName, c.created
	for _, id := range c.keepers {
		if _, isUser := im.userIDs[id]; !isUser {
			c.note("keeper %d is no user", id)
		}
		t.Keepers = append(t.Keepers, im.userID(id))
	}
	if !im.AnyWorker {
		t.Executors = im.executors(c)
	}
	// As the store gives them back, so that the mark is the same then.
	t.Schedule.Start, t.Schedule.End = stored(t.Schedule.Start), stored(t.Schedule.End)
	t.Keepers, t.Executors = unique(t.Keepers), unique(t.Executors)
	return t, compat.InTaskForm(t.Validate())
}

// executors gives the workers that may do a task. Names that no worker can have are left out.
func (im *importer) executors(c *candidate) []string {
	var names []string
	for _, name := range c.schedule.executors {
		if _, known := im.workers[name]; !known {
			c.note("worker %q is left out: no worker can have that name here", name)
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 && len(c.schedule.executors) > 0 {
		c.note("any worker may take it")
	}
	return names
}

// note adds to what the line will say.
func (c *candidate) note(format string, args ...any) {
	c.line.Notes = append(c.line.Notes, fmt.Sprintf(format, args...))
}

// userID gives the id here of one of ScheduleMaster's users; that of nobody stays as it is, as it does when a client sends it.
func (im *importer) userID(theirs int64) int64 {
	if ours, known := im.userIDs[theirs]; known {
		return ours
	}
	return theirs
}

// stored gives an instant as the store does.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// unique gives a list without what it repeats, in its order.
func unique[T comparable](list []T) []T {
	seen := map[T]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool {
		again := seen[v]
		seen[v] = true
		return again
	})
}

// hintAtStopped says how many tasks run there and are stopped here, and notes the workers that tasks name.
func (im *importer) hintAtStopped(all []*candidate) {
	stopped := 0
	for _, c := range all {
		if c.line.Verdict == Left {
			continue
		}
		for _, name := range c.task.Executors {
			im.waited[name] = true
		}
		neverStarted := c.current == nil || c.untouched() && c.current.State == core.TaskStopped
		if c.status == taskRunning && neverStarted {
			stopped++
		}
	}
	if stopped > 0 && !im.Start {
		im.hint("Tasks that run in ScheduleMaster and are stopped here: %d. Once ScheduleMaster is stopped, import with --start.", stopped)
	}
}
