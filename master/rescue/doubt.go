package rescue

import (
	"time"

	"github.com/carillonhq/carillon/core"
)

const (
	// blind is how long a Rescuer may go without a look at the nodes before it doubts what it sees, and mute how long its
	// master without renewing its own lease: twice in a row it could not. Whatever kept them from it, such as a database that
	// was away or took no writes, kept others from renewing their leases, and outcomes from being recorded.
	blind = core.Lease / 2
	mute  = 2 * core.HeartbeatEvery
	// grace is what they are given then to make up for it. Workers that have lost their masters come back within
	// core.RejoinEvery, and then have to be settled with; the recorder tries again within 2 s.
	grace = core.RejoinEvery + 2*time.Second
	// longestDoubt is for how long a lease counts that is renewed late again and again, and in time all the same: a master
	// that is always this slow must judge at some time.
	longestDoubt = core.Lease
)

// doubt says whether a lease that has run out means that its holder is gone.
//
//	judges ──at the first look, and when it was blind or its master is mute──▶ doubts
//	doubts ──grace after that, and after its master was mute──▶ judges
//
// It is each master's own. One that was cut off from the database by itself doubts, and the others, who were not, go on
// judging: a death is noticed as soon as ever. After an outage of the database all doubt, so that answers which were in hand
// meanwhile are recorded instead of being done again. A lease that was ended on purpose is beyond doubt.
//
// Its instants are the database's.
type doubt struct {
	looked time.Time // the last look; zero before the first
	began  time.Time
	judges time.Time // when it judges again
}

// look notes that the nodes were seen at now, and that this master's own lease was last renewed at renewed, zero when that
// is not known. It says whether a doubt began.
func (d *doubt) look(now, renewed time.Time) (begins bool) {
	var old time.Duration // of that lease
	if !renewed.IsZero() {
		old = now.Sub(renewed)
	}
	switch {
	case !d.on():
		if begins = d.looked.IsZero() || now.Sub(d.looked) > blind || old > mute; begins {
			d.began, d.judges = now, now.Add(grace)
		}
	// Whose own lease has run out is no judge of others'.
	case old > core.Lease, old > mute && now.Sub(d.began) < longestDoubt:
		d.judges = now.Add(grace)
	}
	d.looked = now
	return begins
}

// on says whether there was a doubt at the last look.
func (d *doubt) on() bool { return d.looked.Before(d.judges) }
