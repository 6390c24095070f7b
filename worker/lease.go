package worker

import (
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// times are what a master's Welcome tells the worker to keep.
type times struct {
	heartbeat time.Duration
	lease     time.Duration
	asked     bool // the master asks for each heartbeat
}

// readTimes reads a Welcome; a time of 0 is the default. The lease must leave room for a heartbeat before its margin.
func readTimes(w *rpc.Welcome) (times, error) {
	t := times{heartbeat: core.HeartbeatEvery, lease: core.Lease, asked: w.Asks}
	if w.HeartbeatMs != 0 {
		t.heartbeat = time.Duration(w.HeartbeatMs) * time.Millisecond
	}
	if w.LeaseMs != 0 {
		t.lease = time.Duration(w.LeaseMs) * time.Millisecond
	}
	if t.heartbeat <= 0 || t.heartbeat >= silence(t.lease) {
		return t, fmt.Errorf("the master asks for a heartbeat every %s and a lease of %s; the heartbeat must be shorter than three quarters of the lease less %s",
			t.heartbeat, t.lease, core.LeaseMargin)
	}
	return t, nil
}

// silence is how long a stream may go without a lease being renewed before another master is tried: long enough for one
// late answer, short enough to find another master before runs must be aborted.
func silence(lease time.Duration) time.Duration { return (lease - core.LeaseMargin) * 3 / 4 }

// renew trusts the lease until the instant given, if that is later than what is trusted already.
func (i *incarnation) renew(until time.Time) {
	left, next := i.table.renew(until, time.Now())
	i.lease.Reset(left)
	i.start(next)
}

// expire runs when the lease timer fires. A lease renewed just then sets the timer anew.
func (i *incarnation) expire() {
	left, forgotten, cancelled := i.table.expire(time.Now())
	if left > 0 {
		i.lease.Reset(left)
		return
	}
	if left == 0 {
		i.log.Warn("no master renewed the lease in time: its runs may be given to others", "cancelled", cancelled, "forgotten", forgotten)
	}
}

// renew moves the end of the trusted lease. It returns the time until runs must be aborted, and the runs to start.
func (t *table) renew(until, now time.Time) (left time.Duration, begin []*held) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if until.After(t.leaseUntil) {
		t.leaseUntil = until
	}
	return t.leaseUntil.Sub(now) - core.LeaseMargin, t.pump(nil, now)
}

// expire aborts everything if the lease is at its margin. It returns the time left until then: 0 if it aborted, less
// if there is no lease.
func (t *table) expire(now time.Time) (left time.Duration, forgotten, cancelled int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.leaseUntil.IsZero() {
		return -1, 0, 0
	}
	if left = t.leaseUntil.Sub(now) - core.LeaseMargin; left > 0 {
		return left, 0, 0
	}
	return 0, t.dropWaiting(), t.cancelAll(ErrLeaseLost)
}

// atStake says whether there is a lease that something in hand depends on.
func (t *table) atStake(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leaseUntil.After(now) && t.underWay+t.ended > 0
}

// leaseLeft is how long the lease is still trusted; 0 when it is not.
func (t *table) leaseLeft(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.leaseUntil.Sub(now), 0)
}
