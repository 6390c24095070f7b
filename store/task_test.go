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

func TestMoveTask(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		states := []core.TaskState{core.TaskStopped, core.TaskRunning, core.TaskPaused, core.TaskDeleted}
		for _, from := range states {
			for _, to := range states {
				b.sub(t, fmt.Sprintf("%s to %s", from, to), func(t *testing.T, b *bundle) {
					k := b.task(func(k *core.Task) { k.State, k.Version, k.NextDue = from, 5, testdb.Now() })
					at := testdb.Now().Add(time.Minute)
					move := store.TaskMove{TaskID: k.ID, From: []core.TaskState{from}, Version: 5, To: to, Raise: true, NextDue: at, Now: testdb.Now()}
					moved := *k
					moved.Version++
					move.Runs = []*core.Run{testdb.Run(&moved, at)}

					for _, other := range states {
						if other != from {
							wrong := move
							wrong.From = []core.TaskState{other}
							requireCode(t, b.MoveTask(b.ctx, wrong), core.CodeConflict)
						}
					}
					wrong := move
					wrong.Version--
					requireCode(t, b.MoveTask(b.ctx, wrong), core.CodeConflict)
					wrong = move
					wrong.TaskID = "nothing"
					requireCode(t, b.MoveTask(b.ctx, wrong), core.CodeConflict)
					b.none()

					require.NoError(t, b.MoveTask(b.ctx, move))
					got, err := b.Task(b.ctx, k.ID)
					require.NoError(t, err)
					require.Equal(t, to, got.State)
					require.EqualValues(t, 6, got.Version)
					require.True(t, got.NextDue.Equal(at))
					require.Equal(t, move.Runs[0].ID, b.open().ID)
					requireCode(t, b.MoveTask(b.ctx, move), core.CodeConflict)
				})
			}
		}
	})
}

func TestMoveWithdrawsPlannedRuns(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for _, to := range []core.TaskState{core.TaskStopped, core.TaskPaused, core.TaskDeleted} {
			b.sub(t, string(to), func(t *testing.T, b *bundle) {
				k, other := b.task(due(testdb.Now().Add(time.Hour))), b.task()
				under := b.plan(k, testdb.Now().Add(-time.Second))
				b.dispatch()
				free := b.plan(k, testdb.Now().Add(time.Minute))
				reserved := b.plan(k, testdb.Now())
				require.Len(t, b.reserve("m2"), 1)
				others := b.plan(other, testdb.Now().Add(time.Minute))

				got := b.move(k.ID, to)
				require.True(t, got.NextDue.IsZero())
				require.EqualValues(t, 1, got.Version, "only what puts it in force raises the version")
				for _, r := range []*core.Run{free, reserved} {
					ended := b.run(r.ID)
					require.Equal(t, core.RunCancelled, ended.State)
					require.Equal(t, fmt.Sprintf("the task was %s", to), ended.Result.Reason)
					require.False(t, ended.RecordedAt.IsZero())
				}
				require.Equal(t, core.RunDispatched, b.run(under.ID).State, "a run under way goes on")
				require.Equal(t, core.RunPlanned, b.run(others.ID).State)
				require.Empty(t, b.notices())
			})
		}
	})
}

func TestEditTask(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(stopped)
		children := func() []string {
			got, err := b.Children(b.ctx, []string{k.ID, "nothing"})
			require.NoError(t, err)
			return got[k.ID]
		}
		k.Children = []string{"a", "b", "a"}
		require.NoError(t, b.EditTask(b.ctx, k))
		require.Equal(t, []string{"a", "b"}, children())
		requireCode(t, b.EditTask(b.ctx, k), core.CodeConflict)
		k.Version++
		k.Children = []string{"b", "c"}
		require.NoError(t, b.EditTask(b.ctx, k))
		require.Equal(t, []string{"b", "c"}, children())
		k.Version++
		for _, state := range []core.TaskState{core.TaskRunning, core.TaskPaused, core.TaskDeleted} {
			b.move(k.ID, state, func(m *store.TaskMove) { m.Raise = false })
			requireCode(t, b.EditTask(b.ctx, k), core.CodeConflict)
		}
	})
}

// A version fixes a definition: what was read under one never changes.
func TestDefinition(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(stopped)
		old, err := b.Definition(b.ctx, k.ID, 1)
		require.NoError(t, err)
		require.Equal(t, "POST", old.Callback.Method)
		edited := *k
		edited.Callback = &core.Callback{Method: "PUT", URL: "http://127.0.0.1/"}
		require.NoError(t, b.EditTask(b.ctx, &edited))
		again, err := b.Definition(b.ctx, k.ID, 1)
		require.NoError(t, err)
		require.Equal(t, "POST", again.Callback.Method)
		fresh, err := b.Definition(b.ctx, k.ID, 2)
		require.NoError(t, err)
		require.Equal(t, "PUT", fresh.Callback.Method)
		b.ForgetDefinitions()
		gone, err := b.Definitions(b.ctx, map[string]int64{k.ID: 1, "nothing": 1})
		require.NoError(t, err)
		require.Empty(t, gone, "the task has moved on")
	})
}

