package schedulemaster

import (
	"context"
	"fmt"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
)

// decide says what becomes of a task that can be brought, and how.
func (im *importer) decide(ctx context.Context, c *candidate) {
	mark := c.task.Mark()
	c.task.Origin = &core.Origin{System: core.SystemScheduleMaster, Mark: mark, Version: 1}
	switch {
	case c.current == nil:
		c.line.Verdict = Brought
		c.apply = func() error {
			_, err := im.manage.Tasks.Adopt(ctx, im.actor, c.task)
			return err
		}
	case c.current.Origin.Mark == mark:
		c.line.Verdict, c.line.Notes = AsItWas, nil
	case c.current.State != core.TaskStopped:
		c.line.Notes = []string{fmt.Sprintf("was changed there since, and is %s here: stop it, and import again", c.current.State)}
		return
	default:
		c.line.Verdict = Changed
		c.task.Version, c.task.Origin.Version = c.current.Version, c.current.Version+1
		if !c.untouched() {
			c.task.Origin.Version = 0 // it was started here before, and whether it is to run is decided here
		}
		c.apply = func() error {
			_, err := im.manage.Tasks.Edit(ctx, im.actor, c.task)
			return err
		}
	}
	im.decideStart(ctx, c)
}

// untouched says of a task that was brought before that it has been neither edited nor started here since.
func (c *candidate) untouched() bool { return c.current.Version == c.current.Origin.Version }

// decideStart says whether a task is started, and notes why not.
func (im *importer) decideStart(ctx context.Context, c *candidate) {
	fresh := c.line.Verdict != AsItWas
	why := ""
	switch {
	case c.status == taskPaused && fresh:
		c.note("stopped; it is paused there")
		return
	case c.status != taskRunning || c.current != nil && !c.untouched():
		return
	case !im.Start && fresh:
		c.note("stopped; it runs there")
		return
	case !im.Start:
		return
	case c.task.Schedule.Kind == core.ScheduleOnce && !c.lastRun.IsZero():
		why = "it has fired there"
	case c.task.Schedule.Kind == core.ScheduleOnce && !c.task.Schedule.Start.After(im.Store.Now()):
		why = "its instant has passed"
	default:
		if err := compat.InTaskForm(im.manage.Tasks.Startable(ctx, c.task)); err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		if fresh {
			c.note("not started: %s", why)
		}
		return
	}
	if !fresh {
		c.line.Verdict = Changed
	}
	c.note("started")
	first := c.apply
	c.apply = func() error {
		if first != nil {
			if err := first(); err != nil {
				return err
			}
		}
		return im.manage.Tasks.Start(ctx, im.actor, c.id)
	}
}

// carryOut does what was decided of a task. What the services refuse is left, with their reason.
func (im *importer) carryOut(c *candidate) error {
	if c.apply == nil || im.DryRun {
		return nil
	}
	err := c.apply()
	if err == nil {
		return nil
	}
	if core.CodeOf(err) == "" {
		return fmt.Errorf("%s %s: %w", c.line.Noun, c.line.Name, err)
	}
	c.line.Verdict, c.line.Notes = Left, []string{err.Error()}
	return nil
}
