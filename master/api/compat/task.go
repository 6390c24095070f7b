package compat

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/web/messages"
)

func (a *api) createTask(c *call) (reply, error) {
	runNow, err := c.form.boolean("RunNow")
	if err != nil {
		return reply{}, err
	}
	t := &core.Task{}
	if err := readTask(&c.form, a.Zone, t); err != nil {
		return reply{}, err
	}
	unknown, err := a.Tasks.Create(c.authored(), c.user, t, runNow)
	start, notStarted := errors.AsType[*manage.StartError](err)
	if err != nil && !notStarted {
		return reply{}, inForm(err, taskFields, paramsField(&c.form))
	}
	var message string
	switch {
	case notStarted:
		message = a.notStarted(c, start.Err)
	case runNow:
		message = c.text("the task was created and started")
	default:
		message = c.text("the task was created")
	}
	return reply{message: message + c.keepers(unknown), id: t.ID}, nil
}

// notStarted says why a task that was created could not be started.
func (a *api) notStarted(c *call, err error) string {
	status, e := statusOf(inForm(err, taskFields))
	if status == statusServiceError {
		return c.text("the task was created, but not started: %s", a.hide(c, err))
	}
	return c.text("the task was created, but not started: %s", messages.Error(c.lang, e))
}

// editTask replaces all that the form can say of a task; what it leaves out is emptied, as in ScheduleMaster. What only
// the JSON API can say, such as a time zone or a retry policy, stays as it is.
func (a *api) editTask(c *call) (reply, error) {
	id, err := c.form.guid("Id")
	if err != nil {
		return reply{}, err
	}
	saved, err := a.Tasks.Get(c.Context(), id)
	if err != nil {
		return reply{}, err
	}
	t := *saved
	if err := readTask(&c.form, a.Zone, &t); err != nil {
		return reply{}, err
	}
	unknown, err := a.Tasks.Edit(c.authored(), c.user, &t)
	if err != nil {
		return reply{}, inForm(err, taskFields, paramsField(&c.form))
	}
	return reply{message: c.text("the task was edited") + c.keepers(unknown)}, nil
}

// moveTask makes the action of a change of a task's state.
func (a *api) moveTask(move func(ctx context.Context, actor *core.User, id string) error, done string) func(*call) (reply, error) {
	return func(c *call) (reply, error) {
		id, err := c.form.guid("id")
		if err != nil {
			return reply{}, err
		}
		if err := move(c.authored(), c.user, id); err != nil {
			return reply{}, inForm(err, taskFields)
		}
		return reply{message: c.text(done)}, nil
	}
}

func (a *api) runOnce(ctx context.Context, actor *core.User, id string) error {
	_, err := a.Tasks.RunOnce(ctx, actor, id)
	return err
}

// keepers names the keepers that are no users; nothing when there are none.
func (c *call) keepers(unknown []int64) string {
	if len(unknown) == 0 {
		return ""
	}
	ids := make([]string, len(unknown))
	for i, id := range unknown {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return c.text(" (no user has these keeper ids: %s)", strings.Join(ids, ", "))
}