func TestRunTask(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(func(k *core.Task) { k.Executors = []string{"w2"} })
		before := b.Now()
		r, err := b.RunTask(b.ctx, k, "request", 42, testdb.AnyWorker)
		require.NoError(t, err)
		got := b.open()
		require.Equal(t, r.ID, got.ID)
		require.Equal(t, core.TriggerManual, got.Trigger)
		require.EqualValues(t, 42, got.RequestedBy)
		require.Equal(t, "node:w2", got.Queue)
		require.False(t, got.FireAt.Before(before.Truncate(time.Microsecond)))

		for _, state := range []core.TaskState{core.TaskPaused, core.TaskStopped, core.TaskDeleted} {
			b.move(k.ID, state)
			_, err = b.RunTask(b.ctx, k, "again", 42, testdb.AnyWorker)
			requireCode(t, err, core.CodeConflict)
		}
		b.move(k.ID, core.TaskRunning)
		_, err = b.RunTask(b.ctx, k, "again", 42, testdb.AnyWorker)
		requireCode(t, err, core.CodeConflict)
	})
}

func TestCancelRun(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(retrying)
		planned := b.plan(k, testdb.Now())
		under, err := b.CancelRun(b.ctx, planned.ID, "by hand")
		require.NoError(t, err)
		require.Nil(t, under)
		got := b.run(planned.ID)
		require.Equal(t, core.RunCancelled, got.State)
		require.Equal(t, "by hand", got.Result.Reason)
		b.none()
		require.Empty(t, b.notices())
		_, err = b.CancelRun(b.ctx, planned.ID, "again")
		requireCode(t, err, core.CodeConflict)
		_, err = b.CancelRun(b.ctx, "nothing", "")
		requireCode(t, err, core.CodeNotFound)

		b.plan(k, testdb.Now())
		r := b.one()
		under, err = b.CancelRun(b.ctx, r.ID, "by hand")
		require.NoError(t, err)
		require.Equal(t, r.ID, under.ID)
		require.Equal(t, worker, under.Holder, "whom to ask")
		require.Equal(t, core.RunDispatched, b.open().State)

		d := b.delayed()
		_, err = b.CancelRun(b.ctx, core.RunID(d.Due, core.DelayedKey(d.ID, 0)), "by hand")
		require.NoError(t, err)
		require.Equal(t, core.DelayedVoided, b.delayedTask(d.ID).State)
		require.Zero(t, b.delayedTask(d.ID).Runs, "nothing was sent")
	})
}

func TestLastDue(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now().Add(-time.Hour)
		at := func(i int) time.Time { return base.Add(time.Duration(i) * time.Second) }
		k := b.task(overlapping)
		last := func() time.Time {
			sent, err := b.LastDue(b.ctx, k.ID)
			require.NoError(t, err)
			return sent
		}
		require.True(t, last().IsZero())
		b.plan(k, at(1))
		b.plan(k, at(2))
		require.True(t, last().IsZero(), "planned is not sent")
		runs := b.dispatch()
		require.True(t, last().Equal(at(2)), "sent and under way")
		for _, r := range runs {
			b.end(r, core.RunSucceeded)
		}
		require.True(t, last().Equal(at(2)))
		b.plan(k, at(3))
		b.move(k.ID, core.TaskPaused)
		require.True(t, last().Equal(at(2)), "withdrawn is not sent")
		b.move(k.ID, core.TaskRunning)
		k.Version++
		b.plan(k, at(3))
		b.end(b.one(), core.RunCancelled)
		require.True(t, last().Equal(at(3)), "cancelled after it was sent")
		_, err := b.RunTask(b.ctx, k, "r", 1, testdb.AnyWorker)
		require.NoError(t, err)
		b.end(b.one(), core.RunSucceeded)
		require.True(t, last().Equal(at(3)), "only the schedule's count")
	})
}

