package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("the database is away")

// history stands for the store: it keeps what is recorded, and refuses what it is told to.
type history struct {
	mu      sync.Mutex
	batches []int
	stored  map[string]core.Outcome
	pings   int
	ended   []string
	commits int
	wakes   []time.Time
	plans   int

	away   bool
	slow   chan struct{}           // each transaction takes one, when not nil
	refuse func(core.Outcome) bool // no transaction holds such an outcome
	// refuseBare refuses one even when it says nothing. May be nil.
	refuseBare func(core.Outcome) bool
	refusal    error // what Record refuses with; a default when nil
	bare       []string
	refused    []string // what was stored of those that were refused
	stale      map[string]bool
	next       time.Time
	due        bool
}

func (h *history) Record(ctx context.Context, outcomes []core.Outcome, _ store.Route, random func() float64) (store.Recorded, error) {
	if h.slow != nil {
		select {
		case <-h.slow:
		case <-ctx.Done():
			return store.Recorded{}, ctx.Err()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batches = append(h.batches, len(outcomes))
	if h.away {
		return store.Recorded{}, errAway
	}
	if h.refuse != nil && slices.ContainsFunc(outcomes, h.refuse) {
		return store.Recorded{}, cmp.Or(h.refusal, errors.New("invalid byte sequence"))
	}
	if r := random(); r < 0 || r >= 1 {
		return store.Recorded{}, fmt.Errorf("random gave %v", r)
	}
	rec := store.Recorded{Next: h.next, Due: h.due}
	for _, o := range outcomes {
		if h.stale[o.RunID] {
			rec.Stale = append(rec.Stale, store.Held{RunID: o.RunID, Token: o.Token})
			continue
		}
		if _, twice := h.stored[o.RunID]; twice {
			return store.Recorded{}, fmt.Errorf("%s is recorded twice", o.RunID)
		}
		h.stored[o.RunID] = o
		rec.Runs = append(rec.Runs, &core.Run{ID: o.RunID})
	}
	return rec, nil
}

func (h *history) RecordBare(_ context.Context, o core.Outcome, reason string) (store.Recorded, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bare = append(h.bare, o.RunID)
	switch {
	case h.away:
		return store.Recorded{}, errAway
	case h.refuseBare != nil && h.refuseBare(o):
		return store.Recorded{}, errors.New("malformed disk image")
	case h.stale[o.RunID]:
		return store.Recorded{Stale: []store.Held{{RunID: o.RunID, Token: o.Token}}}, nil
	}
	if _, twice := h.stored[o.RunID]; twice {
		return store.Recorded{}, fmt.Errorf("%s is recorded twice", o.RunID)
	}
	h.stored[o.RunID] = core.Outcome{RunID: o.RunID, Token: o.Token, State: o.State, Result: core.Result{Status: o.Result.Status, Reason: reason}}
	return store.Recorded{Runs: []*core.Run{{ID: o.RunID}}}, nil
}

func (h *history) Ping(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pings++
	if h.away {
		return errAway
	}
	return nil
}

func (h *history) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

// bundle is a recorder in virtual time.
type bundle struct {
	*Recorder
	*history
	t   *testing.T
	log *bytes.Buffer
	mu  sync.Mutex
	// confirmed are the runs that workers were told of.
	confirmed []store.Held
}

func newBundle(t *testing.T, batches core.Batches) *bundle {
	b := &bundle{t: t, history: &history{stored: map[string]core.Outcome{}}, log: &bytes.Buffer{}}
	b.Recorder = New(Options{
		Store: b.history, Route: func(core.Destination) []string { return []string{core.QueueDefault} },
		Wake: func(at time.Time) { b.set(func() { b.wakes = append(b.wakes, at) }) },
		Plan: func() { b.set(func() { b.plans++ }) },
		Commit: func(step string, rows int, _ time.Duration) {
			b.set(func() { b.commits += rows })
			require.Equal(t, "record", step)
		},
		Ended:   func(r *core.Run) { b.set(func() { b.ended = append(b.ended, r.ID) }) },
		Refused: func(stored string) { b.set(func() { b.refused = append(b.refused, stored) }) },
		Logger:  slog.New(slog.NewTextHandler(b.log, nil)),
		Batches: batches,
	})
	return b
}

// virtually runs a test in a bubble of its own with a recorder that is stopped at its end.
func virtually(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		b.Start(t.Context())
		test(t, b)
		b.Stop(context.Background())
	})
}

