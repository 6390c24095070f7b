package auth

import (
	"hash/maphash"
	"net/netip"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	// wrongPerUser is how many refusals in a minute one address may collect for one user name before it is throttled,
	// wrongPerAddress for all names together. A quiet minute gives all of them back.
	wrongPerUser    = 10
	wrongPerAddress = 50
	// throttlesKept is how many counters are kept.
	throttlesKept = 16_384
)

// throttle counts refusals by user name and address, and by address.
type throttle struct {
	seed   maphash.Seed
	limits *lru.Cache[uint64, *rate.Limiter] // by a hash of whom they count, so that a long name costs no more than a short one
}

func newThrottle() (*throttle, error) {
	limits, err := lru.New[uint64, *rate.Limiter](throttlesKept)
	return &throttle{maphash.MakeSeed(), limits}, err
}

type counted struct{ name, network string }

// over says whether who calls with this name from this address is throttled.
func (t *throttle) over(name, addr string) bool {
	user, address := t.limitsOf(name, addr)
	return user.Tokens() < 1 || address.Tokens() < 1
}

// refused counts one refusal and says whether it was one too many.
func (t *throttle) refused(name, addr string) bool {
	user, address := t.limitsOf(name, addr)
	// Both are counted, whatever the first says.
	a, b := user.Allow(), address.Allow()
	return !a || !b
}

func (t *throttle) limitsOf(name, addr string) (user, address *rate.Limiter) {
	net := network(addr)
	return t.limit(counted{name, net}, wrongPerUser), t.limit(counted{"", net}, wrongPerAddress)
}

func (t *throttle) limit(who counted, perMinute int) *rate.Limiter {
	key := maphash.Comparable(t.seed, who)
	if l, ok := t.limits.Get(key); ok {
		return l
	}
	l := rate.NewLimiter(rate.Every(time.Minute/time.Duration(perMinute)), perMinute)
	if earlier, ok, _ := t.limits.PeekOrAdd(key, l); ok {
		return earlier
	}
	return l
}

// network is what of an address is counted: a whole IPv4 address, and the first 64 bits of an IPv6 address, because one
// host has the rest to itself.
func network(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Unmap().Is4() {
		return addr
	}
	p, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return addr
	}
	return p.String()
}
