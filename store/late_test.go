package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func makingUp(n int) func(*core.Task) {
	return func(k *core.Task) { k.Misfire, k.MisfireCatchUp = core.MisfireCatchUp, n }
}

// settle has a master settle late runs, and gives the dues of those that are sent all the same, as minutes before now.
func (b *bundle) settle(holder string, runs []*store.Reserved) (made []int) {
	b.t.Helper()
	var late []*core.Run
	for _, r := range runs {
		r.State, r.Result.Reason = core.RunMissed, "late"
		late = append(late, r.Run)
	}
	goes, err := b.EndLate(b.ctx, holder, late)
	require.NoError(b.t, err)
	for _, r := range goes {
		require.Equal(b.t, core.RunPlanned, r.State)
		require.Empty(b.t, r.Result.Reason)
		made = append(made, int(time.Since(r.Due).Minutes()))
	}
	return made
}

// missed counts the firings of tasks that are on record as missed.
func (b *bundle) missed(f store.RunFilter) (n int) {
	b.t.Helper()
	f.State = core.RunMissed
	for _, r := range b.list(f) {
		n += r.Count
	}
	return n
}

// stretch plans a task's firings of the last minutes, from the longest due to the last.
func (b *bundle) stretch(k *core.Task, from, to int) {
	b.t.Helper()
	for i := from; i >= to; i-- {
		b.plan(k, testdb.Now().Add(-time.Duration(i)*time.Minute))
	}
}

func TestOnlyTheLatestLateFiringsAreSent(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(makingUp(2))
		b.stretch(k, 9, 0)
		var late []*store.Reserved
		for _, r := range b.reserve(master) {
			if time.Since(r.Due) > core.DefaultMisfireAfter {
				late = append(late, r)
			}
		}
		require.Len(t, late, 8)
		require.ElementsMatch(t, []int{3, 2}, b.settle(master, late))
		require.Equal(t, 6, b.missed(store.RunFilter{TaskID: k.ID}))
		require.Equal(t, "late", b.list(store.RunFilter{TaskID: k.ID, State: core.RunMissed})[0].Result.Reason)

		// Those that are sent wait for each other, although the task forbids overlap: they were promised.
		var goes []*store.Reserved
		for _, r := range late {
			if r.RecordedAt.IsZero() {
				goes = append(goes, r)
			}
		}
		require.Len(t, goes, 2)
		first := b.give(master, worker, goes...)
		require.Len(t, first, 1)
		require.True(t, b.run(first[0].ID).FireAt.Equal(testdb.Now()))
		require.Empty(t, b.list(store.RunFilter{TaskID: k.ID, State: core.RunConflict}))
		b.end(first[0], core.RunSucceeded)
		time.Sleep(core.LookAhead + time.Second)
		require.NotEqual(t, first[0].ID, b.one().ID)
	})
}

// A firing for which a later one was sent already, or is under way, is not sent after it.
func TestLateFiringBehindOneThatWasSent(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, later := range map[string]func(b *bundle, r store.Handout){
			"sent":      func(b *bundle, r store.Handout) { b.end(r, core.RunSucceeded) },
			"under way": func(*bundle, store.Handout) {},
			"failed":    func(b *bundle, r store.Handout) { b.end(r, core.RunFailed) },
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(makingUp(1), overlapping)
				b.stretch(k, 5, 5)
				later(b, b.one())
				b.stretch(k, 7, 6)
				require.Empty(t, b.settle(master, b.reserve(master)))
				require.Equal(t, 2, b.missed(store.RunFilter{TaskID: k.ID}))
			})
		}
		b.sub(t, "missed or withdrawn", func(t *testing.T, b *bundle) {
			k := b.task(makingUp(1))
			b.stretch(k, 5, 4)
			gone := b.reserve(master)
			gone[0].State, gone[0].Result.Reason = core.RunMissed, "late"
			require.NoError(t, b.EndPlanned(b.ctx, master, []*core.Run{gone[0].Run}))
			_, err := b.CancelRun(b.ctx, gone[1].ID, "by hand")
			require.NoError(t, err)
			b.stretch(k, 7, 6)
			require.Equal(t, []int{6}, b.settle(master, b.reserve(master)), "nothing was sent in its place")
		})
	})
}

// While the planner has not come to the end of a stretch, nobody knows which firings are the latest.
func TestLateFiringWaitsForThePlanner(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(makingUp(1), func(k *core.Task) { k.NextDue = testdb.Now().Add(-5 * time.Minute) })
		b.stretch(k, 7, 6)
		late := b.reserve(master)
		require.Empty(t, b.settle(master, late))
		require.Len(t, b.list(store.RunFilter{TaskID: k.ID, State: core.RunPlanned}), 2)
		require.Empty(t, b.reserve(master), "not at once")
		time.Sleep(core.LookAhead + time.Second)
		late = b.reserve(master)
		require.Len(t, late, 2)
		require.NoError(t, b.MoveTask(b.ctx, store.TaskMove{TaskID: k.ID, From: []core.TaskState{k.State}, Version: k.Version, To: k.State, NextDue: testdb.Now(), Now: testdb.Now()}))
		require.Equal(t, []int{6}, b.settle(master, late))
	})
}

// What nobody holds is ended or left as it is, and what was withdrawn or given on is not touched.
func TestLateFiringsThatNobodyHolds(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k, skip := b.task(makingUp(1)), b.task()
		b.stretch(k, 5, 3)
		b.stretch(skip, 4, 4)
		free := func() (runs []*store.Reserved) {
			for _, r := range b.list(store.RunFilter{State: core.RunPlanned}) {
				runs = append(runs, &store.Reserved{Run: r})
			}
			return runs
		}
		require.Equal(t, []int{3}, b.settle("", free()))
		left := b.open()
		require.True(t, left.FireAt.Equal(left.Due), "it stays late until somebody takes it")
		held := b.reserve(master)
		require.Empty(t, b.settle("m2", held))
		require.Equal(t, 3, b.missed(store.RunFilter{}))
		b.move(k.ID, core.TaskPaused)
		require.Empty(t, b.settle(master, held))
		require.True(t, held[0].RecordedAt.IsZero())
		b.none()
	})
}

// Two masters that settle late firings of a task at once send the latest, and no more.
func TestLateFiringsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for range 20 {
			k := a.task(makingUp(2))
			a.stretch(k, 9, 2)
			batches := map[*bundle][]*store.Reserved{}
			for i := 0; i < 8; i++ {
				x, name := a, "m1"
				if i%2 == 1 {
					x, name = b, "m2"
				}
				batches[x] = append(batches[x], x.claim(name, 1)...)
			}
			made := map[*bundle][]int{}
			var mu sync.Mutex
			var both sync.WaitGroup
			for x, name := range map[*bundle]string{a: "m1", b: "m2"} {
				both.Go(func() {
					goes := x.settle(name, batches[x])
					mu.Lock()
					defer mu.Unlock()
					made[x] = goes
				})
			}
			both.Wait()
			require.ElementsMatch(t, []int{3, 2}, append(made[a], made[b]...))
			require.Equal(t, 6, a.missed(store.RunFilter{TaskID: k.ID}))
			a.move(k.ID, core.TaskStopped)
			a.none()
		}
	})
}
