package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

const (
	// backWithin is how long a process that was started again may take to serve; a database that is away takes its time.
	backWithin = time.Minute
	// stopWithin is how long a clean stop may take: the deadline for runs under way, and some.
	stopWithin = 45 * time.Second
)

// faults carries out planned faults.
type faults struct {
	*cluster
	client *client
	done   []evidence.Fault
	turns  map[string]*sync.Mutex // one thing at a time is done to a node
}

// run carries out a fault, from its beginning to its end, and notes it. It waits for the one before of its node, which may take
// longer than was planned: a process may be slow to come back.
func (f *faults) run(ctx context.Context, p Planned) {
	turn := f.turn(p.Node)
	turn.Lock()
	defer turn.Unlock()
	if ctx.Err() != nil {
		return
	}
	f.say("%s", p)
	began := time.Now()
	ended, err := f.carryOut(ctx, p)
	if err != nil {
		f.note("%s: %v", p, err)
	}
	if ended.IsZero() {
		ended = time.Now()
	}
	f.record(p, p.Kind, p.String(), began, ended)
	f.say("over: %s", p)
}

func (f *faults) turn(node string) *sync.Mutex {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.turns[node] == nil {
		f.turns[node] = new(sync.Mutex)
	}
	return f.turns[node]
}

// record notes that a fault was done.
func (f *faults) record(p Planned, kind evidence.Kind, text string, began, ended time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, evidence.Fault{
		ID: len(f.done) + 1, Kind: kind, Node: p.Node, Text: text, Began: began, Ended: ended, Whole: f.whole(p),
	})
}

// whole says whether nothing can stand in for what a fault strikes: the database, or the only master.
func (f *faults) whole(p Planned) bool {
	return p.Node == evidence.Database || len(f.masters) == 1 && p.Node == f.masters[0].name
}

// carryOut does and undoes a fault. It gives the instant at which that was over, when it is not the present one.
func (f *faults) carryOut(ctx context.Context, p Planned) (ended time.Time, err error) {
	n := f.node(p.Node)
	switch p.Kind {
	case evidence.Kill:
		n.kill()
		pause(ctx, p.For)
		return ended, f.startAgain(ctx, n)
	case evidence.Stop:
		if !n.stop(stopWithin) {
			n.complain(fmt.Sprintf("did not stop within %s", stopWithin), false)
		}
		return ended, f.startAgain(ctx, n)
	case evidence.Freeze:
		if err := n.freeze(); err != nil {
			return ended, err
		}
		pause(ctx, p.For)
		return time.Now(), n.thaw()
	case evidence.Cut:
		return ended, f.cut(ctx, f.links(n, p.Peers), p)
	case evidence.Drop:
		for _, link := range f.links(n, p.Peers) {
			err = errors.Join(err, link.drop())
		}
	case evidence.Skew:
		return ended, f.skew(ctx, n, p)
	case evidence.Restart:
		if err := f.database.server.Stop(p.How); err != nil {
			return ended, err
		}
		pause(ctx, p.For)
		// Whatever else is over, the database must be there at the end.
		return ended, f.database.server.Start(context.WithoutCancel(ctx))
	case evidence.Disk:
		free, err := f.database.disk.fill(f.masters[0].pid())
		if err != nil {
			return ended, err
		}
		pause(ctx, p.For)
		return ended, free()
	}
	return ended, err
}

// cut cuts links for a while.
func (f *faults) cut(ctx context.Context, links []link, p Planned) error {
	var errs []error
	for _, link := range links {
		errs = append(errs, link.cut(p.Ways))
	}
	pause(ctx, p.For)
	for _, link := range links {
		errs = append(errs, link.mend())
	}
	return errors.Join(errs...)
}

// startAgain starts a node that was ended and waits until it serves.
func (f *faults) startAgain(ctx context.Context, n *node, env ...string) error {
	if err := n.start(env...); err != nil {
		return err
	}
	if !n.awaitServing(ctx, backWithin) && ctx.Err() == nil {
		n.complain(fmt.Sprintf("did not serve within %s after its start", backWithin), false)
	}
	return nil
}

// skew has a node live with a wrong clock for a while. It begins and ends with the death of the process.
func (f *faults) skew(ctx context.Context, n *node, p Planned) error {
	n.kill()
	err := f.startAgain(ctx, n, offsetEnv+"="+p.Offset.String())
	if err == nil {
		err = f.seesSkew(ctx, n, p.Offset)
	}
	pause(ctx, p.For)
	again := time.Now()
	n.kill()
	if back := f.startAgain(ctx, n); back != nil {
		err = back
	}
	f.record(p, evidence.Kill, p.Node+" is killed and started with a clock that is right again", again, time.Now())
	return err
}

// offsetEnv is what a binary built with the tag skew reads its clock's error from (internal/wallclock).
const offsetEnv = "CARILLON_CLOCK_OFFSET"

// links are the ways between a node and its peers: those it dials, and of a master those its workers dial.
func (f *faults) links(n *node, peers []string) []link {
	var all []link
	for _, peer := range peers {
		if link := n.links[peer]; link != nil {
			all = append(all, link)
		}
		if peer == workersOf {
			for _, w := range f.workers {
				all = append(all, w.links[n.name])
			}
		}
	}
	return all
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
