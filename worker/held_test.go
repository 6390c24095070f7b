package worker

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

// model drives a table at random and keeps its own account of what was started.
type model struct {
	*table
	now     time.Time
	running []*held
}

func (m *model) started(t *rapid.T, runs []*held) {
	for _, h := range runs {
		require.Equal(t, phaseUnderWay, h.phase)
		require.True(t, m.leaseUntil.Sub(m.now) > core.LeaseMargin && !m.draining, "begun without a lease or while draining")
		require.False(t, slices.ContainsFunc(m.running, func(other *held) bool { return other.id == h.id }),
			"two runs of id %s at once", h.id)
		m.running = append(m.running, h)
	}
}

func (m *model) check(t *rapid.T) {
	require.Len(t, m.running, m.underWay)
	require.LessOrEqual(t, m.underWay, m.slots)
	ended, bytes := 0, 0
	for id, h := range m.held {
		require.Equal(t, id, h.id)
		require.NotEqual(t, phaseGone, h.phase)
		if h.phase == phaseEnded {
			ended++
			bytes += h.size
		}
		if h.phase == phaseWaiting {
			require.False(t, m.draining, "waits while draining")
		}
	}
	require.Equal(t, ended, m.ended)
	require.Equal(t, bytes, m.endedBytes)
	for _, h := range m.running {
		if m.held[h.id] != h {
			require.Error(t, context.Cause(h.ctx), "superseded and not cancelled")
			require.Less(t, h.token, m.held[h.id].token, "a run under way is not listed")
		}
	}
	if m.queue.len() > 0 && m.underWay < m.slots && m.trusted(m.now) {
		require.GreaterOrEqual(t, m.ended, m.maxUnconfirmed, "a run waits for nothing")
	}
}

func TestTableKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{table: newTable(context.Background(), rapid.IntRange(1, 3).Draw(t, "slots")), now: time.Unix(1, 0)}
		m.maxUnconfirmed = rapid.IntRange(1, 5).Draw(t, "unconfirmed")
		id := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("r", rapid.IntRange(0, 4).Draw(t, "id")) })
		token := rapid.Int64Range(1, 6)
		t.Repeat(map[string]func(*rapid.T){
			"": m.check,
			"take": func(t *rapid.T) {
				begin, _ := m.take([]*rpc.Run{run(id.Draw(t, "a"), token.Draw(t, "ta")), run(id.Draw(t, "b"), token.Draw(t, "tb"))}, m.now)
				m.started(t, begin)
			},
			"end": func(t *rapid.T) {
				if len(m.running) == 0 {
					t.Skip("nothing runs")
				}
				at := rapid.IntRange(0, len(m.running)-1).Draw(t, "at")
				h := m.running[at]
				m.running = slices.Delete(m.running, at, at+1)
				listed := m.held[h.id] == h
				begin, counts := m.end(h, &rpc.Outcome{RunId: h.id, Token: h.token}, 10, m.now)
				require.Equal(t, listed, counts)
				m.started(t, begin)
			},
			"confirm": func(t *rapid.T) {
				m.started(t, m.confirm([]*rpc.Held{{RunId: id.Draw(t, "id"), Token: token.Draw(t, "token")}}, m.now))
			},
			"cancel": func(t *rapid.T) { m.cancel(id.Draw(t, "id"), token.Draw(t, "token"), ErrCancelled) },
			"renew": func(t *rapid.T) {
				_, begin := m.renew(m.now.Add(core.Lease), m.now)
				m.started(t, begin)
			},
			"time passes": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "seconds")) * time.Second)
			},
			"timer fires": func(*rapid.T) { m.expire(m.now) },
			"new stream": func(t *rapid.T) {
				list, underWay, ended := m.attach()
				require.Len(t, list, len(m.held))
				require.Len(t, ended, m.ended)
				require.LessOrEqual(t, len(underWay), m.underWay)
			},
			"send": func(t *rapid.T) {
				for _, o := range m.unsent() {
					h := m.held[o.RunId]
					require.NotNil(t, h)
					require.Same(t, h.outcome, o)
				}
			},
			"drain": func(t *rapid.T) {
				if rapid.IntRange(0, 20).Draw(t, "rarely") == 0 {
					m.drain()
				}
			},
		})
	})
}

func TestTooManyWaitingRunsAreRefused(t *testing.T) {
	t.Parallel()
	table, now := newTable(t.Context(), 2), time.Now()
	table.renew(now.Add(core.Lease), now)
	begin, refused := table.take(runsOf(2+maxWaiting+7), now)
	require.Equal(t, 2, len(begin))
	require.Equal(t, 7, refused)
	list, _ := table.holding()
	require.Equal(t, 2+maxWaiting, len(list))
}

func TestNothingBeginsOverTheBytesOfUnconfirmedOutcomes(t *testing.T) {
	t.Parallel()
	table, now := newTable(t.Context(), 1), time.Now()
	table.renew(now.Add(core.Lease), now)
	begin, _ := table.take(runsOf(2), now)
	next, _ := table.end(begin[0], &rpc.Outcome{}, maxUnconfirmedBytes, now)
	require.Empty(t, next)
	require.Len(t, table.confirm([]*rpc.Held{{RunId: "run0", Token: 1}}, now), 1)
}

func TestMessagesOfOutcomesAreBounded(t *testing.T) {
	t.Parallel()
	table, now := newTable(t.Context(), 10), time.Now()
	table.renew(now.Add(core.Lease), now)
	begin, _ := table.take(runsOf(5), now)
	for _, h := range begin {
		table.end(h, &rpc.Outcome{RunId: h.id}, maxMessageBytes/2, now)
	}
	require.Len(t, table.unsent(), 2)
	require.Len(t, table.unsent(), 2)
	require.Len(t, table.unsent(), 1)
	require.Empty(t, table.unsent())
}

func TestFifoKeepsOrderAndReusesItsArray(t *testing.T) {
	t.Parallel()
	var q fifo[int]
	in, out := 0, 0
	for range 1000 {
		for range 3 {
			q.push(in)
			in++
		}
		for range min(3, q.len()) {
			if q.len() <= 5 && in < 2000 {
				break
			}
			require.Equal(t, out, q.pop())
			out++
		}
	}
	require.Equal(t, in-out, q.len())
	require.Less(t, cap(q.items), 100)
	q.clear()
	require.Zero(t, q.len())
}
