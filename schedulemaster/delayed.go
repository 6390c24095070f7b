package schedulemaster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/api/compat"
)

const (
	// delayedBatch is how many delayed tasks are decided about at a time.
	delayedBatch = 500
	// delayedAtOnce is how many are created at once: creations that arrive together share a commit.
	delayedAtOnce = 64
)

// keyOfDelayed is the idempotency key of a delayed task, by which it is known again.
func keyOfDelayed(id string) string { return core.SystemScheduleMaster + ":" + id }

// bringDelayed brings the delayed tasks that are still to come. Without Start they stay: their callbacks cannot be stopped here
// and started later, and ScheduleMaster is about to make them.
func (im *importer) bringDelayed(ctx context.Context) error {
	if !im.Start {
		pending, err := im.source.countPending(ctx)
		if err != nil || pending == 0 {
			return err
		}
		im.report.count(DelayedTask, Left, pending)
		im.hint("Delayed tasks that ScheduleMaster is yet to call back: %d. Once it is stopped, import with --start.", pending)
		return nil
	}
	rules, err := im.delayRules(ctx)
	if err != nil {
		return err
	}
	var executors map[string][]string
	if !im.AnyWorker {
		if executors, err = im.source.executors(ctx, pendingDelayed); err != nil {
			return err
		}
	}
	var batch []*delayed
	err = im.source.eachPending(ctx, func(d *delayed) error {
		d.fields["Executors"] = executors[d.id]
		if batch = append(batch, d); len(batch) < delayedBatch {
			return nil
		}
		full := batch
		batch = nil
		return im.bringDelayedBatch(ctx, full, rules)
	})
	if err != nil {
		return err
	}
	return im.bringDelayedBatch(ctx, batch, rules)
}

// delayRules are the settings by which ScheduleMaster calls back.
type delayRules struct {
	absolute bool
	retries  int
	span     time.Duration
}

// delayRules reads them, with ScheduleMaster's own defaults for what is not a number above 0.
func (im *importer) delayRules(ctx context.Context) (delayRules, error) {
	rules := delayRules{retries: 3, span: 10 * time.Second}
	configs, err := im.source.configs(ctx)
	for _, c := range configs {
		n, notNumber := strconv.Atoi(strings.TrimSpace(c.value))
		switch {
		case c.key == "DelayTask_DelayPattern":
			rules.absolute = strings.EqualFold(strings.TrimSpace(c.value), string(core.DelayAbsolute))
		case notNumber != nil || n <= 0:
		case c.key == "DelayTask_RetryTimes":
			rules.retries = min(n, core.MaxRetries)
		case c.key == "DelayTask_RetrySpans":
			rules.span = min(time.Duration(min(n, 1<<30))*time.Second, core.MaxRetryDelay)
		}
	}
	return rules, err
}

// due is when ScheduleMaster would make its next attempt. After a failed one that is so many spans after it.
func (r delayRules) due(d *delayed) time.Time {
	switch {
	case d.failed > 0 && !d.lastTry.IsZero():
		return d.lastTry.Add(time.Duration(min(d.failed, core.MaxRetries)) * r.span)
	case r.absolute:
		return d.absolute
	}
	return d.created.Add(d.delay)
}

func (im *importer) bringDelayedBatch(ctx context.Context, batch []*delayed, rules delayRules) error {
	keys := make([]string, len(batch))
	for i, d := range batch {
		keys[i] = keyOfDelayed(d.id)
	}
	known, err := im.Store.DelayedByKeys(ctx, core.DefaultNamespace, keys)
	if err != nil {
		return err
	}
	lines, refused := make([]Line, len(batch)), make([]error, len(batch))
	var creations errgroup.Group
	creations.SetLimit(delayedAtOnce)
	for i, d := range batch {
		lines[i] = Line{Verdict: Brought, Noun: DelayedTask, Name: fmt.Sprintf("%s/%s/%s (%s)", d.fields.Get("SourceApp"), d.fields.Get("Topic"), d.fields.Get("ContentKey"), d.id)}
		if known[keys[i]] != nil {
			lines[i].Verdict = AsItWas
			continue
		}
		task, err := im.readDelayed(d, rules, &lines[i])
		if err != nil {
			lines[i].Verdict, lines[i].Notes = Left, []string{err.Error()}
			continue
		}
		if im.DryRun {
			continue
		}
		creations.Go(func() error {
			err := im.manage.Delayed.Create(ctx, im.creator(d), task)
			if core.CodeOf(err) != "" {
				refused[i] = compat.InDelayedForm(err)
				return nil
			}
			return err
		})
	}
	if err := creations.Wait(); err != nil {
		return fmt.Errorf("delayed tasks: %w", err)
	}
	for i, line := range lines {
		if refused[i] != nil {
			line.Verdict, line.Notes = Left, []string{refused[i].Error()}
		}
		im.tell(line)
	}
	return nil
}

// readDelayed makes the delayed task that a client would have created.
func (im *importer) readDelayed(d *delayed, rules delayRules, line *Line) (*core.DelayedTask, error) {
	task, err := compat.ReadDelayed(d.fields)
	if err != nil {
		return nil, err
	}
	task.Namespace, task.IdempotencyKey, task.Due = core.DefaultNamespace, keyOfDelayed(d.id), rules.due(d)
	task.Retry = core.RetryPolicy{Count: max(rules.retries-int(min(d.failed, core.MaxRetries)), 0), Backoff: core.BackoffLinear, Delay: rules.span}
	for _, name := range task.Executors {
		if _, known := im.workers[name]; !known {
			return nil, core.Broken("Executors", "no worker can be named %q here", name)
		}
		im.waited[name] = true
	}
	line.Notes = []string{"due " + task.Due.In(im.Zone).Format("2006-01-02 15:04:05")}
	if task.Due.Before(im.Store.Now()) {
		line.Notes[0] += ", which has passed: called back at once"
	}
	if d.failed > 0 {
		line.Notes = append(line.Notes, fmt.Sprintf("%d attempts have failed there", d.failed))
	}
	return task, compat.InDelayedForm(task.Validate())
}

// creator is who is told when a delayed task fails: the user who created it, when there is one here.
func (im *importer) creator(d *delayed) *core.User {
	if d.creatorName == "" {
		return im.actor
	}
	return &core.User{ID: im.names[d.creatorName], Name: d.creatorName}
}
