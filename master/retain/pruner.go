// Package retain deletes ended runs, delayed tasks, the audit and the system log when they are older, or more, than the settings keep. It deletes in
// small batches with pauses in between, so that firing never waits for it. It also deletes the sessions of those who are signed in no
// longer, and old counters.
package retain

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
)

// countsKept is how long the counters of an hour are kept, a few dozen rows each.
const countsKept = 400 * 24 * time.Hour

// pause lets the work of firing in between two transactions.
const pause = 20 * time.Millisecond

// Store is what retention needs of the store.
type Store interface {
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
	PruneDelayed(ctx context.Context, before time.Time, limit int) (int, error)
	PruneLogs(ctx context.Context, before time.Time, limit int) (int, error)
	PruneOverrides(ctx context.Context, before time.Time, limit int) (int, error)
	PruneAudit(ctx context.Context, before time.Time, limit int) (int, error)
	PruneSystemLog(ctx context.Context, before time.Time, limit int) (int, error)
	PruneTask(ctx context.Context, taskID string, keep, limit int) (int, error)
	PruneSessions(ctx context.Context, signedIn, seen time.Time) (int64, error)
	PruneCounts(ctx context.Context, before time.Time) (int64, error)
	CrowdedTasks(ctx context.Context, keep int) ([]string, error)
	Now() time.Time
}

// Settings are the settings in force.
type Settings interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Options says what a Pruner works with. All fields are required but Batches.
type Options struct {
	Store    Store
	Settings Settings
	Logger   *slog.Logger
	// Batches defaults to core.DefaultBatches().
	Batches core.Batches
}

// Pruner prunes. Its RunOnce is called every few minutes on one master.
type Pruner struct {
	opts  Options
	batch int // of rows that one transaction deletes
}

// New makes a Pruner.
func New(opts Options) *Pruner { return &Pruner{opts: opts, batch: opts.Batches.OrDefault().Retain} }

// RunOnce deletes all that the settings no longer keep.
func (p *Pruner) RunOnce(ctx context.Context) error {
	now := p.opts.Store.Now()
	if _, err := p.opts.Store.PruneSessions(ctx, now.Add(-core.SessionLifetime), now.Add(-core.SessionIdle)); err != nil {
		return err
	}
	if _, err := p.opts.Store.PruneCounts(ctx, now.Add(-countsKept)); err != nil {
		return err
	}
	settings, err := p.opts.Settings.Current(ctx)
	if err != nil {
		return err
	}
	total := 0
	defer func() {
		if total > 0 {
			p.opts.Logger.Info("ended runs, delayed tasks and entries of the audit deleted", "rows", total)
		}
	}()
	if settings.RetentionAge > 0 {
		before := now.Add(-settings.RetentionAge)
		for _, prune := range []func(context.Context, time.Time, int) (int, error){
			p.opts.Store.Prune, p.opts.Store.PruneDelayed, p.opts.Store.PruneOverrides, p.opts.Store.PruneLogs, // logs last: few are left to look through
		} {
			n, err := p.repeat(ctx, func() (int, error) { return prune(ctx, before, p.batch) })
			total += n
			if err != nil {
				return err
			}
		}
	}
	if settings.RetentionAudit > 0 {
		before := p.opts.Store.Now().Add(-settings.RetentionAudit)
		n, err := p.repeat(ctx, func() (int, error) { return p.opts.Store.PruneAudit(ctx, before, p.batch) })
		total += n
		if err != nil {
			return err
		}
	}
	if settings.RetentionLog > 0 {
		before := p.opts.Store.Now().Add(-settings.RetentionLog)
		n, err := p.repeat(ctx, func() (int, error) { return p.opts.Store.PruneSystemLog(ctx, before, p.batch) })
		total += n
		if err != nil {
			return err
		}
	}
	if settings.RetentionCount <= 0 {
		return nil
	}
	tasks, err := p.opts.Store.CrowdedTasks(ctx, settings.RetentionCount)
	if err != nil {
		return err
	}
	for _, id := range tasks {
		n, err := p.repeat(ctx, func() (int, error) { return p.opts.Store.PruneTask(ctx, id, settings.RetentionCount, p.batch) })
		total += n
		if err != nil {
			return err
		}
	}
	return nil
}

// repeat deletes batch after batch until one is not full.
func (p *Pruner) repeat(ctx context.Context, prune func() (int, error)) (total int, err error) {
	for {
		n, err := prune()
		total += n
		if err != nil || n < p.batch {
			return total, err
		}
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-time.After(pause):
		}
	}
}
