package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// calm is how long the cluster is left alone between the last fault and the end of the load, and for how long at least
// nothing is held against it that it has had no time for.
const calm = 5 * time.Second

// Run breaks a cluster for a while and gives what came of it. An error says that the harness could not do its work, and
// nothing of the cluster.
func Run(ctx context.Context, o Options) (_ *evidence.Evidence, err error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	c, err := startCluster(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	e := &evidence.Evidence{Database: o.Database, Seed: o.Seed, Masters: o.Masters, Workers: o.Workers, Namespaces: c.network != nil, Lease: core.Lease}
	calls, kept := newClient(c.masters), new(ledger)
	tasks, delayed := newTaskLoad(calls, kept, o.Seed, c.sinkURL), newDelayedLoad(calls, kept, o.Seed, c.sinkURL)
	if err := delayed.set(ctx); err != nil {
		return nil, err
	}
	e.Began = time.Now()
	if err := tasks.createAll(ctx, o.Tasks); err != nil {
		return nil, err
	}
	e.Faults = breakAndLoad(ctx, c, calls, tasks, delayed)
	e.Calmed = time.Now()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	c.say("the faults and the load are over")
	if err := tasks.stopAll(ctx); err != nil {
		return nil, err
	}
	e.Settled = settle(ctx, calls, o.Settle)
	c.say("settled: %t", e.Settled)
	if err := gather(ctx, calls, e); err != nil {
		return nil, fmt.Errorf("read what was recorded: %w", err)
	}
	e.Ended = time.Now()
	kept.fill(e)
	e.Calls = evidence.Calls{Made: int(calls.made.Load()), Failed: int(calls.failed.Load())}
	c.mu.Lock()
	e.Troubles, e.Notes = c.troubles, c.notes
	c.mu.Unlock()
	e.Arrivals, err = readJournal(c.journal())
	return e, err
}

// breakAndLoad loads the cluster and breaks it, until the time is over and all faults are undone.
func breakAndLoad(ctx context.Context, c *cluster, calls *client, tasks *taskLoad, delayed *delayedLoad) []evidence.Fault {
	load, end := context.WithCancel(ctx)
	defer end()
	var loads, struck sync.WaitGroup
	loads.Go(func() { tasks.run(load) })
	loads.Go(func() { delayed.run(load, c.opts.Rate) })
	f := &faults{cluster: c, client: calls, turns: map[string]*sync.Mutex{}}
	began := time.Now()
	for _, p := range Plan(c.opts) {
		pause(ctx, time.Until(began.Add(p.At)))
		if ctx.Err() != nil {
			break
		}
		struck.Go(func() { f.run(ctx, p) })
	}
	pause(ctx, time.Until(began.Add(c.opts.Time)))
	struck.Wait()
	pause(ctx, calm)
	end()
	loads.Wait()
	return f.done
}
