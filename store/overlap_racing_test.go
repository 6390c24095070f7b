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

// firing plans a firing of a task's schedule, with all its shards, and gives its runs.
func (b *bundle) firing(k *core.Task, due time.Time) []*core.Run {
	b.t.Helper()
	d := store.DueTask{TaskID: k.ID, Namespace: k.Namespace, Version: k.Version, TaskDefinition: &store.TaskDefinition{Definition: k.Definition}}
	runs := store.TaskRuns(d, due, testdb.Now(), testdb.AnyWorker)
	require.NoError(b.t, b.InsertRuns(b.ctx, runs...))
	return runs
}

// claim reserves up to limit runs, also such as were put off: these tests do not wait for their instant.
func (b *bundle) claim(master string, limit int) []*store.Reserved {
	b.t.Helper()
	runs, _, err := b.Reserve(b.ctx, master, core.QueueDefault, b.Now().Add(time.Hour), limit, room)
	require.NoError(b.t, err)
	return runs
}

// underWay notes which runs of tasks are with workers, whoever sent them.
type underWay struct {
	mu    sync.Mutex
	runs  map[string]map[string]int // how many of each firing, by task
	order map[string][]time.Time    // the dues of the firings that were sent, by task
}

func newUnderWay() *underWay {
	return &underWay{runs: map[string]map[string]int{}, order: map[string][]time.Time{}}
}

// sent notes runs that were sent, and checks that no other firing of their tasks is under way.
func (u *underWay) sent(t testing.TB, runs []store.Handout) {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, h := range runs {
		if u.runs[h.TaskID] == nil {
			u.runs[h.TaskID] = map[string]int{}
		}
		if _, seen := u.runs[h.TaskID][h.Firing()]; !seen {
			u.order[h.TaskID] = append(u.order[h.TaskID], h.Due)
		}
		u.runs[h.TaskID][h.Firing()]++
		for firing, n := range u.runs[h.TaskID] {
			require.True(t, n == 0 || firing == h.Firing(), "two firings of a task are under way")
		}
	}
}

func (u *underWay) over(h store.Handout) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.runs[h.TaskID][h.Firing()]--
}

// work has two masters send runs and record their success until none is open, each a few at a time.
func work(t *testing.T, a, b *bundle, limit int) *underWay {
	t.Helper()
	u := newUnderWay()
	race(a, b, func(x *bundle, name string) bool {
		sent := x.give(name, worker, x.claim(name, limit)...)
		u.sent(t, sent)
		for _, h := range sent {
			u.over(h)
			x.end(h, core.RunSucceeded)
		}
		open, err := x.OpenRuns(x.ctx)
		require.NoError(t, err)
		return len(open) > 0
	})
	require.Empty(t, a.guards())
	return u
}

// Shards of two firings of a task that forbids overlap are never under way at once, and a firing goes or is a conflict as a
// whole, whichever master has which of its shards.
func TestShardsOfFiringsOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const tasks, firings = 12, 4
		at := testdb.Now().Add(-time.Second)
		var all [][]*core.Run
		for range tasks {
			k := a.task(spread)
			for i := range firings {
				all = append(all, a.firing(k, at.Add(time.Duration(i)*time.Millisecond)))
			}
		}
		u := work(t, a, b, 7)
		require.Len(t, u.order, tasks, "one firing of each goes at least")
		ended, err := a.EndedRuns(a.ctx)
		require.NoError(t, err)
		for _, runs := range all {
			require.Len(t, runs, testdb.Shards)
			for _, r := range runs {
				require.Equal(t, ended[runs[0].ID].State, ended[r.ID].State, "a firing is one")
			}
		}
	})
}

// Two masters that record the last two shards of a firing at once fire its children once and give up its guard, also where
// there is no guard to meet at.
func TestLastShardsOfTwoProcesses(t *testing.T) {
	for name, policy := range map[string]func(*core.Task){"forbid": func(*core.Task) {}, "allow": overlapping} {
		t.Run(name, func(t *testing.T) {
			pair(t, func(t *testing.T, a, b *bundle) {
				const rounds = 20
				child := a.task(overlapping)
				k := a.task(spread, policy, func(k *core.Task) { k.Children = []string{child.ID} })
				for i := range rounds {
					a.firing(k, testdb.Now().Add(-time.Second))
					var sent []store.Handout
					for _, h := range a.dispatch() {
						if h.TaskID == k.ID {
							sent = append(sent, h)
						}
					}
					require.Len(t, sent, testdb.Shards)
					a.end(sent[0], core.RunSucceeded)
					var both sync.WaitGroup
					both.Go(func() { a.end(sent[1], core.RunSucceeded) })
					both.Go(func() { b.end(sent[2], core.RunSucceeded) })
					both.Wait()
					require.NotContains(t, a.guards(), k.ID)
					require.Len(t, a.list(store.RunFilter{TaskID: child.ID}), i+1)
				}
			})
		})
	}
}

// Firings that queue go one at a time and in the order of their dues, whichever masters have them.
func TestQueueOfTwoProcesses(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		const tasks, firings = 4, 8
		at := testdb.Now().Add(-time.Second)
		for i := range tasks {
			k := a.task(queueing)
			if i%2 == 1 {
				k = a.task(queueing, spread)
			}
			for i := range firings {
				a.firing(k, at.Add(time.Duration(i)*time.Millisecond))
			}
		}
		u := work(t, a, b, 5)
		require.Len(t, u.order, tasks)
		for _, dues := range u.order {
			require.Len(t, dues, firings, "none is lost, none goes twice")
			for i := range dues[1:] {
				require.True(t, dues[i].Before(dues[i+1]), "a later firing overtook")
			}
		}
	})
}

