package callback

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
)

// Options are a Client's settings.
type Options struct {
	// Policy says which addresses may be called. The zero policy allows all; see DefaultPolicy.
	Policy Policy
	// UserAgent is sent unless the callback names its own. Defaults to "Carillon".
	UserAgent string
	// IdlePerHost is how many idle connections are kept to one host, so that a burst as wide as the worker's slots
	// finds them all again. Defaults to 1024.
	IdlePerHost int
	// ProxyFromEnvironment sends callbacks through HTTP_PROXY and HTTPS_PROXY. The address policy is then checked on
	// the proxy's address only. Off by default.
	ProxyFromEnvironment bool
	// Now is the clock that instants are read from. Defaults to wallclock.Now. Timeouts do not follow it.
	Now func() time.Time
	// Dial opens connections in place of the network, for tests; the address policy is then not checked.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client performs callbacks. It is safe for many goroutines at once.
type Client struct {
	now        func() time.Time
	userAgent  string
	direct     *direct // nil when all requests go through package http
	transports *transports
	regexes    *regexes
	buffers    buffers
}

// New makes a Client. It fails when an option is out of range.
func New(o Options) (*Client, error) {
	policy, err := o.Policy.normal()
	if err != nil {
		return nil, err
	}
	if o.IdlePerHost < 0 {
		return nil, core.Broken("idlePerHost", "must be at least 1, or 0 for the default")
	}
	if o.UserAgent == "" {
		o.UserAgent = "Carillon"
	}
	if !headerSafe(o.UserAgent) {
		return nil, core.Malformed("userAgent", "holds a character that a header cannot carry")
	}
	if o.IdlePerHost == 0 {
		o.IdlePerHost = 1024
	}
	if o.Now == nil {
		o.Now = wallclock.Now
	}
	if o.Dial == nil {
		o.Dial = policy.dialer().DialContext
	}
	transports, err := newTransports(o)
	if err != nil {
		return nil, err
	}
	regexes, err := newRegexes()
	if err != nil {
		return nil, err
	}
	c := &Client{now: o.Now, userAgent: o.UserAgent, transports: transports, regexes: regexes}
	if canBeQuiet && !o.ProxyFromEnvironment {
		c.direct = newDirect(&o)
	}
	return c, nil
}

// Close closes the idle connections. Calls under way go on; a later call opens connections again.
func (c *Client) Close() {
	if c.direct != nil {
		c.direct.conns.closeIdle(time.Now())
	}
	c.transports.closeIdle()
}

// Call is one run to perform.
type Call struct {
	RunID string
	Token int64
	// OccurrenceID is the idempotency key.
	OccurrenceID string
	// One of TaskID and DelayedID is set.
	TaskID    string
	DelayedID string
	Trigger   string
	Attempt   int // from 1
	Due       time.Time
	// Shard is the number of the run among the Shards runs of its firing, from 0; Shards is 0 when it is the only one.
	Shard    int
	Shards   int
	Callback core.Callback
	// DefaultTimeout bounds a callback that names no timeout. Defaults to core.DefaultRequestTTL.
	DefaultTimeout time.Duration
	// HasParent says that ParentResult is what a parent's run answered.
	HasParent    bool
	ParentResult []byte
	// AtMostOnce asks that the request is not sent twice: it gets a connection of its own, which costs its opening.
	AtMostOnce bool
}

// Do performs a call and says how it ended. The outcome's state is always final: succeeded, failed, timed_out, or
// cancelled when ctx ended, with the text of its cause as the reason.
//
// Retryable is false only for a cancelled call and for what another attempt cannot mend: a URL, a template, TLS options,
// a secret or a success rule that cannot be used, and an address that the policy denies.
func (c *Client) Do(ctx context.Context, call Call) (out core.Outcome) {
	a := attempt{client: c, call: &call, began: c.now()}
	a.out = core.Outcome{RunID: call.RunID, Token: call.Token, SentAt: a.began}
	defer func() {
		// A call must not take the worker down with the other calls that it holds.
		if p := recover(); p != nil {
			a.fail(&failure{reason: fmt.Sprintf("internal error: %v", p)})
			out = a.out
		}
	}()
	a.perform(ctx)
	return a.out
}