func outcomes(first, n int) []core.Outcome {
	out := make([]core.Outcome, n)
	for i := range out {
		out[i] = core.Outcome{RunID: fmt.Sprintf("run-%04d", first+i), Token: int64(first + i), State: core.RunSucceeded, Result: core.Result{Response: []byte("success"), Status: 200}}
	}
	return out
}

func (b *bundle) submit(reported []core.Outcome) {
	b.t.Helper()
	require.NoError(b.t, b.Submit(b.t.Context(), Report{Outcomes: reported, Confirm: func(held []store.Held) {
		b.mu.Lock()
		b.confirmed = append(b.confirmed, held...)
		b.mu.Unlock()
	}}))
}

func (b *bundle) told() []store.Held {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.confirmed)
}

func (b *bundle) sizes() []int {
	b.history.mu.Lock()
	defer b.history.mu.Unlock()
	return slices.Clone(b.batches)
}

func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestReportsThatComeCloselyShareATransaction(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.next = time.Now().Add(time.Hour)
		b.stale = map[string]bool{"run-0001": true}
		b.submit(outcomes(0, 3))
		sleep(b.wait - 1)
		b.submit(outcomes(3, 2))
		require.Empty(t, b.sizes())
		sleep(1)
		require.Equal(t, []int{5}, b.sizes())
		require.Len(t, b.stored, 4)
		told := b.told()
		require.Len(t, told, 5, "stale outcomes are confirmed too, so that workers forget them")
		require.Equal(t, store.Held{RunID: "run-0001", Token: 1}, told[1])
		require.Len(t, b.ended, 4)
		require.Equal(t, 5, b.commits)
		require.Equal(t, []time.Time{b.next}, b.wakes)
		require.Contains(t, b.log.String(), "superseded")
		b.submit(outcomes(5, 1))
		sleep(b.wait)
		require.Equal(t, []int{5, 1}, b.sizes())
	})
}

func TestFullBatchWaitsForNobody(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		for i := range 5 {
			b.submit(outcomes(100*i, 100))
		}
		synctest.Wait()
		require.Equal(t, []int{b.batch}, b.sizes())
		b.submit(outcomes(1000, 2*b.batch+1))
		synctest.Wait()
		require.Equal(t, []int{b.batch, b.batch, b.batch, 1}, b.sizes(), "no transaction records more")
		require.Len(t, b.told(), 3*b.batch+1)
	})
}

func TestBatchesAreAsLargeAndAsLongAsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{Record: 2, RecordWait: 20 * time.Millisecond})
		b.Start(t.Context())
		b.submit(outcomes(0, 1))
		sleep(20*time.Millisecond - 1)
		require.Empty(t, b.sizes())
		sleep(1)
		b.submit(outcomes(1, 5))
		synctest.Wait()
		require.Equal(t, []int{1, 2, 2, 1}, b.sizes())
		b.Stop(context.Background())
	})
}

func TestReportsWaitWhileTheQueueIsFull(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.slow = make(chan struct{})
		b.submit(outcomes(0, b.batch))
		synctest.Wait()
		for i := range queue {
			b.submit(outcomes(1000+i, 1))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, b.Submit(ctx, Report{}), context.DeadlineExceeded)
		close(b.slow)
		sleep(b.wait)
		require.Len(t, b.told(), b.batch+queue)
	})
}

