package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// stranded looks through all that waits for workers other than w1 and w2, page by page, and gives the runs that w2 may do
// and how many pages it took.
func (b *bundle) stranded(page int) (ids []string, pages int) {
	b.t.Helper()
	var from store.Place
	for {
		some, next, err := b.Stranded(b.ctx, []string{"node:w1", "node:w2"}, testdb.Now(), from, page)
		require.NoError(b.t, err)
		for _, s := range some {
			require.Equal(b.t, s.Queue, core.QueueOfNode(s.Destination.Last), "the worker that it waits for")
			if slices.Contains(s.Destination.Executors, "w2") {
				ids = append(ids, s.RunID)
			}
		}
		if pages++; next == (store.Place{}) {
			return ids, pages
		}
		require.NotEqual(b.t, from, next)
		from = next
	}
}

func TestReroute(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		pinned := func(k *core.Task) { k.Executors = []string{"w9", "w2"} }
		route := func(r *core.Run) { r.Queue = "node:w9" }
		k := b.task(pinned)
		base := testdb.Now()
		waiting := b.plan(k, base, route)
		b.plan(k, base.Add(time.Hour), route)
		b.plan(b.task(), base)
		b.plan(b.task(), base, func(r *core.Run) { r.Queue = "label:gpu" })
		b.plan(b.task(), base, func(r *core.Run) { r.Queue = "node:w1" })
		d := b.delayed(func(d *core.DelayedTask) { d.Executors = []string{"w9"} })
		unrouted := b.plan(b.task(), base, func(r *core.Run) { r.Queue = core.QueueUnrouted })

		stranded, _, err := b.Stranded(b.ctx, []string{"node:w1", "node:w2"}, testdb.Now(), store.Place{}, 10)
		require.NoError(t, err)
		byID := map[string]core.Destination{}
		for _, s := range stranded {
			byID[s.RunID] = s.Destination
		}
		require.Equal(t, map[string]core.Destination{
			waiting.ID:  {TaskID: k.ID, Executors: []string{"w9", "w2"}, Last: "w9"},
			unrouted.ID: {TaskID: unrouted.TaskID},
			core.RunID(d.Due, core.DelayedKey(d.ID, 0)): {Executors: []string{"w9"}, Last: "w9"},
		}, byID)

		require.NoError(t, b.Reroute(b.ctx, "node:w9", "node:w2", []string{waiting.ID}))
		moved := b.reserve(master, "node:w2")
		require.Len(t, moved, 1)
		require.NoError(t, b.Reroute(b.ctx, "node:w2", "node:w1", []string{waiting.ID}))
		require.Equal(t, "node:w2", b.run(waiting.ID).Queue, "a master has it already")
	})
}

// Whatever waits in front of them, all runs that another worker may do are found, each once.
func TestStrandedRunsAreFoundPageByPage(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const strict, batch = 30, 10
		base := testdb.Now().Add(-time.Hour)
		delayed := func(worker string, due time.Time, others ...string) string {
			d := b.delayed(func(d *core.DelayedTask) { d.Due, d.Executors = due, append([]string{worker}, others...) })
			return core.RunID(d.Due, core.DelayedKey(d.ID, 0))
		}
		var want []string
		for _, gone := range []string{"w5", "w7", "w9"} {
			for i := range strict {
				delayed(gone, base.Add(time.Duration(i/batch)*time.Second)) // many of one instant
			}
			for i := range 4 {
				want = append(want, delayed(gone, base.Add(time.Duration(i)*time.Second), "w2"))
			}
			k := b.task(func(k *core.Task) { k.Executors = []string{gone, "w2", "w8"} })
			want = append(want, b.plan(k, base.Add(2*time.Second), func(r *core.Run) { r.Queue = core.QueueOfNode(gone) }).ID)
		}
		delayed("w1", base, "w2")
		delayed("w6", base, "w8")
		b.plan(b.task(), base, func(r *core.Run) { r.Queue = "zebra" })
		slices.Sort(want)
		all := 3*(strict+5) + 1
		for _, page := range []int{1, 2, 7, 35, 36, 1000} {
			ids, pages := b.stranded(page)
			slices.Sort(ids)
			require.Equal(t, want, ids, "in pages of %d", page)
			require.LessOrEqual(t, pages, all/page+1, "a page is as long as it may be")
		}
	})
}

// A look is a few ranges of the index, however many runs wait.
func TestStrandedReadsOnlyItsPage(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	for i := range 20 {
		b.delayed(func(d *core.DelayedTask) { d.Executors = []string{fmt.Sprint("w", i%3+5)} })
	}
	tap := store.NewTap(b.Store)
	ids, pages := b.stranded(3)
	require.Empty(t, ids)
	require.Equal(t, 7, pages)
	for _, st := range tap.Take() {
		steps, err := b.Explain(b.ctx, st)
		require.NoError(t, err)
		for _, step := range steps {
			require.NotRegexp(t, "^SCAN", step, st.Query)
			require.NotContains(t, step, "TEMP B-TREE", st.Query)
		}
	}
}
