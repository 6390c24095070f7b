package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// serve tells of one subject's failures and settles their notices.
func (n *Notifier) serve(ctx context.Context, g *group, channels []opened, users []*core.User) error {
	if until, ok := n.quiet[g.subject]; ok {
		return n.opts.Store.PostponeNotices(ctx, runIDs(g.notices), until, false)
	}
	e, err := n.describe(ctx, g.last())
	if core.CodeOf(err) == core.CodeNotFound {
		n.opts.Logger.DebugContext(ctx, "nobody is told of failures: their record is gone", "failures", len(g.notices), "error", err)
		return n.opts.Store.DeleteNotices(ctx, runIDs(g.notices))
	}
	if err != nil {
		return n.retry(ctx, g, nil, err)
	}
	audience := e.audience(users)
	if len(audience) == 0 {
		n.opts.Logger.DebugContext(ctx, "nobody is to be told of failures", "task", g.taskID, "creator", g.creator, "failures", len(g.notices))
		return n.opts.Store.DeleteNotices(ctx, runIDs(g.notices))
	}
	reached, failure := n.tell(ctx, g, e, audience, channels)
	if len(reached) > 0 || failure == nil {
		n.quiet[g.subject] = n.opts.Store.Now().Add(Spacing)
	}
	if errors.Is(ctx.Err(), context.Canceled) && failure != nil {
		return ctx.Err() // this master is stopping, which is not the channel's fault
	}
	// What was sent must be written down even when time is up.
	ctx = context.WithoutCancel(ctx)
	if failure != nil {
		return n.retry(ctx, g, reached, failure)
	}
	return n.done(ctx, g.notices)
}

// describe reads what there is to say of a failure.
func (n *Notifier) describe(ctx context.Context, notice store.Notice) (e event, err error) {
	if e.run, err = n.opts.Store.Run(ctx, notice.RunID); err != nil {
		return e, err
	}
	if notice.TaskID != "" {
		e.task, err = n.opts.Store.Task(ctx, notice.TaskID)
	} else {
		e.delayed, err = n.opts.Store.Delayed(ctx, notice.DelayedID)
	}
	return e, err
}

// audience is who is to be told: the keepers of a task, the creator of a delayed task, as far as they can be reached.
func (e event) audience(users []*core.User) []*core.User {
	return slices.DeleteFunc(slices.Clone(users), func(u *core.User) bool {
		concerned := e.task != nil && slices.Contains(e.task.Keepers, u.ID) || e.delayed != nil && e.delayed.CreatedBy == u.ID && e.delayed.SourceApp != core.TrialApp
		return !concerned || u.Disabled || u.Email == ""
	})
}

// tell sends everybody a message of their own, about what they have not been told of yet. It gives whom it reached, and
// the failures that another try may mend.
func (n *Notifier) tell(ctx context.Context, g *group, e event, audience []*core.User, channels []opened) (reached []reader, failure error) {
	for _, u := range audience {
		for _, c := range channels {
			who := reader{user: u.ID, channel: c.name}
			fresh := n.untold(g, who)
			if fresh == 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return reached, errors.Join(failure, err)
			}
			retry, err := c.Send(ctx, e.message(Recipient{Name: u.Name, Email: u.Email}, fresh, n.opts.Zone))
			switch {
			case err == nil:
				reached = append(reached, who)
			case retry:
				failure = errors.Join(failure, fmt.Errorf("%s to %s: %w", c.name, u.Name, err))
			default:
				n.opts.Logger.ErrorContext(ctx, "a user cannot be told of failures", "user", u.Name, "channel", c.name,
					"task", g.taskID, "creator", g.creator, "failures", fresh, "error", err)
			}
		}
	}
	return reached, failure
}

// untold counts the failures that somebody has not been told of.
func (n *Notifier) untold(g *group, who reader) int {
	count := 0
	for _, notice := range g.notices {
		if !slices.Contains(n.told[notice.RunID].readers, who) {
			count++
		}
	}
	return count
}

// retry counts a failed try: the notices that have one left wait for it, the others are given up.
func (n *Notifier) retry(ctx context.Context, g *group, reached []reader, cause error) error {
	tries := 0
	var left, spent []store.Notice
	for _, notice := range g.notices {
		tries = max(tries, notice.Tries+1)
		if notice.Tries+1 < MaxTries {
			left = append(left, notice)
		} else {
			spent = append(spent, notice)
		}
	}
	now := n.opts.Store.Now()
	next := now.Add(backoff(tries))
	if len(reached) == 0 {
		n.quiet[g.subject] = next // what fails meanwhile would meet the same fate
	}
	for _, notice := range left {
		n.told[notice.RunID] = receipt{readers: slices.Concat(n.told[notice.RunID].readers, reached), at: now}
	}
	log := n.opts.Logger.With("task", g.taskID, "creator", g.creator, "error", cause)
	if len(left) > 0 {
		log.WarnContext(ctx, "people could not be told of failures", "failures", len(left), "tries", tries, "next", next)
	}
	if len(spent) > 0 {
		log.ErrorContext(ctx, "telling people of failures is given up", "failures", len(spent), "tries", tries, "last run", g.last().RunID)
	}
	return errors.Join(n.opts.Store.PostponeNotices(ctx, runIDs(left), next, true), n.done(ctx, spent))
}

// done settles notices for good.
func (n *Notifier) done(ctx context.Context, notices []store.Notice) error {
	for _, notice := range notices {
		delete(n.told, notice.RunID)
	}
	return n.opts.Store.DeleteNotices(ctx, runIDs(notices))
}

// backoff is how long to wait after so many failed tries: a minute, then twice as long each time, up to an hour.
func backoff(tries int) time.Duration {
	return min(time.Minute<<(tries-1), time.Hour)
}
