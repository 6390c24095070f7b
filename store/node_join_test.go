package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/internal/testdb/fill"
	"github.com/carillonhq/carillon/store"
)

// process is a worker of a name, by its incarnation and by how long after the first of them it started.
func process(incarnation string, started time.Duration) *core.Node {
	return &core.Node{Kind: core.NodeWorker, Name: "w", Incarnation: incarnation, State: core.NodeEnabled, Weight: 1, Slots: 1, StartedAt: fill.First.Add(started)}
}

func (b *bundle) renews(n *core.Node, lease time.Duration) bool {
	b.t.Helper()
	gone, err := b.Renew(b.ctx, []store.Beat{{Incarnation: n.Incarnation, Kind: n.Kind, Name: n.Name, State: n.State, Lease: lease}})
	require.NoError(b.t, err)
	return len(gone) == 0
}

// The younger of two workers of a name has it; the elder's heartbeats are refused from then on, and what it runs stays its
// own until its lease runs out.
func TestYoungerWorkerFencesTheElder(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		elder, younger := process("elder", 0), process("younger", time.Second)
		fenced, err := b.Join(b.ctx, elder, "", core.Lease)
		require.NoError(t, err)
		require.Nil(t, fenced)
		b.plan(b.task(), testdb.Now())
		run := b.give(master, "elder", b.reserve(master)...)[0]
		fenced, err = b.Join(b.ctx, elder, "", core.Lease)
		require.NoError(t, err)
		require.Nil(t, fenced, "the same process on another stream fences nobody")

		time.Sleep(time.Second)
		fenced, err = b.Join(b.ctx, younger, "", core.Lease)
		require.NoError(t, err)
		require.Equal(t, "elder", fenced.Incarnation)
		require.Equal(t, core.Lease-time.Second, fenced.LeaseUntil.Sub(b.Now()).Round(time.Millisecond))
		require.False(t, b.renews(elder, core.Lease))
		require.True(t, b.renews(younger, core.Lease))
		_, err = b.Join(b.ctx, elder, "", core.Lease)
		requireCode(t, err, core.CodeConflict)

		_, dead, err := b.Recover(b.ctx, "elder", testdb.AnyWorker)
		require.NoError(t, err)
		require.False(t, dead, "its lease holds: nothing is taken from it")
		require.Equal(t, "elder", b.run(run.ID).Holder)
		time.Sleep(core.Lease)
		require.True(t, b.renews(younger, core.Lease))
		lost, dead, err := b.Recover(b.ctx, "elder", testdb.AnyWorker)
		require.NoError(t, err)
		require.True(t, dead)
		require.Len(t, lost, 1)
	})
}

func TestWhoHasAName(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, tc := range []struct {
			name       string
			first      *core.Node
			firstHost  string
			left       bool // the first has given up its lease
			second     *core.Node
			secondHost string
			refused    bool
			fences     bool
		}{
			{name: "the younger", first: process("a", 0), second: process("b", 1e6), fences: true},
			{name: "an elder is refused", first: process("b", 1e6), second: process("a", 0), refused: true},
			{name: "an elder comes when the younger has left", first: process("b", 1e6), left: true, second: process("a", 0)},
			{name: "of the same instant, the greater id", first: process("a", 0), second: process("b", 0), fences: true},
			{name: "of the same instant, not the smaller id", first: process("b", 0), second: process("a", 0), refused: true},
			{name: "one inside a master keeps its name", first: process("a", 0), firstHost: master, second: process("b", 1e6), refused: true},
			{name: "unless that one has left", first: process("a", 0), firstHost: master, left: true, second: process("b", 1e6)},
			{name: "or both are inside a master", first: process("a", 0), firstHost: master, second: process("b", 1e6), secondHost: "m2", fences: true},
		} {
			b.sub(t, tc.name, func(t *testing.T, b *bundle) {
				_, err := b.Join(b.ctx, tc.first, tc.firstHost, time.Hour)
				require.NoError(t, err)
				if tc.left {
					require.NoError(t, b.Expire(b.ctx, tc.first.Incarnation))
				}
				elder, err := b.Join(b.ctx, tc.second, tc.secondHost, time.Hour)
				if tc.refused {
					requireCode(t, err, core.CodeConflict)
					require.True(t, b.renews(tc.first, time.Hour))
					require.False(t, b.renews(tc.second, time.Hour))
					return
				}
				require.NoError(t, err)
				require.Equal(t, tc.fences, elder != nil)
				require.False(t, b.renews(tc.first, time.Hour))
				require.True(t, b.renews(tc.second, time.Hour))
			})
		}
	})
}
