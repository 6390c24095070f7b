package manage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// MaxBatch is how many delayed tasks CreateBatch takes.
const MaxBatch = 1000

// Delayed is the service of delayed tasks.
type Delayed struct {
	deps
	workers  *workers
	settings *Settings
}

// Fill sets what a caller left out: the method POST, and from the settings the retry policy and what the answer must
// hold. A zero policy or success rule is one left out; a caller who wants no retries says so with a backoff and a count
// of 0, and one who wants any 2xx answer to do, with statuses 200-299.
func (s *Delayed) Fill(ctx context.Context, d *core.DelayedTask) error {
	settings, err := s.settings.Current(ctx)
	if err != nil {
		return err
	}
	d.Namespace = cmp.Or(d.Namespace, core.DefaultNamespace)
	d.Callback.Method = cmp.Or(d.Callback.Method, "POST")
	if d.Callback.Success == (core.SuccessRule{}) {
		d.Callback.Success.Contains = settings.DelaySuccessContains
	}
	if d.Retry == (core.RetryPolicy{}) {
		d.Retry = core.RetryPolicy{Count: settings.DelayRetryTimes, Backoff: core.BackoffLinear, Delay: settings.DelayRetrySpan}
	}
	return nil
}

// Create stores a delayed task and sets its id; when it returns without an error the task is on disk. One due in the
// past fires at once. One whose idempotency key is known creates nothing and takes the id of the task that has the key.
func (s *Delayed) Create(ctx context.Context, actor *core.User, d *core.DelayedTask) error {
	now := s.store.Now()
	if err := s.prepare(ctx, actor, d, now); err != nil {
		return err
	}
	id := d.ID
	if err := s.store.CreateDelayed(ctx, d, s.ahead(now)); err != nil {
		return err
	}
	if d.ID == id {
		s.created(ctx, d)
		s.soon(d.Due, now)
	}
	return nil
}

// CreateBatch stores up to MaxBatch delayed tasks, all or none, and sets their ids. The field of an error names the
// index: items[3].topic.
func (s *Delayed) CreateBatch(ctx context.Context, actor *core.User, items []*core.DelayedTask) error {
	if len(items) == 0 {
		return core.Broken("items", "is required")
	}
	if len(items) > MaxBatch {
		return core.Broken("items", "has %d entries; at most %d are allowed", len(items), MaxBatch)
	}
	now := s.store.Now()
	ids := make([]string, len(items))
	for i, d := range items {
		if err := s.prepare(ctx, actor, d, now); err != nil {
			return inItem(i, err)
		}
		ids[i] = d.ID
	}
	if err := s.store.CreateDelayedBatch(ctx, items, s.ahead(now)); err != nil {
		return err
	}
	var first time.Time
	for i, d := range items {
		if d.ID != ids[i] {
			continue
		}
		s.created(ctx, d)
		if first.IsZero() || d.Due.Before(first) {
			first = d.Due
		}
	}
	if !first.IsZero() {
		s.soon(first, now)
	}
	return nil
}

// Reset takes a delayed task that succeeded, failed or was voided back to ready and has it called now.
func (s *Delayed) Reset(ctx context.Context, actor *core.User, id string) error {
	now := s.store.Now()
	if err := s.store.ResetDelayed(ctx, id, now, s.route); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "delayed task reset", "delayed", id, "by", actor.Name)
	s.wake(now)
	return nil
}

// Execute has the open run of a delayed task sent now. It adds no run: one that is under way already is left alone.
func (s *Delayed) Execute(ctx context.Context, actor *core.User, id string) error {
	if err := s.store.ExecuteDelayed(ctx, id, s.route); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "delayed task executed by hand", "delayed", id, "by", actor.Name)
	s.wake(s.store.Now())
	return nil
}

// Void withdraws a delayed task that has not ended; a run that is with a worker is ended there.
func (s *Delayed) Void(ctx context.Context, actor *core.User, id string) error {
	reason := "the delayed task was voided by " + actor.Name
	underWay, err := s.store.VoidDelayed(ctx, id, reason)
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "delayed task voided", "delayed", id, "by", actor.Name)
	if underWay != nil {
		s.cancel()
	}
	return nil
}

// Postpone has a delayed task that has not ended called at another instant, which lies in the future. A run that was planned
// for it is withdrawn; one that is with a worker is a conflict.
func (s *Delayed) Postpone(ctx context.Context, actor *core.User, id string, due time.Time) error {
	due = wholeMicros(due)
	if err := s.checkLater(due); err != nil {
		return err
	}
	now := s.store.Now()
	soon, err := s.store.PostponeDelayed(ctx, id, due, "the delayed task was postponed by "+actor.Name, s.ahead(now))
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "delayed task postponed", "delayed", id, "due", due, "by", actor.Name)
	if soon {
		s.soon(due, now)
	}
	return nil
}

// checkLater checks an instant that a delayed task is postponed to.
func (s *Delayed) checkLater(due time.Time) error {
	if err := core.CheckDue(due); err != nil {
		return err
	}
	if !due.After(s.store.Now()) {
		return core.Broken("due", "must lie in the future: to have it called at once, execute it")
	}
	return nil
}

// Get reads one delayed task.
func (s *Delayed) Get(ctx context.Context, id string) (*core.DelayedTask, error) {
	return s.store.Delayed(ctx, id)
}

// List lists delayed tasks from the newest. The filter's limit must be set. Where it leaves few of many it gives up looking
// before the end: reached is then the id down to which it has looked, where the page after begins.
func (s *Delayed) List(ctx context.Context, f store.DelayedFilter) (tasks []*core.DelayedTask, reached string, err error) {
	return s.store.DelayedTasks(ctx, f)
}

// prepare fills, checks and stamps a delayed task that is to be created.
func (s *Delayed) prepare(ctx context.Context, actor *core.User, d *core.DelayedTask, now time.Time) error {
	if err := s.Fill(ctx, d); err != nil {
		return err
	}
	d.Due = wholeMicros(d.Due)
	if err := d.Validate(); err != nil {
		return err
	}
	if err := s.workers.check(ctx, d.Executors); err != nil {
		return err
	}
	d.ID, d.State, d.Resets, d.Runs, d.FinishedAt = s.newID(), core.DelayedCreated, 0, 0, time.Time{}
	d.CreatedBy, d.CreatedByName, d.CreatedAt = actor.ID, actor.Name, now
	return nil
}

func (s *Delayed) ahead(now time.Time) store.PlanAhead {
	return store.PlanAhead{Until: now.Add(s.horizon), Route: s.route}
}

// created logs a creation at the debug level: thousands may come in a second.
func (s *Delayed) created(ctx context.Context, d *core.DelayedTask) {
	s.log.LogAttrs(ctx, slog.LevelDebug, "delayed task created", slog.String("delayed", d.ID), slog.String("app", d.SourceApp),
		slog.String("topic", d.Topic), slog.Time("due", d.Due), slog.String("by", d.CreatedByName))
}

// inItem names the item of a batch that an error is about.
func inItem(i int, err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	named := *e
	named.Field = fmt.Sprintf("items[%d]", i)
	if e.Field != "" {
		named.Field += "." + e.Field
	}
	return &named
}