// A firing that queues lets one go first that was due earlier and that another master is about to send.
func TestQueueWaitsForWhatAnotherMasterHas(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, change := range map[string]func(*core.Task){"single": func(*core.Task) {}, "shards": spread} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(queueing, change)
				at := testdb.Now().Add(-time.Second)
				earlier, later := b.firing(k, at), b.firing(k, at.Add(time.Millisecond))
				first := b.claim("m1", len(earlier))
				second := b.claim("m2", len(later))
				require.Empty(t, b.give("m2", "w2", second...))
				require.Empty(t, b.guards(), "what is not next has no guard")
				require.Len(t, b.give("m1", "w1", first...), len(earlier))
				require.Empty(t, b.give("m2", "w2", b.claim("m2", len(later))...))
				require.Equal(t, map[string]string{k.ID: earlier[0].ID}, b.guards())
			})
		}
	})
}

// Of firings that replace each other the newest is left, whichever masters have them, and the one under way is asked to end.
func TestReplaceOfTwoProcesses(t *testing.T) {
	for name, change := range map[string]func(*core.Task){"single": func(*core.Task) {}, "shards": spread} {
		t.Run(name, func(t *testing.T) {
			pair(t, func(t *testing.T, a, b *bundle) {
				const firings = 10
				k := a.task(replacing, change)
				at := testdb.Now().Add(-time.Second)
				a.firing(k, at)
				running := a.dispatch()
				var newest []*core.Run
				for i := range firings {
					newest = a.firing(k, at.Add(time.Duration(i+1)*time.Millisecond))
				}
				race(a, b, func(x *bundle, name string) bool {
					require.Empty(t, x.give(name, worker, x.claim(name, 3)...))
					open, err := x.OpenRuns(x.ctx)
					require.NoError(t, err)
					return len(open) > len(running)+len(newest)
				})
				require.Len(t, a.asked(), len(running))
				require.Len(t, a.list(store.RunFilter{TaskID: k.ID, State: core.RunSkipped}), (firings-1)*len(newest))
				for _, h := range running {
					a.end(h, core.RunCancelled)
				}
				u := work(t, a, b, 3)
				require.Len(t, u.order[k.ID], 1)
				require.True(t, u.order[k.ID][0].Equal(newest[0].Due.Truncate(time.Microsecond)))
			})
		})
	}
}

// A run that fails while a newer firing takes its place is either retried, and the newer one goes at once, or it is asked to
// end and not retried, and the newer one waits.
func TestReplaceAgainstRecord(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for i := range 30 {
			k := a.task(replacing, retrying)
			a.plan(k, testdb.Now().Add(-time.Second))
			running := a.one()
			newer := a.plan(k, testdb.Now().Add(-time.Millisecond*time.Duration(i+1)))
			batch := b.claim("m2", 1)
			require.Len(t, batch, 1)
			var sent []store.Handout
			var both sync.WaitGroup
			both.Go(func() { a.end(running, core.RunFailed) })
			both.Go(func() { sent = b.give("m2", "w2", batch...) })
			both.Wait()
			retried := 0
			for _, r := range a.list(store.RunFilter{TaskID: k.ID, State: core.RunPlanned}) {
				if r.Trigger == core.TriggerRetry {
					retried++
				}
			}
			require.Equal(t, len(sent), retried)
			if len(sent) == 0 {
				sent = b.give("m2", "w2", b.claim("m2", 1)...)
				require.Len(t, sent, 1)
			}
			require.Equal(t, newer.ID, sent[0].ID)
			b.end(sent[0], core.RunSucceeded)
			a.move(k.ID, core.TaskStopped)
			a.none()
		}
	})
}

// A firing that is spread over workers while its task is stopped leaves no run.
func TestSpreadAgainstStop(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for range 25 {
			k := a.task(spread)
			first, err := a.RunTask(a.ctx, k, k.ID, 1, func(core.Destination) []string { return []string{core.QueueUnrouted} })
			require.NoError(t, err)
			var both sync.WaitGroup
			both.Go(func() { require.NoError(t, a.Spread(a.ctx, first.ID, []string{"node:w1", "node:w2"})) })
			both.Go(func() { b.move(k.ID, core.TaskStopped) })
			both.Wait()
			a.none()
		}
	})
}

// A shard that one master sends while another records the last of its siblings under way goes under the guard of its firing.
func TestJoinAgainstRecord(t *testing.T) {
	pair(t, func(t *testing.T, a, b *bundle) {
		for range 25 {
			k := a.task(spread, retrying)
			runs := a.firing(k, testdb.Now().Add(-time.Second))
			sent := a.dispatch()
			require.Len(t, sent, testdb.Shards)
			a.end(sent[0], core.RunFailed)
			a.end(sent[1], core.RunSucceeded)
			retry := b.claim("m2", 1) // which keeps no guard by itself
			require.Len(t, retry, 1)
			var again []store.Handout
			var both sync.WaitGroup
			both.Go(func() { a.end(sent[2], core.RunSucceeded) })
			both.Go(func() { again = b.give("m2", "w2", retry...) })
			both.Wait()
			require.Len(t, again, 1)
			require.Equal(t, map[string]string{k.ID: runs[0].ID}, a.guards())
			b.end(again[0], core.RunSucceeded)
			require.Empty(t, a.guards())
			a.none()
		}
	})
}
