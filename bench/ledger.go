package bench

import (
	"sync/atomic"
	"time"
)

// ledger keeps what arrived of one phase. A phase has so many things that call back, numbered on from first, and each
// does so a number of times, once a second. A callback of thing i in second k has the slot i*seconds+k.
type ledger struct {
	first   int
	count   int
	seconds int       // callbacks of each thing
	start   time.Time // due instant of second 0; needed only when seconds > 1

	arrivals []atomic.Int64 // Unix nanoseconds of the first arrival by slot; 0: none yet
	arrived  atomic.Int64   // slots that are not 0
	repeated atomic.Int64   // arrivals in a slot that was taken
	strays   atomic.Int64   // arrivals of things or due instants that nobody ordered
}

func newLedger(first, count, seconds int, start time.Time) *ledger {
	return &ledger{first: first, count: count, seconds: seconds, start: start, arrivals: make([]atomic.Int64, count*seconds)}
}

// mark notes an arrival. due is the callback's header Carillon-Due.
func (l *ledger) mark(number int, due string, at time.Time) {
	slot := l.slot(number, due)
	switch {
	case slot < 0:
		l.strays.Add(1)
	case l.arrivals[slot].CompareAndSwap(0, at.UnixNano()):
		l.arrived.Add(1)
	default:
		l.repeated.Add(1)
	}
}

// slot is where an arrival belongs; -1 when nowhere.
func (l *ledger) slot(number int, due string) int {
	i := number - l.first
	if i < 0 || i >= l.count {
		return -1
	}
	if l.seconds == 1 {
		return i
	}
	at, err := time.Parse(time.RFC3339Nano, due)
	if err != nil {
		return -1
	}
	after := at.Sub(l.start)
	if after < 0 || after%time.Second != 0 || int(after/time.Second) >= l.seconds {
		return -1
	}
	return i*l.seconds + int(after/time.Second)
}

// lost counts the slots without an arrival of the things that were acknowledged.
func (l *ledger) lost(acked []bool) int {
	n := 0
	for i, ok := range acked {
		for k := range l.seconds {
			if ok && l.arrivals[i*l.seconds+k].Load() == 0 {
				n++
			}
		}
	}
	return n
}

// samples gives the lateness of every acknowledged callback that arrived, and the last arrival. due is when a thing is
// first due.
func (l *ledger) samples(acked []bool, start time.Time, due func(i int) time.Time) (samples []sample, last time.Time) {
	samples = make([]sample, 0, l.arrived.Load())
	for i, ok := range acked {
		for k := range l.seconds {
			nanos := l.arrivals[i*l.seconds+k].Load()
			if !ok || nanos == 0 {
				continue
			}
			at, want := time.Unix(0, nanos), due(i).Add(time.Duration(k)*time.Second)
			samples = append(samples, sample{offset: want.Sub(start), late: at.Sub(want)})
			if at.After(last) {
				last = at
			}
		}
	}
	return samples, last
}
