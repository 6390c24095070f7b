package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// Host runs plugins. Its methods may be called by many goroutines.
type Host struct {
	o       Options
	as      *supervise.User
	places  *places
	cgroups *cgroups
	cache   *cache
	nursery *nursery
	pool    *pool

	stop    chan struct{}
	stopped sync.WaitGroup
	closing sync.Once
}

// New makes a host, after it ended and removed what an earlier one left in the directory. It fails when an option is out
// of range, when another host has the directory, when plugins cannot run as Options.User, and on systems that do not
// supervise them unless Options.Unsupervised.
//
// On Linux it makes this process one whose memory and environment others of the same user may not read, plugins among
// them.
func New(o Options) (*Host, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := o.refuse(supervised); err != nil {
		return nil, err
	}
	h := &Host{o: o, stop: make(chan struct{})}
	if h.as, err = lookUp(o.User); err != nil {
		return nil, err
	}
	if err := conceal(); err != nil {
		return nil, fmt.Errorf("keep this process's memory from plugins: %w", err)
	}
	if h.places, err = openPlaces(&h.o); err != nil {
		return nil, err
	}
	if err = letThrough(h.as, h.o.Dir); err == nil {
		h.cache, err = openCache(&h.o, h.places.packages, h.places.files, h.stop)
	}
	if err != nil {
		h.places.close()
		return nil, err
	}
	h.cache.shared = h.as != nil
	h.cgroups = openCgroups(&h.o, h.places.id)
	h.nursery = openNursery(&h.o)
	h.pool = newPool(h)
	h.stopped.Go(h.tend)
	return h, nil
}

// tend looks after the processes until the host is closed.
func (h *Host) tend() {
	ticks := time.NewTicker(tendInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			h.pool.tend(time.Now())
		case <-h.stop:
			return
		}
	}
}

// Close ends all processes, those with runs too, whose runs end as lost; those without have 5 seconds of their grace to be
// torn down. It returns when nothing is left of them. What is cached stays.
func (h *Host) Close() {
	h.closing.Do(func() {
		close(h.stop)
		h.stopped.Wait()
		h.pool.close()
		h.cache.works.Wait()
		h.nursery.close()
		h.cgroups.close()
		if err := errors.Join(wipe(h.places.files), wipe(h.places.run)); err != nil {
			h.o.Logger.Warn("the directories of plugins cannot be removed", "error", err)
		}
		h.places.close()
	})
}

// Perform does one run and returns how it ended: succeeded, failed, timed_out, cancelled when ctx ended, with the text of
// its cause as the reason, or lost when it was under way in a process that was killed for another run's sake. When it
// returns, nothing of the run goes on. It takes as long after ctx ended as the grace and the killing take.
func (h *Host) Perform(ctx context.Context, call Call, sink Sink) core.Outcome {
	a := &attempt{
		host: h, call: &call, sink: sink, quota: newQuota(), name: call.Package, began: wallclock.Now(),
	}
	if call.Version != "" {
		a.name += "@" + call.Version
	}
	o := a.perform(ctx)
	if n := a.quota.rest(); n > 0 {
		sink.Log("warn", droppedText(n))
	}
	return o
}

func (a *attempt) perform(ctx context.Context) core.Outcome {
	digest, err := a.host.cache.choose(a.call)
	if err != nil {
		return a.notRun(ctx, err)
	}
	for again := false; ; again = true {
		o, err := a.performOf(ctx, digest)
		switch {
		case err == nil:
			return o
		case !errors.Is(err, errSpoiled) || again:
			return a.notRun(ctx, err)
		}
		// The cache has the package itself, and installs it again.
	}
}

// performOf performs the run with one package. Its error is why the plugin never had the run.
func (a *attempt) performOf(ctx context.Context, digest string) (core.Outcome, error) {
	pkg, err := a.host.cache.acquire(ctx, digest)
	if err != nil {
		return core.Outcome{}, err
	}
	defer a.host.cache.release(digest)
	params, err := a.check(pkg)
	if err != nil {
		return core.Outcome{}, err
	}
	p, err := a.host.pool.join(ctx, a, pkg)
	if err != nil {
		if errors.Is(err, errSpoiled) {
			a.host.o.Logger.Error("a plugin's executable was changed on disk: it is not started", "package", pkg.name(), "path", pkg.path)
			a.host.cache.spoiled(pkg)
		}
		return core.Outcome{}, err
	}
	o := a.run(ctx, p, params)
	p.output.settle(a.first)
	if !p.isolated {
		p.output.leave(a)
		a.host.pool.leave(p)
		return o, nil
	}
	// The run has the process for itself, to the last line that it writes.
	a.host.pool.leave(p)
	a.awaitEnd(ctx, p)
	p.output.leave(a)
	return o, nil
}

// check compares the package with the call, and makes the call's parameters what the package wants.
func (a *attempt) check(pkg *installed) (json.RawMessage, error) {
	m := pkg.manifest
	if m.Name != a.call.Package || pkg.digest == a.call.Digest && a.call.Version != "" && m.Version != a.call.Version {
		return nil, core.Broken("plugin.package", "has the digest of %s, which is another", pkg.name())
	}
	a.name = pkg.name()
	return m.Arguments(a.call.Task, a.call.Params)
}

// makeTheirs makes a directory that belongs to whom plugins run as.
func (h *Host) makeTheirs(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make a directory for the plugin: %w", err)
	}
	return h.give(dir)
}

// give gives a directory to whom plugins run as.
func (h *Host) give(dir string) error {
	if h.as == nil {
		return nil
	}
	if err := os.Lchown(dir, int(h.as.UID), int(h.as.GID)); err != nil {
		return fmt.Errorf("give the plugin its directory: %w", err)
	}
	return nil
}
