package retain

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errAway = errors.New("the database is away")

// history stands for the store: so many runs are too old, and so many too many of each task.
type history struct {
	old       int
	crowded   map[string]int
	before    time.Time
	keep      int
	at        []time.Time // of each transaction
	sizes     []int
	failing   map[string]error
	delayed   []time.Time // bounds given for delayed tasks
	logs      []time.Time // and for logs, each after runs were pruned
	overrides []time.Time // and for what firings were given
	audit     []time.Time // and for the audit
	// systemLog are bounds given for the system log.
	systemLog []time.Time
	// sessions are how old a session may be, and how long one may not have been heard of.
	sessions []time.Duration
	counts   time.Duration // how old a counter may be
}

func (h *history) PruneAudit(_ context.Context, before time.Time, _ int) (int, error) {
	h.audit = append(h.audit, before)
	return 0, h.failing["audit"]
}

func (h *history) PruneSystemLog(_ context.Context, before time.Time, _ int) (int, error) {
	h.systemLog = append(h.systemLog, before)
	return 0, h.failing["system log"]
}

func (h *history) Now() time.Time { return time.Now() }

func (h *history) prune(left int, limit int) int {
	n := min(left, limit)
	h.at, h.sizes = append(h.at, time.Now()), append(h.sizes, n)
	return n
}

func (h *history) Prune(_ context.Context, before time.Time, limit int) (int, error) {
	if err := h.failing["prune"]; err != nil {
		return 0, err
	}
	h.before = before
	n := h.prune(h.old, limit)
	h.old -= n
	return n, nil
}

func (h *history) PruneDelayed(_ context.Context, before time.Time, _ int) (int, error) {
	h.delayed = append(h.delayed, before)
	return 0, h.failing["delayed"]
}

func (h *history) PruneLogs(_ context.Context, before time.Time, _ int) (int, error) {
	if h.old == 0 {
		h.logs = append(h.logs, before)
	}
	return 0, h.failing["logs"]
}

func (h *history) PruneOverrides(_ context.Context, before time.Time, _ int) (int, error) {
	h.overrides = append(h.overrides, before)
	return 0, h.failing["overrides"]
}

func (h *history) PruneTask(_ context.Context, taskID string, keep, limit int) (int, error) {
	if err := h.failing["task"]; err != nil {
		return 0, err
	}
	h.keep = keep
	n := h.prune(h.crowded[taskID], limit)
	h.crowded[taskID] -= n
	return n, nil
}

func (h *history) PruneSessions(_ context.Context, signedIn, seen time.Time) (int64, error) {
	h.sessions = []time.Duration{time.Since(signedIn), time.Since(seen)}
	return 1, h.failing["sessions"]
}

func (h *history) PruneCounts(_ context.Context, before time.Time) (int64, error) {
	h.counts = time.Since(before)
	return 1, h.failing["counts"]
}

func (h *history) CrowdedTasks(context.Context, int) ([]string, error) {
	var ids []string
	for id := range h.crowded {
		ids = append(ids, id)
	}
	return ids, h.failing["crowded"]
}

type settings struct {
	core.Settings
	err error
}

func (s settings) Current(context.Context) (core.Settings, error) { return s.Settings, s.err }

func pruner(h *history, age time.Duration, count int) *Pruner {
	return New(Options{Store: h, Logger: slog.New(slog.DiscardHandler), Settings: settings{Settings: core.Settings{RetentionAge: age, RetentionCount: count}}})
}

func TestOldAndSurplusRunsAreDeletedInSmallBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		batch := core.DefaultBatches().Retain
		h := &history{old: 2*batch + 7, crowded: map[string]int{"a": batch, "b": 3}}
		began := time.Now()
		require.NoError(t, pruner(h, 24*time.Hour, 10).RunOnce(t.Context()))
		require.Zero(t, h.old)
		require.Equal(t, map[string]int{"a": 0, "b": 0}, h.crowded)
		require.Equal(t, began.Add(-24*time.Hour), h.before)
		require.Equal(t, []time.Time{h.before}, h.delayed[:1])
		require.Equal(t, []time.Time{h.before}, h.overrides[:1])
		require.Len(t, h.logs, 1, "when the runs are gone whose logs they are")
		require.Equal(t, 10, h.keep)
		require.Equal(t, []time.Duration{core.SessionLifetime, core.SessionIdle}, h.sessions)
		require.Len(t, h.sizes, 6)
		for i, n := range h.sizes[:5] {
			if n == batch {
				require.Equal(t, pause, h.at[i+1].Sub(h.at[i]), "firing comes in between")
			}
		}
	})
}

func TestBatchesAreAsLargeAsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &history{old: 5, crowded: map[string]int{"a": 1}}
		p := pruner(h, time.Hour, 10)
		o := p.opts
		o.Batches = core.Batches{Retain: 2}
		require.NoError(t, New(o).RunOnce(t.Context()))
		require.Equal(t, []int{2, 2, 1, 1}, h.sizes)
	})
}

// The audit is kept by a setting of its own.
func TestOldAuditIsDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &history{old: 5}
		p := New(Options{Store: h, Logger: slog.New(slog.DiscardHandler), Settings: settings{Settings: core.Settings{RetentionAudit: time.Hour}}})
		require.NoError(t, p.RunOnce(t.Context()))
		require.Equal(t, []time.Time{time.Now().Add(-time.Hour)}, h.audit)
		require.Equal(t, 5, h.old)
	})
}

func TestZeroKeepsAll(t *testing.T) {
	t.Parallel()
	h := &history{old: 5, crowded: map[string]int{"a": 5}}
	require.NoError(t, pruner(h, 0, 0).RunOnce(t.Context()))
	require.Empty(t, h.sizes)
	require.Empty(t, h.audit)
	require.NoError(t, pruner(h, 0, 1).RunOnce(t.Context()))
	require.Equal(t, 5, h.old)
	require.Zero(t, h.crowded["a"])
}

func TestDeletingStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		batch := core.DefaultBatches().Retain
		h := &history{old: 1000 * batch, crowded: map[string]int{"a": 1000 * batch}}
		ctx, cancel := context.WithTimeout(t.Context(), 10*pause+pause/2)
		defer cancel()
		require.ErrorIs(t, pruner(h, time.Hour, 10).RunOnce(ctx), context.DeadlineExceeded)
		require.Len(t, h.sizes, 11)
		require.Equal(t, 1000*batch, h.crowded["a"])
	})
}

func TestFailuresAreGiven(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"prune", "delayed", "overrides", "logs", "task", "crowded", "sessions"} {
		h := &history{old: 5, crowded: map[string]int{"a": 5}, failing: map[string]error{what: errAway}}
		require.ErrorIs(t, pruner(h, time.Hour, 1).RunOnce(t.Context()), errAway, what)
	}
	p := pruner(&history{}, time.Hour, 1)
	p.opts.Settings = settings{err: errAway}
	require.ErrorIs(t, p.RunOnce(t.Context()), errAway)
}
