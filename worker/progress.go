package worker

import "sync/atomic"

// progress is how much of a run is done, as it said last. The zero value says nothing.
type progress struct {
	said atomic.Int32 // in percent
	told int32        // the last that was sent on the present stream; the sender's own
}

func (p *progress) say(percent int) { p.said.Store(int32(min(max(percent, 0), 100))) } // #nosec G115 -- a percentage

// news gives what the run said, when that has not been told.
func (p *progress) news() (percent int32, is bool) {
	percent = p.said.Load()
	is, p.told = percent != p.told, percent
	return percent, is
}

// again has what was told on another stream told anew.
func (p *progress) again() { p.told = 0 }