func TestTasksPaging(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		var want []string
		for i := range 9 {
			k := b.task(func(k *core.Task) {
				k.Title = fmt.Sprintf("Task_%d 100%% done!", i)
				k.CreatedAt = now.Add(time.Duration(i/3) * time.Second) // three at each instant
			})
			want = append([]string{k.ID}, want...)
		}
		other := b.task(stopped, func(k *core.Task) {
			k.Title, k.Namespace, k.Kind, k.CreatedAt = "a plugin", "elsewhere", core.KindPlugin, now.Add(-time.Hour)
		})
		gone := b.task()
		b.move(gone.ID, core.TaskDeleted)
		want = append(want, other.ID)

		page := func(f store.TaskFilter) []string {
			var ids []string
			for {
				tasks, err := b.Tasks(b.ctx, f)
				require.NoError(t, err)
				for _, k := range tasks {
					ids = append(ids, k.ID)
				}
				if len(tasks) < f.Limit {
					n, err := b.CountTasks(b.ctx, f)
					require.NoError(t, err)
					require.EqualValues(t, len(ids), n)
					return ids
				}
				f.After = ids[len(ids)-1]
			}
		}
		require.Equal(t, want, page(store.TaskFilter{Limit: 4}))
		require.Equal(t, want, page(store.TaskFilter{Limit: 5}))
		require.Equal(t, want[:9], page(store.TaskFilter{Namespace: core.DefaultNamespace, Limit: 2}))
		require.Equal(t, want[9:], page(store.TaskFilter{State: core.TaskStopped, Limit: 2}))
		require.Equal(t, want[9:], page(store.TaskFilter{Kind: core.KindPlugin, Limit: 2}))
		require.Equal(t, want[2:3], page(store.TaskFilter{Title: "Task_6", Limit: 2}))
		require.Len(t, page(store.TaskFilter{Title: "100% done!", Limit: 2}), 9)
		require.Empty(t, page(store.TaskFilter{Title: "Task%6", Limit: 2}), "what a pattern means stands for itself")
		require.Empty(t, page(store.TaskFilter{Title: "Tas__6", Limit: 2}))
		require.Empty(t, page(store.TaskFilter{Title: "[T]ask", Limit: 2}))

		tasks, err := b.Tasks(b.ctx, store.TaskFilter{Offset: 3, Limit: 2})
		require.NoError(t, err)
		require.Equal(t, want[3:5], []string{tasks[0].ID, tasks[1].ID})
		deleted, err := b.Task(b.ctx, gone.ID)
		require.NoError(t, err, "the history names it")
		require.Equal(t, core.TaskDeleted, deleted.State)

		states, err := b.TaskStates(b.ctx, []string{other.ID, gone.ID, "nothing"})
		require.NoError(t, err)
		require.Equal(t, map[string]core.TaskState{other.ID: core.TaskStopped, gone.ID: core.TaskDeleted}, states)
	})
}

// Each order lists all tasks once over the pages, one the reverse of the other.
func TestTasksInOrder(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		b.task(titled("b"), due(now.Add(time.Hour)))
		b.task(titled("a"), due(now.Add(2*time.Hour)), stopped)
		ran := b.task(titled("c"), func(k *core.Task) { k.NextDue = time.Time{} })
		b.plan(ran, now)
		b.end(b.one(), core.RunFailed)

		titles := func(f store.TaskFilter) (all []string) {
			f.Limit = 2
			for f.Offset = 0; ; f.Offset += 2 {
				tasks, err := b.Tasks(b.ctx, f)
				require.NoError(t, err)
				for _, k := range tasks {
					all = append(all, k.Title)
				}
				if len(tasks) < 2 {
					return all
				}
			}
		}
		for _, order := range store.TaskOrders() {
			up, down := titles(store.TaskFilter{Order: order}), titles(store.TaskFilter{Order: order, Desc: true})
			require.ElementsMatch(t, []string{"a", "b", "c"}, up, order)
			require.ElementsMatch(t, up, down, order)
			switch order {
			case store.TasksByNextDue, store.TasksByLastRun, store.TasksByRuns: // what has no place comes last both ways
			default:
				slices.Reverse(down)
				require.Equal(t, up, down, order)
			}
		}
		require.Equal(t, []string{"a", "b", "c"}, titles(store.TaskFilter{Order: store.TasksByTitle}))
		require.Equal(t, []string{"b", "a", "c"}, titles(store.TaskFilter{Order: store.TasksByNextDue}))
		for _, desc := range []bool{false, true} {
			require.Equal(t, "c", titles(store.TaskFilter{Order: store.TasksByLastRun, Desc: desc})[0])
			require.Equal(t, "c", titles(store.TaskFilter{Order: store.TasksByRuns, Desc: desc})[0])
			require.Equal(t, "c", titles(store.TaskFilter{Order: store.TasksByNextDue, Desc: desc})[2])
		}
		require.Equal(t, []string{"c"}, titles(store.TaskFilter{Outcome: core.RunFailed}))
		n, err := b.CountTasks(b.ctx, store.TaskFilter{Outcome: core.RunFailed})
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
}

