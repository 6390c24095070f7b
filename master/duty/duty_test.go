package duty

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// leases is the lease of the single duties.
type leases struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	err    error
}

func (l *leases) Acquire(_ context.Context, _, holder string, length time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil || l.holder != holder && time.Now().Before(l.until) {
		return false, l.err
	}
	l.holder, l.until = holder, time.Now().Add(length)
	return true, nil
}

// master is one that does duties in virtual time; its log is kept.
type master struct {
	*Runner
	log *journal
}

// journal is a log that may be written and read at once.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func begin(t *testing.T, l *leases, holder string, duties ...Duty) *master {
	t.Helper()
	m := &master{log: &journal{}}
	var err error
	m.Runner, err = Start(t.Context(), Options{Leases: l, Holder: holder, Logger: slog.New(slog.NewTextHandler(m.log, nil))}, duties)
	require.NoError(t, err)
	return m
}

// The scheduler now and then does a duty once more than its pace says, so counts are held to within a little.

// counter is a duty that counts how often it is done.
func counter(n *atomic.Int64) func(context.Context) error {
	return func(context.Context) error { n.Add(1); return nil }
}

func TestDutyIsDoneAtOnceAndAtItsPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var often, seldom, single atomic.Int64
		m := begin(t, &leases{}, "m1",
			Duty{Name: "often", Every: time.Second, Run: counter(&often)},
			Duty{Name: "seldom", Every: 10 * time.Minute, Run: counter(&seldom)},
			Duty{Name: "single", Every: 5 * time.Second, Single: true, Run: counter(&single)})
		synctest.Wait()
		require.Equal(t, []int64{1, 1, 1}, []int64{often.Load(), seldom.Load(), single.Load()})
		time.Sleep(time.Hour + time.Millisecond)
		require.InDelta(t, 3601, often.Load(), 36)
		require.InDelta(t, 7, seldom.Load(), 1)
		require.InDelta(t, 721, single.Load(), 7)
		require.NoError(t, m.Stop())
		done := often.Load()
		time.Sleep(time.Hour)
		require.Equal(t, done, often.Load())
	})
}

func TestSingleDutyIsDoneByOneMaster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l leases
		var one, two, each atomic.Int64
		duties := func(n *atomic.Int64) []Duty {
			return []Duty{
				{Name: "single", Every: 5 * time.Second, Single: true, Run: counter(n)},
				{Name: "each", Every: 5 * time.Second, Run: counter(&each)},
			}
		}
		first := begin(t, &l, "m1", duties(&one)...)
		synctest.Wait()
		second := begin(t, &l, "m2", duties(&two)...)
		time.Sleep(time.Minute + time.Millisecond)
		require.InDelta(t, 13, one.Load(), 2)
		require.Zero(t, two.Load())
		require.InDelta(t, 26, each.Load(), 4)
		done := one.Load()
		require.NoError(t, first.Stop())
		died := time.Now()
		for two.Load() == 0 {
			time.Sleep(time.Second)
		}
		require.InDelta(t, leaseLength, time.Since(died), float64(10*time.Second), "the other takes over when the lease has run out")
		require.Equal(t, done, one.Load())
		l.mu.Lock()
		l.err = errors.New("the database is away")
		l.mu.Unlock()
		done = two.Load()
		time.Sleep(time.Minute)
		require.Equal(t, done, two.Load(), "without an answer nobody is elected")
		require.NoError(t, second.Stop())
	})
}

func TestDutyNeverOverlapsItself(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var under, most, done, other atomic.Int64
			m := begin(t, &leases{}, "m1", Duty{Name: "slow", Every: time.Second, Single: single, Run: func(ctx context.Context) error {
				most.Store(max(most.Load(), under.Add(1)))
				defer under.Add(-1)
				select {
				case <-time.After(2500 * time.Millisecond):
					done.Add(1)
				case <-ctx.Done():
				}
				return ctx.Err()
			}}, Duty{Name: "other", Every: time.Second, Single: single, Run: counter(&other)})
			time.Sleep(time.Minute)
			require.EqualValues(t, 1, most.Load())
			require.InDelta(t, 20, done.Load(), 4, "runs that were due meanwhile do not pile up")
			require.InDelta(t, 60, other.Load(), 1, "a slow duty does not hold up another")
			require.NoError(t, m.Stop())
		})
	}
}

func TestDutyThatFailsIsDoneAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var done, panics atomic.Int64
		m := begin(t, &leases{}, "m1", Duty{Name: "fails", Every: time.Second, Run: func(context.Context) error {
			done.Add(1)
			return errors.New("out of ink")
		}}, Duty{Name: "panics", Every: time.Second, Run: func(context.Context) error {
			panics.Add(1)
			panic("out of paper")
		}})
		time.Sleep(10*time.Second + time.Millisecond)
		require.InDelta(t, 11, done.Load(), 2)
		require.InDelta(t, 11, panics.Load(), 2, "a duty that panics ends neither the process nor itself")
		require.NoError(t, m.Stop())
		require.Contains(t, m.log.String(), "out of ink")
		require.Contains(t, m.log.String(), "out of paper")
		require.Contains(t, m.log.String(), "duty_test.go", "where it happened")
	})
}

func TestDutyIsGivenItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := make(chan time.Duration, 10)
		wait := func(ctx context.Context) error {
			began := time.Now()
			<-ctx.Done()
			took <- time.Since(began)
			return ctx.Err()
		}
		m := begin(t, &leases{}, "m1", Duty{Name: "own", Every: time.Hour, Timeout: 7 * time.Second, Run: wait})
		require.Equal(t, 7*time.Second, <-took)
		require.NoError(t, m.Stop())
		require.Contains(t, m.log.String(), "deadline exceeded")
		m = begin(t, &leases{}, "m1", Duty{Name: "default", Every: time.Hour, Run: wait})
		require.Equal(t, time.Minute, <-took)
		require.NoError(t, m.Stop())
	})
}

func TestStopEndsAndAwaitsADutyUnderWay(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		var ended atomic.Bool
		begun := make(chan struct{})
		m := begin(t, &leases{}, "m1", Duty{Name: "slow", Every: time.Hour, Single: single, Run: func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // what it does to end well; gocron waits for it by the real clock
			ended.Store(true)
			return ctx.Err()
		}})
		<-begun
		require.NoError(t, m.Stop())
		require.True(t, ended.Load())
		require.Empty(t, m.log.String(), "a stop is no failure")
	}
}

func TestDutyThatCannotBePlannedStartsNothing(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	_, err := Start(t.Context(), Options{Leases: &leases{}, Holder: "m1", Logger: slog.New(slog.DiscardHandler)}, []Duty{
		{Name: "good", Every: time.Hour, Run: counter(&n)}, {Name: "bad", Every: -1, Run: counter(&n)},
	})
	require.ErrorContains(t, err, "duty bad")
	require.Zero(t, n.Load())
}

func TestStartAndStopAgainAndAgain(t *testing.T) {
	t.Parallel()
	for range 20 {
		var n atomic.Int64
		m := begin(t, &leases{}, "m1", Duty{Name: "each", Every: time.Millisecond, Run: counter(&n)},
			Duty{Name: "single", Every: time.Millisecond, Single: true, Run: counter(&n)})
		require.NoError(t, m.Stop())
	}
}
