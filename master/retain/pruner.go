// Package retain deletes ended runs and delayed tasks that are older, or more, than the settings keep. It deletes in small batches with
// pauses in between, so that firing never waits for it.
package retain

import (
	"context"
	"log/slog"
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// batch is how many runs one transaction deletes.
	batch = 500
	// pause lets the work of firing in between two transactions.
	pause = 20 * time.Millisecond
)

// Store is what retention needs of the store.
type Store interface {
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
	PruneDelayed(ctx context.Context, before time.Time, limit int) (int, error)
	PruneTask(ctx context.Context, taskID string, keep, limit int) (int, error)
	CrowdedTasks(ctx context.Context, keep int) ([]string, error)
	Now() time.Time
}

// Settings are the settings in force.
type Settings interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Options says what a Pruner works with. All fields are required.
type Options struct {
	Store    Store
	Settings Settings
	Logger   *slog.Logger
}

// Pruner prunes. Its RunOnce is called every few minutes on one master.
type Pruner struct{ opts Options }

// New makes a Pruner.
func New(opts Options) *Pruner { return &Pruner{opts: opts} }

// RunOnce deletes all that the settings no longer keep.
func (p *Pruner) RunOnce(ctx context.Context) error {
	settings, err := p.opts.Settings.Current(ctx)
	if err != nil {
		return err
	}
	total := 0
	defer func() {
		if total > 0 {
			p.opts.Logger.Info("ended runs and delayed tasks deleted", "rows", total)
		}
	}()
	if settings.RetentionAge > 0 {
		before := p.opts.Store.Now().Add(-settings.RetentionAge)
		for _, prune := range []func(context.Context, time.Time, int) (int, error){p.opts.Store.Prune, p.opts.Store.PruneDelayed} {
			n, err := repeat(ctx, func() (int, error) { return prune(ctx, before, batch) })
			total += n
			if err != nil {
				return err
			}
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
		n, err := repeat(ctx, func() (int, error) { return p.opts.Store.PruneTask(ctx, id, settings.RetentionCount, batch) })
		total += n
		if err != nil {
			return err
		}
	}
	return nil
}

// repeat deletes batch after batch until one is not full.
func repeat(ctx context.Context, prune func() (int, error)) (total int, err error) {
	for {
		n, err := prune()
		total += n
		if err != nil || n < batch {
			return total, err
		}
		select {
		case <-ctx.Done():
			return total, ctx.Err()
		case <-time.After(pause):
		}
	}
}
