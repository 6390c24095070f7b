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
	got := m.held.take(queue)
	if len(m.ready[queue]) == 0 {
		require.Nil(t, got)
		return
	}
	require.Same(t, m.ready[queue][0], got)
	m.ready[queue] = m.ready[queue][1:]
	m.taken = append(m.taken, got)
}

func (m *heldModel) putBack(*rapid.T) {
	if len(m.taken) == 0 {
		return
	}
	r := m.taken[len(m.taken)-1]
	m.taken = m.taken[:len(m.taken)-1]
	m.held.putBack(r)
	m.ready[r.Queue] = slices.Insert(slices.Clone(m.ready[r.Queue]), 0, r)
}

func (m *heldModel) drop(t *rapid.T) {
	queue := queueNames.Draw(t, "queue")
	gone := func(r *store.Reserved) bool { return r.Queue == queue }
	var want []*store.Reserved
	want = append(append(want, m.coming...), m.ready[queue]...)
	want = slices.DeleteFunc(want, func(r *store.Reserved) bool { return !gone(r) })
	require.ElementsMatch(t, want, m.held.drop(gone))
	m.coming = slices.DeleteFunc(slices.Clone(m.coming), gone)
	delete(m.ready, queue)
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
