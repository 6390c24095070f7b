package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// naming makes statements that begin with a text and hold a value refused.
func naming(begin, value string) func(store.Statement) bool {
	return func(st store.Statement) bool {
		return strings.HasPrefix(st.Query, begin) && slices.ContainsFunc(st.Args, func(a any) bool { return strings.Contains(fmt.Sprint(a), value) })
	}
}

// Every way in which a run ends finds what a retry needs, jitter and route too.
func TestRetryMayFollowFromAnyEnd(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(func(k *core.Task) {
			k.Retry = core.RetryPolicy{Count: 1, Delay: time.Hour, Jitter: 1}
			k.Executors = []string{"w2", "w1"}
		})
		first := b.plan(k, testdb.Now())
		require.NoError(t, b.EndFailed(b.ctx, first.ID))
		retry := b.open()
		require.Equal(t, core.TriggerRetry, retry.Trigger)
		require.Equal(t, "node:w2", retry.Queue)
		require.True(t, retry.Due.After(testdb.Now()), "the whole delay is never taken off")
		require.True(t, retry.Due.Before(testdb.Now().Add(time.Hour)), "and some of it nearly always is")
	})
}

// Where something that the worker made up, or that follows from the outcome, is refused, the run still ends.
func TestRecordBare(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		type end struct {
			delayed core.DelayedState
			notices int
		}
		for name, c := range map[string]struct {
			state core.RunState
			of    func(b *bundle) *core.DelayedTask // nil of a task
			want  end
		}{
			"succeeded":          {core.RunSucceeded, nil, end{"", 0}},
			"failed":             {core.RunFailed, nil, end{"", 1}},
			"lost":               {core.RunLost, nil, end{"", 1}},
			"cancelled":          {core.RunCancelled, nil, end{"", 0}},
			"nonsense":           {"nonsense", nil, end{"", 1}},
			"delayed, succeeded": {core.RunSucceeded, func(b *bundle) *core.DelayedTask { return b.delayed() }, end{core.DelayedSucceeded, 0}},
			"delayed, failed":    {core.RunFailed, func(b *bundle) *core.DelayedTask { return b.delayed() }, end{core.DelayedFailed, 1}},
			"delayed, lost":      {core.RunLost, func(b *bundle) *core.DelayedTask { return b.delayed() }, end{core.DelayedFailed, 1}},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				child := b.task()
				k := b.task(retrying, func(k *core.Task) { k.Children = []string{child.ID} })
				var d *core.DelayedTask
				if c.of == nil {
					b.plan(k, testdb.Now())
				} else {
					d = c.of(b)
				}
				r := b.one()
				o := testdb.Outcome(r.Run, c.state, func(o *core.Outcome) {
					o.Result.Status, o.Result.Log = 503, []core.LogLine{{Text: "a line"}}
				})
				rec, err := b.RecordBare(b.ctx, o, "not stored")
				require.NoError(t, err)
				require.Len(t, rec.Runs, 1)
				require.Empty(t, rec.Stale)
				b.none()
				require.Empty(t, b.guards())
				got := b.run(r.ID)
				state := c.state
				if state == "nonsense" {
					state = core.RunFailed
				}
				require.Equal(t, state, got.State)
				require.Equal(t, core.Result{Status: 503, Reason: "not stored"}, got.Result)
				require.True(t, got.SentAt.Equal(o.SentAt))
				require.Len(t, b.notices(), c.want.notices)
				if d != nil {
					require.Equal(t, c.want.delayed, b.delayedTask(d.ID).State)
				}
				rec, err = b.RecordBare(b.ctx, o, "not stored")
				require.NoError(t, err)
				require.Equal(t, held(r), rec.Stale, "the second outcome of a run is refused, bare or not")
				require.Empty(t, rec.Runs)
			})
		}
	})
}

// A retry or a child that the database will not have is no reason for its cause to have no outcome.
func TestBareRecordIsTakenWhereTheWholeIsRefused(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		child := b.task()
		parent := b.task(func(k *core.Task) { k.Children = []string{child.ID} })
		b.plan(parent, testdb.Now())
		r := b.one()
		o := testdb.Outcome(r.Run, core.RunSucceeded)
		store.NewTap(b.Store).Refuse(naming("INSERT INTO runs", child.ID))
		_, err := b.Record(b.ctx, []core.Outcome{o}, testdb.AnyWorker, func() float64 { return 0 })
		require.ErrorIs(t, err, store.ErrRefused)
		require.True(t, store.Refused(err))
		_, err = b.RecordBare(b.ctx, o, "not stored")
		require.NoError(t, err)
		require.Equal(t, core.RunSucceeded, b.run(r.ID).State)
	})
}
