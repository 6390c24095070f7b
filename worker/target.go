package worker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
)

// target is a master's address and how it has done so far.
type target struct {
	name    string // as it was given, host:port
	address string // where that is, the same when the host is an address
	rank    rank
	tried   bool // since a master answered last
}

type rank int

const (
	untried  rank = iota
	answered      // the last stream brought a message; if this address is tried again, the stream was lost
	failed        // the last stream was not opened or brought nothing
)

func (t *target) String() string {
	if t.name == t.address {
		return t.name
	}
	return t.name + " (" + t.address + ")"
}

// targets are all masters known, within a rank the one tried longest ago first.
type targets []*target

func (ts *targets) order() []*target {
	slices.SortStableFunc(*ts, func(a, b *target) int { return int(a.rank - b.rank) })
	return slices.Clone(*ts)
}

// judge ranks t and puts it behind all others of that rank.
func (ts *targets) judge(t *target, r rank) {
	t.rank, t.tried = r, true
	if r == answered {
		for _, other := range *ts {
			other.tried = other == t
		}
	}
	if at := slices.Index(*ts, t); at >= 0 { // else its name stands for it no longer
		*ts = append(slices.Delete(*ts, at, at+1), t)
	}
}

func (ts *targets) others() bool {
	return slices.ContainsFunc(*ts, func(t *target) bool { return !t.tried })
}

// found brings the targets of a name in line with the addresses it stands for. New ones come in random order, and so first
// by chance.
func (ts *targets) found(name string, addresses []string) {
	*ts = slices.DeleteFunc(*ts, func(t *target) bool { return t.name == name && !slices.Contains(addresses, t.address) })
	for _, address := range addresses {
		if !slices.ContainsFunc(*ts, func(t *target) bool { return t.name == name && t.address == address }) {
			at := rand.IntN(len(*ts) + 1) // #nosec G404 -- spreads load, keeps no secret
			*ts = slices.Insert(*ts, at, &target{name: name, address: address})
		}
	}
}

// lookUp finds what the given addresses stand for now. A name that cannot be looked up stands for what it did.
func (d *GRPCDialer) lookUp(ctx context.Context) []error {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	var (
		mu      sync.Mutex
		errs    []error
		looking sync.WaitGroup
	)
	for _, name := range d.opts.Addresses {
		looking.Go(func() {
			addresses, err := d.addresses(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("look up %s: %w", name, err))
				return
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.targets.found(name, addresses)
		})
	}
	looking.Wait()
	return errs
}

func (d *GRPCDialer) addresses(ctx context.Context, name string) ([]string, error) {
	host, port, err := net.SplitHostPort(name)
	if err != nil || net.ParseIP(host) != nil {
		return []string{name}, err
	}
	found, err := d.opts.Lookup(ctx, host)
	for i := range found {
		found[i] = net.JoinHostPort(found[i], port)
	}
	return found, err
}
