package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
	"github.com/carillonhq/carillon/internal/dbserver"
)

const (
	// firstAt is when the first fault is done: until then everything is as it should be.
	firstAt = 5 * time.Second
	// minTime is the shortest run that one fault of any kind fits into.
	minTime = 30 * time.Second
	// recovery is how long a process counts as struck after its fault is over: it starts, and joins again.
	recovery = 5 * time.Second
	// workersOf is the peer of a master that stands for all workers' connections to it.
	workersOf = "workers"
)

// Planned is a fault to come.
type Planned struct {
	At   time.Duration // after the begin of the load
	Kind evidence.Kind
	Node string
	For  time.Duration // until it is undone; of a clean stop, what it may take

	Peers  []string      // cut and drop: from whom; a master's are "database" and "workers"
	Ways   Ways          // cut
	How    dbserver.Stop // restart
	Offset time.Duration // skew
}

// String says what is done, for people.
func (p Planned) String() string {
	switch p.Kind {
	case evidence.Kill:
		return fmt.Sprintf("%s is killed and started again after %s", p.Node, p.For)
	case evidence.Stop:
		return fmt.Sprintf("%s is stopped cleanly and started again", p.Node)
	case evidence.Freeze:
		return fmt.Sprintf("%s stands still for %s", p.Node, p.For)
	case evidence.Cut:
		ways := map[Ways]string{Both: "", Out: ", but still hears them", Back: ", but is still heard"}[p.Ways]
		return fmt.Sprintf("%s is cut off from %s for %s%s", p.Node, strings.Join(p.Peers, " and "), p.For, ways)
	case evidence.Drop:
		return fmt.Sprintf("the connections of %s to %s are reset", p.Node, strings.Join(p.Peers, " and "))
	case evidence.Restart:
		return fmt.Sprintf("the database server is stopped (%s) and started again after %s", p.How, p.For)
	case evidence.Skew:
		return fmt.Sprintf("%s is killed and started with a clock that is %s wrong, for %s", p.Node, p.Offset, p.For)
	case evidence.Disk:
		return fmt.Sprintf("the disk of the database is full for %s", p.For)
	}
	return string(p.Kind)
}

// planner deals faults.
type planner struct {
	*rand.Rand
	masters, workers []string
	deck             []card
	planned          []Planned
}

// Plan gives the faults that a seed deals to a cluster, in the order of their time. It needs no more of the options than the
// database, the time, the number of nodes and the seed.
func Plan(o Options) []Planned {
	o = o.withDefaults()
	p := &planner{Rand: newRand(o.Seed, 1)}
	for n := range o.Masters {
		p.masters = append(p.masters, fmt.Sprintf("m%d", n+1))
	}
	for n := range o.Workers {
		p.workers = append(p.workers, fmt.Sprintf("w%d", n+1))
	}
	cards := deck(o)
	for at := firstAt; at < o.Time; at += p.pause() {
		if len(p.deck) == 0 {
			p.deck = slices.Clone(cards)
			p.Shuffle(len(p.deck), func(i, j int) { p.deck[i], p.deck[j] = p.deck[j], p.deck[i] })
		}
		f := p.deck[0].deal(p)
		f.Kind = p.deck[0].kind
		p.deck = p.deck[1:]
		for f.At = at; p.clashes(f); f.At += time.Second / 2 {
		}
		if at = f.At; at+f.For+recovery > o.Time {
			break
		}
		p.planned = append(p.planned, f)
	}
	return p.planned
}

// pause is the time from the beginning of one fault to that of the next: mostly long enough to tell their consequences
// apart, at times so short that one comes upon the other.
func (p *planner) pause() time.Duration {
	if p.IntN(4) == 0 {
		return p.between(100*time.Millisecond, 3*time.Second)
	}
	return p.between(8*time.Second, core.Lease+10*time.Second)
}

// between draws a time, in tenths of a second.
func (p *planner) between(least, most time.Duration) time.Duration {
	const grain = 100 * time.Millisecond
	return (least + time.Duration(p.Int64N(int64(most-least)+1))).Truncate(grain)
}

// short is well within the lease, long well beyond it.
func (p *planner) short() time.Duration { return p.between(2*time.Second, 7*time.Second) }

func (p *planner) long() time.Duration {
	return p.between(core.Lease+2*time.Second, core.Lease+8*time.Second)
}

func (p *planner) master() string { return p.masters[p.IntN(len(p.masters))] }

func (p *planner) worker() string { return p.workers[p.IntN(len(p.workers))] }

// clashes says whether a fault would strike what is struck already, or the last master or worker left.
func (p *planner) clashes(f Planned) bool {
	masters, workers := map[string]bool{}, map[string]bool{}
	for _, other := range append(slices.Clone(p.planned), f) {
		if other.At > f.At+f.For+recovery || f.At > other.At+other.For+recovery {
			continue
		}
		struck := masters
		if slices.Contains(p.workers, other.Node) {
			struck = workers
		}
		if struck[other.Node] {
			return true // a node, or the database, one thing at a time
		}
		struck[other.Node] = true
	}
	delete(masters, evidence.Database)
	return len(masters) >= max(len(p.masters), 2) || len(workers) >= len(p.workers)
}

// newRand gives the random numbers of a seed; each purpose has a stream of its own.
func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }
