package chaos

import (
	"fmt"
	"net"
	"slices"
	"sync"
)

// Ways are the directions of a link.
type Ways int

// The directions: away from whoever dials, and back.
const (
	Out Ways = 1 << iota
	Back
	Both = Out | Back
)

// link is the way from a process to what it dials. While it is cut neither end is told of anything.
type link interface {
	// addr is what the process dials.
	addr() string
	// cut lets nothing through in these directions, until mend.
	cut(ways Ways) error
	mend() error
	// drop resets the connections that there are.
	drop() error
	close()
}

var (
	_ link = (*proxy)(nil)
	_ link = (*route)(nil)
)

// route is a link through the router of a network.
type route struct {
	network *network
	from    *host
	to      net.TCPAddr

	mu   sync.Mutex
	cuts []string // the router's rules, as they were added
}

func (n *network) link(from *host, to string) (*route, error) {
	addr, err := net.ResolveTCPAddr("tcp", to)
	if err != nil {
		return nil, err
	}
	return &route{network: n, from: from, to: *addr}, nil
}

func (r *route) addr() string { return r.to.String() }

func (r *route) cut(ways Ways) error {
	var rules []string
	if ways&Out != 0 {
		rules = append(rules, fmt.Sprintf("from %s to %s blackhole", r.from.addr, r.to.IP))
	}
	if ways&Back != 0 {
		rules = append(rules, fmt.Sprintf("from %s to %s blackhole", r.to.IP, r.from.addr))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range rules {
		if err := ip("-n " + r.network.router() + " rule add " + rule); err != nil {
			return err
		}
		r.cuts = append(r.cuts, rule)
	}
	return nil
}

func (r *route) mend() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range slices.Clone(r.cuts) {
		if err := ip("-n " + r.network.router() + " rule del " + rule); err != nil {
			return err
		}
		r.cuts = r.cuts[1:]
	}
	return nil
}

// drop has the kernel end the connections of the dialling end, which tells the other.
func (r *route) drop() error {
	return command("ip", "netns", "exec", r.from.namespace, "ss", "--kill", "--no-header", "dst", r.to.IP.String())
}

// close leaves the rules to the network, which goes with them.
func (r *route) close() {}
