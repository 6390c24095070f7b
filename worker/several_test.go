package worker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// several is a dialer that knows n masters and tries them in turn, none of which ever welcomes anybody.
type several struct {
	*fleet
	n     int
	mu    sync.Mutex
	dials []time.Time
}

func (s *several) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	s.mu.Lock()
	s.dials = append(s.dials, time.Now())
	s.mu.Unlock()
	return s.fleet.Dial(ctx)
}

func (s *several) Others() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dials)%s.n != 0
}

// gaps are the times between one dial and the next.
func (s *several) gaps() (gaps []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.dials[1:] {
		gaps = append(gaps, s.dials[i+1].Sub(s.dials[i]))
	}
	return gaps
}

func among(t *testing.T, n int, change func(*several), lasting time.Duration) *several {
	t.Helper()
	masters := &several{n: n}
	setup(t, succeed, func(o *Options) {
		masters.fleet = o.Dialer.(*fleet)
		o.Dialer = masters
		change(masters)
	})
	time.Sleep(lasting)
	return masters
}

// A master that refuses, for it is stopping or its database is away, costs a tenth of a second when there is another. Only
// when all have refused are they left alone for longer and longer.
func TestNextMasterIsTriedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		masters := among(t, 4, func(m *several) { m.fleet.down = errors.New("this master is stopping") }, time.Minute)
		for i, gap := range masters.gaps() {
			round := (i + 1) / masters.n
			if (i+1)%masters.n != 0 {
				require.LessOrEqual(t, gap, shortestWait, "dial %d", i+2)
			} else {
				require.LessOrEqual(t, gap, longestWait, "dial %d", i+2)
				require.Greater(t, gap, min(shortestWait<<(round-1), longestWait)/2, "dial %d", i+2)
			}
		}
		require.Greater(t, len(masters.gaps()), 10*masters.n, "and none is given up")
	})
}

// A master that takes the stream and does not answer is left sooner when there is another: the runs in hand would not outlive
// the wait of one that hears nothing. Masters that are all slow are waited for longer each time.
func TestSilentMasterIsLeftForAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		masters := among(t, 3, func(m *several) { m.fleet.mute = true }, time.Minute)
		for i, gap := range masters.gaps() {
			waited := silence(core.Lease) // nobody else is left to be tried
			if round := i / masters.n; (i+1)%masters.n != 0 {
				waited = min(waited, welcomeWait*time.Duration(round+1))
			}
			require.GreaterOrEqual(t, gap, waited, "dial %d", i+2)
			require.LessOrEqual(t, gap, waited+longestWait, "dial %d", i+2)
		}
		require.Less(t, masters.gaps()[0]+masters.gaps()[1], silence(core.Lease))
	})
}

// While there is a lease that runs depend on, no master that comes back is missed for longer than a second.
func TestWorkerWithRunsInHandTriesMoreOften(t *testing.T) {
	bubble(t, func(t *testing.T) {
		masters := &several{n: 1}
		s := setup(t, lasting(time.Hour), func(o *Options) {
			masters.fleet = o.Dialer.(*fleet)
			o.Dialer = masters
		})
		s.fleet.last().dispatch(run("r", 1))
		require.Equal(t, 1, s.worker.Running())
		s.fleet.setDown(errors.New("the network is down"))
		s.fleet.last().cut(errCut)
		cut := time.Now()
		time.Sleep(2 * time.Minute)
		require.Zero(t, s.worker.Running(), "its lease ran out")
		longest := time.Duration(0)
		masters.mu.Lock()
		defer masters.mu.Unlock()
		for i, at := range masters.dials[1:] {
			gap := at.Sub(masters.dials[i])
			if at.Sub(cut) < core.Lease {
				require.LessOrEqual(t, gap, stakeWait)
			}
			longest = max(longest, gap)
		}
		require.Greater(t, longest, longestWait/2, "without a lease there is time")
	})
}

func TestOnlyMasterIsWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		masters := among(t, 1, func(m *several) { m.fleet.mute = true }, time.Minute)
		require.GreaterOrEqual(t, masters.gaps()[0], silence(core.Lease))
	})
}
