package callback

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/carillonhq/carillon/core"
)

// Policy says which addresses may be called. It is checked on each address that is dialled, after names are resolved,
// so neither a name nor a redirect leads around it.
type Policy struct {
	// Allow, when it is not empty, holds every address that may be called.
	Allow []netip.Prefix
	// Deny holds addresses that may not be called, also when Allow holds them.
	Deny []netip.Prefix
}

// DefaultPolicy denies link-local addresses and the metadata services of clouds, which answer whoever can reach them
// with credentials, and allows the rest.
func DefaultPolicy() Policy {
	return Policy{Deny: []netip.Prefix{
		netip.MustParsePrefix("169.254.0.0/16"),     // link-local; AWS, Azure, Google and most others
		netip.MustParsePrefix("fe80::/10"),          // link-local
		netip.MustParsePrefix("fd00:ec2::254/128"),  // AWS
		netip.MustParsePrefix("fd20:ce::254/128"),   // Google
		netip.MustParsePrefix("100.100.100.200/32"), // Alibaba
	}}
}

// ParsePolicy reads a policy from lists of CIDR ranges and single addresses.
func ParsePolicy(allow, deny []string) (Policy, error) {
	var p Policy
	var err error
	if p.Allow, err = parsePrefixes("allow", allow); err != nil {
		return Policy{}, err
	}
	if p.Deny, err = parsePrefixes("deny", deny); err != nil {
		return Policy{}, err
	}
	return p.normal()
}

func parsePrefixes(field string, list []string) ([]netip.Prefix, error) {
	var prefixes []netip.Prefix
	for _, s := range list {
		s = strings.TrimSpace(s)
		prefix, err := netip.ParsePrefix(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil || addr.Zone() != "" {
				return nil, core.Malformed(field, "%q is not a range such as 10.0.0.0/8 or an address", s)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// normal is the policy with IPv4 ranges written as such, which is how addresses are compared.
func (p Policy) normal() (Policy, error) {
	var err error
	if p.Allow, err = normalPrefixes("allow", p.Allow); err != nil {
		return Policy{}, err
	}
	p.Deny, err = normalPrefixes("deny", p.Deny)
	return p, err
}

func normalPrefixes(field string, list []netip.Prefix) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, prefix := range list {
		if prefix.Addr().Is4In6() {
			prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
		}
		if !prefix.IsValid() {
			return nil, core.Malformed(field, "holds a range that is not valid")
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// check says why an address may not be called, or nil.
func (p Policy) check(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	// Dialling "any address" reaches this machine.
	switch addr {
	case netip.IPv4Unspecified():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case netip.IPv6Unspecified():
		addr = netip.IPv6Loopback()
	}
	for _, prefix := range p.Deny {
		if prefix.Contains(addr) {
			return permanent(fmt.Sprintf("the address %s may not be called: the outbound policy denies %s", addr, prefix))
		}
	}
	if len(p.Allow) == 0 {
		return nil
	}
	for _, prefix := range p.Allow {
		if prefix.Contains(addr) {
			return nil
		}
	}
	return permanent(fmt.Sprintf("the address %s may not be called: the outbound policy does not allow it", addr))
}

// dialer dials what the policy lets through.
func (p Policy) dialer() *net.Dialer {
	return &net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return permanent("the address " + address + " cannot be checked against the outbound policy")
		}
		return p.check(target.Addr())
	}}
}
