package dispatch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// TestHeldAgreesWithAPlainModel does the same to the heap with its queues and to plain sorted slices.
func TestHeldAgreesWithAPlainModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &heldModel{held: newHeld(), ready: map[string][]*store.Reserved{}}
		t.Repeat(map[string]func(*rapid.T){
			"":        m.check,
			"add":     m.add,
			"advance": m.advance,
			"take":    m.take,
			"putBack": m.putBack,
			"drop":    m.drop,
		})
	})
}

type heldModel struct {
	held   *held
	coming []*store.Reserved
	ready  map[string][]*store.Reserved
	taken  []*store.Reserved // not put back yet, the latest last
	now    int
	made   int
}

func instantOf(n int) time.Time { return time.Unix(int64(n), 0) }

func byFireAt(a, b *store.Reserved) int {
	return cmp.Or(a.FireAt.Compare(b.FireAt), cmp.Compare(a.ID, b.ID))
}

var queueNames = rapid.SampledFrom([]string{"default", "node:w1", "label:gpu"})

func (m *heldModel) add(t *rapid.T) {
	var runs []*store.Reserved
	for range rapid.IntRange(0, 5).Draw(t, "runs") {
		m.made++
		at := instantOf(m.now + rapid.IntRange(-2, 5).Draw(t, "at"))
		runs = append(runs, &store.Reserved{
			Run:      &core.Run{ID: fmt.Sprintf("%03d-%d", rapid.IntRange(0, 999).Draw(t, "id"), m.made), Queue: queueNames.Draw(t, "queue"), FireAt: at},
			Callback: make([]byte, rapid.IntRange(0, 3).Draw(t, "bytes")),
		})
	}
	m.held.add(runs)
	m.coming = append(m.coming, runs...)
	slices.SortFunc(m.coming, byFireAt)
}

func (m *heldModel) advance(t *rapid.T) {
	m.now += rapid.IntRange(0, 3).Draw(t, "seconds")
	m.held.advance(instantOf(m.now))
	for len(m.coming) > 0 && !m.coming[0].FireAt.After(instantOf(m.now)) {
		r := m.coming[0]
		m.ready[r.Queue], m.coming = append(m.ready[r.Queue], r), m.coming[1:]
	}
}

func (m *heldModel) take(t *rapid.T) {
	queue := queueNames.Draw(t, "queue")
	first := m.held.first(queue)
	got := m.held.take(queue)
	require.True(t, first == got)
	if len(m.ready[queue]) == 0 {
		require.Nil(t, got)
		return
	}
	require.Same(t, m.ready[queue][0], got)
	m.ready[queue] = m.ready[queue][1:]
	m.taken = append(m.taken, got)
}

func (m *heldModel) putBack(t *rapid.T) {
	n := rapid.IntRange(0, len(m.taken)).Draw(t, "runs")
	back := m.taken[len(m.taken)-n:] // the last ones taken, in that order
	m.taken = m.taken[:len(m.taken)-n]
	m.held.putBack(back)
	for _, r := range slices.Backward(back) {
		m.ready[r.Queue] = slices.Insert(slices.Clone(m.ready[r.Queue]), 0, r)
	}
}

func (m *heldModel) drop(t *rapid.T) {
	queue := queueNames.Draw(t, "queue")
	digit := rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
	gone := func(r *store.Reserved) bool { return r.Queue == queue && r.ID[2] >= digit }
	stays := func(r *store.Reserved) bool { return !gone(r) }
	want := slices.DeleteFunc(slices.Clone(m.ready[queue]), stays)
	if rapid.Bool().Draw(t, "ready only") {
		require.True(t, slices.Equal(want, m.held.dropReady(gone)), "in their order")
	} else {
		want = append(want, slices.DeleteFunc(slices.Clone(m.coming), stays)...)
		require.ElementsMatch(t, want, m.held.drop(gone))
		m.coming = slices.DeleteFunc(slices.Clone(m.coming), gone)
	}
	if m.ready[queue] = slices.DeleteFunc(slices.Clone(m.ready[queue]), gone); len(m.ready[queue]) == 0 {
		delete(m.ready, queue)
	}
}

func (m *heldModel) check(t *rapid.T) {
	all := slices.Concat(append(slices.Collect(maps.Values(m.ready)), m.coming)...)
	byQueue, bytes := map[string]int{}, 0
	for _, r := range all {
		byQueue[r.Queue]++
		bytes += r.Size()
	}
	require.Equal(t, byQueue, m.held.byQueue)
	require.Equal(t, bytes, m.held.bytes)
	require.Equal(t, len(all), m.held.len())
	require.Len(t, m.held.coming, len(m.coming))
	for queue, runs := range m.held.ready {
		require.NotEmpty(t, runs, "a queue without runs is not kept: %s", queue)
		require.Equal(t, m.ready[queue], runs)
	}
	if len(m.coming) == 0 {
		require.Zero(t, m.held.next())
	} else {
		require.Equal(t, m.coming[0].FireAt, m.held.next())
	}
}