func TestNothingIsConfirmedBeforeItIsStored(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.away = true
		b.submit(outcomes(0, 10))
		sleep(time.Hour)
		require.Empty(t, b.told())
		require.Empty(t, b.stored)
		asked := len(b.sizes())
		require.InDelta(t, time.Hour/(2*time.Second), asked, 20, "it asks every 2 s, and sooner at first")
		require.Equal(t, 10, slices.Min(b.sizes()), "a database that is away says nothing about any one outcome")
		b.set(func() { b.away = false })
		sleep(2 * time.Second)
		require.Len(t, b.told(), 10)
		require.Len(t, b.stored, 10)
	})
}

func TestDeadlineIsNoFaultOfAnOutcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		late := &lateStore{history: b.history, left: 3}
		b.opts.Store = late
		b.Start(t.Context())
		b.submit(outcomes(0, 10))
		sleep(time.Second)
		require.Len(t, b.told(), 10)
		require.Equal(t, []int{10}, b.sizes())
		b.Stop(context.Background())
	})
}

// lateStore lets the first transactions time out.
type lateStore struct {
	*history
	left int
}

func (l *lateStore) Record(ctx context.Context, outcomes []core.Outcome, route store.Route, random func() float64) (store.Recorded, error) {
	if l.left--; l.left >= 0 {
		return store.Recorded{}, fmt.Errorf("commit: %w", context.DeadlineExceeded)
	}
	return l.history.Record(ctx, outcomes, route, random)
}

func TestBadOutcomeStandsAlone(t *testing.T) {
	for _, bad := range [][]int{{0}, {57}, {99}, {3, 4, 50}} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				b.refuse = func(o core.Outcome) bool { return bytes.Contains(o.Result.Response, []byte("\x00")) }
				reported := outcomes(0, 100)
				for _, i := range bad {
					reported[i].State, reported[i].Result.Status = core.RunFailed, 500
					reported[i].Result.Response = []byte("\x00")
					reported[i].Result.Log = []core.LogLine{{Text: "a line"}}
				}
				b.submit(reported)
				sleep(b.wait)
				require.Len(t, b.stored, 100)
				require.Len(t, b.told(), 100)
				require.LessOrEqual(t, len(b.sizes()), 1+len(bad)*(2*7+1), "halved, not tried one by one")
				for i, o := range reported {
					got := b.stored[o.RunID]
					require.Equal(t, o.State, got.State)
					if slices.Contains(bad, i) {
						require.Empty(t, got.Result.Response)
						require.Empty(t, got.Result.Log)
						require.Equal(t, 500, got.Result.Status)
						require.Contains(t, got.Result.Reason, "could not be stored: invalid byte sequence")
						continue
					}
					require.Equal(t, "success", string(got.Result.Response))
				}
			})
		})
	}
}

func TestStopRecordsWhatIsQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		b.slow = make(chan struct{}, 100)
		b.Start(t.Context())
		b.submit(outcomes(0, b.batch))
		synctest.Wait()
		for i := range 50 {
			b.submit(outcomes(1000+20*i, 20))
		}
		for range cap(b.slow) {
			b.slow <- struct{}{}
		}
		b.Stop(context.Background())
		require.Len(t, b.stored, b.batch+1000)
		require.Len(t, b.told(), b.batch+1000)
		require.LessOrEqual(t, slices.Max(b.sizes()), b.batch)
	})
}

func TestSubmitAfterStopFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		b.Start(t.Context())
		b.Stop(context.Background())
		for range 100 {
			require.ErrorIs(t, b.Submit(t.Context(), Report{Outcomes: outcomes(0, 1)}), errStopping)
		}
		require.Empty(t, b.reports, "what is taken must be recorded")
	})
}

func TestStartAndStopAgainAndAgain(t *testing.T) {
	t.Parallel()
	for range 50 {
		b := newBundle(t, core.Batches{})
		b.Start(t.Context())
		var submitting sync.WaitGroup
		for i := range 4 {
			submitting.Go(func() {
				for n := range 100 {
					if b.Submit(t.Context(), Report{Outcomes: outcomes(1000*i+n, 1), Confirm: func([]store.Held) {}}) != nil {
						return
					}
				}
			})
		}
		b.Stop(context.Background())
		submitting.Wait()
		require.False(t, strings.Contains(b.log.String(), "level=ERROR"), b.log.String())
	}
}