// However many a filter leaves, and however they are looked for, the list is the same.
func TestTasksOfFewAndOfMany(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		for i := range 12 {
			k := b.task(titled(fmt.Sprint("task ", i*7%12)), func(k *core.Task) {
				k.State = []core.TaskState{core.TaskRunning, core.TaskStopped, core.TaskPaused}[i%3]
				k.NextDue = []time.Time{now.Add(time.Duration(i) * time.Hour), {}}[i%2]
				k.Labels = [][]string{{"a"}, {"a", "b"}, nil}[i%3]
				k.CreatedAt = now.Add(time.Duration(i/2) * time.Second)
			})
			if k.State == core.TaskRunning && i%2 == 0 {
				b.plan(k, now.Add(-time.Minute))
				b.end(b.one(), []core.RunState{core.RunFailed, core.RunSucceeded}[i/6%2])
			}
		}
		ids := func(tasks []*core.Task, err error) (ids []string) {
			require.NoError(t, err)
			for _, k := range tasks {
				ids = append(ids, k.ID)
			}
			return ids
		}
		for _, f := range []store.TaskFilter{
			{}, {Search: "1"}, {State: core.TaskRunning}, {Label: "a"}, {Outcome: core.RunSucceeded}, {Kind: core.KindHTTP, Label: "a", State: core.TaskStopped},
			{Label: "b", Worker: "none"}, {Namespace: core.DefaultNamespace, State: core.TaskPaused, Search: "task"},
		} {
			for _, f.Order = range append(store.TaskOrders(), "") {
				for _, f.Desc = range []bool{false, true} {
					f.Offset, f.Limit = 0, 100
					require.Equal(t, ids(b.Tasks(b.ctx, f)), b.pages(f, 3), "%+v, page by page", f)
					for _, f.Offset = range []int{0, 2, 5} {
						f.Limit = 3
						few := ids(b.Tasks(b.ctx, f))
						require.Equal(t, few, ids(b.TasksOfMany(b.ctx, f)), "%+v", f)
						page, total, err := b.TaskPage(b.ctx, f, 4)
						require.Equal(t, few, ids(page, err), "%+v", f)
						all, err := b.CountTasks(b.ctx, f)
						require.NoError(t, err)
						require.Equal(t, min(all, 5), total, "%+v", f)
					}
				}
			}
		}
	})
}

// pages are the ids of all pages of a list, each begun where the one before ended.
func (b *bundle) pages(f store.TaskFilter, size int) (ids []string) {
	b.t.Helper()
	f.Limit = size
	for {
		tasks, next, err := b.TasksOn(b.ctx, f)
		require.NoError(b.t, err)
		require.LessOrEqual(b.t, len(tasks), size)
		for _, k := range tasks {
			ids = append(ids, k.ID)
		}
		if next == nil {
			return ids
		}
		require.Len(b.t, tasks, size, "a page is full when others come")
		f.Behind = next
	}
}

// What becomes of the last task of a page does not move the page after: it goes on from where that task stood.
func TestPagesGoOnFromWhereTheyEnded(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		var all []*core.Task
		for i, title := range []string{"a", "B", "b's", "b's", "ä", "编号 %_"} {
			k := b.task(titled(title), func(k *core.Task) { k.NextDue = time.Time{} })
			b.plan(k, now.Add(time.Duration(i-10)*time.Minute))
			b.end(b.one(), core.RunSucceeded)
			all = append(all, k)
		}
		titles := func(tasks []*core.Task) (all []string) {
			for _, k := range tasks {
				all = append(all, k.Title)
			}
			return all
		}
		f := store.TaskFilter{Order: store.TasksByLastRun, Limit: 3}
		tasks, next, err := b.TasksOn(b.ctx, f)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "B", "b's"}, titles(tasks))
		b.plan(all[2], now)
		b.end(b.one(), core.RunSucceeded)
		f.Behind = next
		tasks, next, err = b.TasksOn(b.ctx, f)
		require.NoError(t, err)
		require.Equal(t, []string{"b's", "ä", "编号 %_"}, titles(tasks))
		require.NotNil(t, next, "the one that ran meanwhile comes once more")

		for _, desc := range []bool{false, true} {
			f := store.TaskFilter{Order: store.TasksByTitle, Desc: desc, Limit: 10}
			whole, err := b.Tasks(b.ctx, f)
			require.NoError(t, err)
			var ids []string
			for _, k := range whole {
				ids = append(ids, k.ID)
			}
			require.Equal(t, ids, b.pages(f, 1), "whatever a database takes for the order of texts")
		}
	})
}

func TestRecentOutcomes(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k, other := b.task(), b.task()
		b.history(k, testdb.Now().Add(-time.Hour), 3, core.RunSucceeded)
		b.history(k, testdb.Now().Add(-time.Minute), 1, core.RunFailed)
		recent, err := b.RecentOutcomes(b.ctx, []string{k.ID, other.ID}, 3)
		require.NoError(t, err)
		require.Equal(t, map[string][]core.RunState{k.ID: {core.RunSucceeded, core.RunSucceeded, core.RunFailed}}, recent)
	})
}
