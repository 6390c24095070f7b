package chaos

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// network is a network of machines that are not there: each process has a network namespace of its own, tied to a router's, and
// the router's to this machine, where the database, the sink and the harness are. What is cut is dropped by the router
// without a word, so both ends find out as they would between machines: nothing is acknowledged, connections are not even
// made, and what was lost is sent again by TCP, ever more seldom.
//
//	m1 ──┐                       a namespace is carillon-chaos-PID-NAME; of 198.18.N.0/24, which is set
//	m2 ──┤                       apart for such tests (RFC 2544), .1 is this machine, .2 the router,
//	w1 ──┼── router ── this machine    .254 the database, and from .4 on each process has four
//	w2 ──┘
//
// It takes root, and the programs ip and ss of iproute2.
type network struct {
	block  netip.Addr // the first address
	prefix string     // of the namespaces' names
	hosts  []*host
}

// host is the namespace of one process.
type host struct {
	namespace, addr string
}

const namespacePrefix = "carillon-chaos-"

var errNoNamespaces = errors.New("network namespaces cannot be made here")

// newNetwork makes a network with the router alone. What is left of one whose harness was killed is removed.
func newNetwork() (_ *network, err error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: they take root", errNoNamespaces)
	}
	for _, program := range []string{"ip", "ss"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%w: there is no %s: install iproute2", errNoNamespaces, program)
		}
	}
	if err := sweep(); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoNamespaces, err)
	}
	n := &network{prefix: namespacePrefix + strconv.Itoa(os.Getpid()) + "-"}
	if n.block, err = freeBlock(); err != nil {
		return nil, err
	}
	router, uplink := n.router(), "chaos"+strconv.Itoa(os.Getpid())
	if err := ip("netns add " + router); err != nil {
		return nil, fmt.Errorf("%w: %w", errNoNamespaces, err)
	}
	if err := ip(
		"link add "+uplink+" type veth peer name here netns "+router,
		"addr add "+n.addr(1)+"/30 dev "+uplink,
		"addr add "+n.addr(databaseAddr)+"/32 dev "+uplink,
		"link set "+uplink+" up",
		"-n "+router+" addr add "+n.addr(2)+"/30 dev here",
		"-n "+router+" link set here up",
		"-n "+router+" route add "+n.addr(databaseAddr)+" via "+n.addr(1),
		"route add "+n.addr(0)+"/24 via "+n.addr(2),
	); err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, command("ip", "netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
}

// databaseAddr is the last number of the database's address.
const databaseAddr = 254

// add makes a namespace for a process.
func (n *network) add(name string) (*host, error) {
	at := 4 * (1 + len(n.hosts))
	if at+3 >= databaseAddr {
		return nil, errors.New("a network has no room for so many processes")
	}
	h := &host{namespace: n.prefix + name, addr: n.addr(at + 1)}
	n.hosts = append(n.hosts, h)
	return h, ip(
		"netns add "+h.namespace,
		"link add eth0 netns "+h.namespace+" type veth peer name "+name+" netns "+n.router(),
		"-n "+h.namespace+" addr add "+h.addr+"/30 dev eth0",
		"-n "+h.namespace+" link set lo up",
		"-n "+h.namespace+" link set eth0 up",
		"-n "+h.namespace+" route add default via "+n.addr(at+2),
		"-n "+n.router()+" addr add "+n.addr(at+2)+"/30 dev "+name,
		"-n "+n.router()+" link set "+name+" up",
	)
}

// here is this machine's address.
func (n *network) here() string { return n.addr(1) }

// database is the address that the database server listens on: another than this machine's, so that it can be cut off alone.
func (n *network) database() string { return n.addr(databaseAddr) }

func (n *network) addr(last int) string {
	a := n.block.As4()
	a[3] = byte(last)
	return netip.AddrFrom4(a).String()
}

func (n *network) router() string { return n.prefix + "router" }

// close removes everything. With the namespaces go the links and addresses at their other ends.
func (n *network) close() error {
	var errs []error
	for _, h := range n.hosts {
		errs = append(errs, ip("netns del "+h.namespace))
	}
	return errors.Join(append(errs, ip("netns del "+n.router()))...)
}

// freeBlock finds a block of addresses that nothing here has a route to.
func freeBlock() (netip.Addr, error) {
	for third := range 256 {
		block := netip.AddrFrom4([4]byte{198, 18, byte(third), 0})
		out, err := exec.Command("ip", "route", "show", "root", block.String()+"/24").Output()
		if err != nil {
			return block, err
		}
		if len(bytes.TrimSpace(out)) == 0 {
			return block, nil
		}
	}
	return netip.Addr{}, errors.New("all of 198.18.0.0/16 is in use")
}

// sweep removes the namespaces of harnesses that are gone.
func sweep() error {
	left, err := exec.Command("ip", "netns", "list").Output()
	if err != nil {
		return err
	}
	var errs []error
	for line := range strings.Lines(string(left)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		of, ours := strings.CutPrefix(name, namespacePrefix)
		number, _, _ := strings.Cut(of, "-")
		pid, err := strconv.Atoi(number)
		if !ours || err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			continue
		}
		errs = append(errs, ip("netns del "+name))
	}
	return errors.Join(errs...)
}

// ip runs the program of that name with one line of arguments after the other, until one fails.
func ip(lines ...string) error {
	for _, line := range lines {
		if err := command("ip", strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

// command runs a program. What it says is the error when it fails.
func command(program string, args ...string) error {
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
