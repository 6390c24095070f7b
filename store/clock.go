package store

import (
	"context"
	"sync"
	"time"

	"github.com/carillonhq/carillon/internal/wallclock"
)

// resampleAfter is how old what is known of the database's clock may be when runs are reserved.
const resampleAfter = time.Second

// clockSamples is how many samples are taken at the start. The first may include the making of a connection.
const clockSamples = 3

// clock tells the time by the database's clock, carried on by this machine's monotonic clock. A wall clock that is wrong
// or is set does not move it.
type clock struct {
	mu      sync.Mutex
	local   time.Time // an instant of this machine, with its monotonic reading; zero before the first sample
	remote  time.Time // the database's at that instant
	sampled time.Time // of this machine
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.local.IsZero() {
		return wallclock.Now()
	}
	return c.remote.Add(time.Since(c.local))
}

// stale says whether the last sample is older than resampleAfter.
func (c *clock) stale() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.sampled) > resampleAfter
}

// learn takes a sample: the database's clock read remote at some instant between sent and got. What is believed is
// moved only when it cannot be true, and then to the nearest that can: a slow answer says little, and must not shake a
// clock that quick ones have set.
func (c *clock) learn(sent, got, remote time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sampled = got
	if c.local.IsZero() {
		c.local, c.remote = got, remote // the least that it can be
		return
	}
	earliest := remote.Add(c.local.Sub(got)) // what c.remote would be had the clock been read last, or first, of all
	latest := remote.Add(c.local.Sub(sent))
	if c.remote.Before(earliest) {
		c.remote = earliest
	} else if c.remote.After(latest) {
		c.remote = latest
	}
}

// sampleClock asks the database for the time.
func (s *Store) sampleClock(ctx context.Context) error {
	query := s.words.clock()
	if query == "" {
		return nil
	}
	var us int64
	sent := time.Now()
	if _, err := s.read(ctx).one([]any{&us}, query); err != nil {
		return s.edge(err)
	}
	s.clock.learn(sent, time.Now(), instant(us))
	return nil
}

// Now is the time by the database's clock, as of its last sample. SQLite has none of its own, so it is this machine's.
func (s *Store) Now() time.Time { return s.clock.now() }
