package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// write is a call that writes, on a store that was prepared for it.
type write func(ctx context.Context) error

// writes prepare the calls that write several rows, by the name of the method and what is particular to the call.
func writes() map[string]func(b *bundle) write {
	return map[string]func(b *bundle) write{
		"CreateTask": func(b *bundle) write {
			return func(ctx context.Context) error {
				k := testdb.Task(func(k *core.Task) { k.Children = []string{"a", "b"} })
				return b.CreateTask(ctx, k, []*core.Run{testdb.Run(k, testdb.Now())})
			}
		},
		"EditTask": func(b *bundle) write {
			k := b.task(stopped, func(k *core.Task) { k.Children = []string{"a"} })
			k.Children, k.Title = []string{"b", "c"}, "edited"
			return func(ctx context.Context) error { return b.EditTask(ctx, k) }
		},
		"MoveTask": func(b *bundle) write {
			k := b.task()
			b.plan(k, testdb.Now())
			return func(ctx context.Context) error {
				return b.MoveTask(ctx, store.TaskMove{
					TaskID: k.ID, From: []core.TaskState{core.TaskRunning}, Version: 1, To: core.TaskRunning, Raise: true, Cancel: "restarted",
					NextDue: testdb.Now(), Runs: []*core.Run{testdb.Run(k, testdb.Now().Add(time.Hour))}, Now: testdb.Now(),
				})
			}
		},
		"CreateTask that uses a plugin": func(b *bundle) write {
			b.upload("a", "1.0.0")
			return func(ctx context.Context) error {
				return b.CreateTask(ctx, testdb.Task(plugged("a", "1.0.0")), nil)
			}
		},
		"AddPluginChunks": func(b *bundle) write {
			v := version("a", "1.0.0")
			require.NoError(b.t, b.BeginPlugin(b.ctx, v))
			return func(ctx context.Context) error {
				return b.AddPluginChunks(ctx, v.ID, 0, [][]byte{{1}, {2}, {3}, {4}, {5}})
			}
		},
		"DeletePlugin": func(b *bundle) write {
			b.upload("a", "1.0.0")
			return func(ctx context.Context) error {
				return b.DeletePlugin(ctx, core.DefaultNamespace, "a", "1.0.0", func(*core.PluginVersion, store.PluginUse) error { return nil })
			}
		},
		"SweepPlugins": func(b *bundle) write {
			v := version("a", "1.0.0")
			require.NoError(b.t, b.BeginPlugin(b.ctx, v))
			require.NoError(b.t, b.AddPluginChunks(b.ctx, v.ID, 0, chunks(v)))
			return func(ctx context.Context) error { return told(b.SweepPlugins(ctx, b.Now().Add(time.Hour))) }
		},
		"SweepPlugins of one without chunks": func(b *bundle) write {
			require.NoError(b.t, b.BeginPlugin(b.ctx, version("a", "1.0.0")))
			return func(ctx context.Context) error { return told(b.SweepPlugins(ctx, b.Now().Add(time.Hour))) }
		},
		"PlanTasks": func(b *bundle) write {
			base := testdb.Now()
			b.task(due(base))
			b.task(due(base))
			return func(ctx context.Context) error {
				_, _, err := b.PlanTasks(ctx, base, 10, func(d store.DueTask) store.TaskPlan {
					p := everySecond(base.Add(2 * time.Second))(d)
					p.Missed = store.MissedRun(d, base.Add(-time.Hour), base, 9, base, "missed")
					return p
				})
				return err
			}
		},
		"PlanDelayed": func(b *bundle) write {
			b.delayed(later)
			b.delayed(later)
			return func(ctx context.Context) error {
				_, _, err := b.PlanDelayed(ctx, testdb.Now().Add(2*time.Hour), 10, testdb.AnyWorker)
				return err
			}
		},
		"CreateDelayed": func(b *bundle) write {
			return func(ctx context.Context) error {
				return b.CreateDelayed(ctx, testdb.DelayedTask(keyed("k")), b.ahead())
			}
		},
		"CreateDelayedBatch": func(b *bundle) write {
			return func(ctx context.Context) error {
				return b.CreateDelayedBatch(ctx, []*core.DelayedTask{testdb.DelayedTask(), testdb.DelayedTask(keyed("k")), testdb.DelayedTask()}, b.ahead())
			}
		},
		"ResetDelayed": func(b *bundle) write {
			d := b.delayed()
			b.end(b.one(), core.RunSucceeded)
			return func(ctx context.Context) error { return b.ResetDelayed(ctx, d.ID, testdb.Now(), testdb.AnyWorker) }
		},
		"ExecuteDelayed": func(b *bundle) write {
			d := b.delayed(later)
			return func(ctx context.Context) error { return b.ExecuteDelayed(ctx, d.ID, testdb.AnyWorker) }
		},
		"VoidDelayed": func(b *bundle) write {
			d := b.delayed()
			return func(ctx context.Context) error {
				_, err := b.VoidDelayed(ctx, d.ID, "voided")
				return err
			}
		},
		"CancelRun": func(b *bundle) write {
			d := b.delayed()
			return func(ctx context.Context) error {
				_, err := b.CancelRun(ctx, core.RunID(d.Due, core.DelayedKey(d.ID, 0)), "cancelled")
				return err
			}
		},
		"CancelRun of a run under way": func(b *bundle) write {
			b.delayed()
			r := b.one()
			return func(ctx context.Context) error {
				_, err := b.CancelRun(ctx, r.ID, "cancelled")
				return err
			}
		},
		"VoidDelayed of a run under way": func(b *bundle) write {
			d := b.delayed()
			b.one()
			return func(ctx context.Context) error {
				_, err := b.VoidDelayed(ctx, d.ID, "voided")
				return err
			}
		},
		"Return of a run to be ended": func(b *bundle) write {
			b.delayed()
			r := b.one()
			_, err := b.CancelRun(b.ctx, r.ID, "cancelled")
			require.NoError(b.t, err)
			return func(ctx context.Context) error { return b.Return(ctx, held(r), testdb.AnyWorker) }
		},
		"Dispatch": func(b *bundle) write {
			k := b.task()
			b.plan(k, testdb.Now())
			b.plan(k, testdb.Now().Add(-time.Second)) // a conflict
			b.delayed()
			var batch []store.Handout
			for _, r := range b.reserve(master) {
				batch = append(batch, store.Handout{Reserved: r, Worker: worker, Incarnation: worker})
			}
			return func(ctx context.Context) error {
				sent, err := b.Dispatch(ctx, master, batch)
				require.Len(b.t, sent, map[bool]int{true: 2}[err == nil])
				return err
			}
		},
		"EndPlanned": func(b *bundle) write {
			b.plan(b.task(), testdb.Now())
			r := b.reserve(master)[0].Run
			r.State = core.RunMissed
			return func(ctx context.Context) error { return b.EndPlanned(ctx, master, []*core.Run{r}) }
		},
		"Return": func(b *bundle) write {
			b.plan(b.task(), testdb.Now())
			b.plan(b.task(), testdb.Now())
			sent := b.dispatch()
			b.started(sent[0])
			return func(ctx context.Context) error { return b.Return(ctx, held(sent...), testdb.AnyWorker) }
		},
		"Record": func(b *bundle) write {
			child := b.task()
			parent := b.task(retrying, func(k *core.Task) { k.Children = []string{child.ID} })
			b.plan(parent, testdb.Now())
			b.plan(b.task(retrying), testdb.Now())
			b.plan(b.task(), testdb.Now())
			b.delayed()
			var outcomes []core.Outcome
			for _, r := range b.dispatch() {
				state, next := core.RunFailed, time.Time{}
				if r.TaskID == parent.ID {
					state, next = core.RunSucceeded, testdb.Now().Add(time.Minute)
				}
				outcomes = append(outcomes, testdb.Outcome(r.Run, state, func(o *core.Outcome) { o.NextAt = next }))
			}
			b.plan(parent, testdb.Now().Add(time.Second))
			outcomes = append(outcomes, core.Outcome{RunID: "stale", Token: 3, State: core.RunFailed})
			return func(ctx context.Context) error {
				_, err := b.Record(ctx, slices.Clone(outcomes), testdb.AnyWorker, func() float64 { return 0 })
				return err
			}
		},
		"TakeNotes": func(b *bundle) write {
			b.plan(b.task(), testdb.Now())
			b.delayed()
			runs := held(b.dispatch()...)
			return func(ctx context.Context) error {
				return b.TakeNotes(ctx, []store.Note{
					{Held: runs[0], BeganAt: testdb.Now()}, {Held: runs[0], Lines: []core.LogLine{{Text: "one"}}},
					{Held: runs[1], BeganAt: testdb.Now().Add(time.Second)}, {Held: runs[1], Progress: 40},
				})
			}
		},
		"Recover": func(b *bundle) write {
			b.plan(b.task(), testdb.Now())
			b.delayed()
			b.dispatch()
			require.NoError(b.t, b.Expire(b.ctx, worker))
			return func(ctx context.Context) error {
				_, _, err := b.Recover(ctx, worker, testdb.AnyWorker)
				return err
			}
		},
		"Reconcile": func(b *bundle) write {
			b.plan(b.task(), testdb.Now())
			b.plan(b.task(), testdb.Now())
			b.started(b.dispatch()[0])
			return func(ctx context.Context) error {
				_, err := b.Reconcile(ctx, worker, nil, testdb.AnyWorker)
				return err
			}
		},
		"Register": func(b *bundle) write {
			return func(ctx context.Context) error {
				return b.Register(ctx, &core.Node{Kind: core.NodeWorker, Name: "w3", Incarnation: "w3"}, "", time.Minute)
			}
		},
		"Renew": func(b *bundle) write {
			return func(ctx context.Context) error {
				_, err := b.Renew(ctx, []store.Beat{
					{Incarnation: "w1", Kind: core.NodeWorker, Name: "w1", Running: 3, Lease: time.Minute},
					{Incarnation: "w2", Kind: core.NodeWorker, Name: "w2", Running: 4, Lease: time.Minute},
				})
				return err
			}
		},
		"SaveSettings": func(b *bundle) write {
			return func(ctx context.Context) error { return b.SaveSettings(ctx, map[string]string{"a": "1", "b": "2"}) }
		},
		"Prune": func(b *bundle) write {
			b.history(b.task(), testdb.Now().Add(-time.Hour), 3, core.RunSucceeded)
			return func(ctx context.Context) error {
				_, err := b.Prune(ctx, testdb.Now(), 10)
				return err
			}
		},
	}
}

// What belongs together is written together: each statement of each write is made to fail in turn, and then nothing may
// be written; the same write must succeed afterwards.
func TestFailingWriteWritesNothing(t *testing.T) {
	for name, prepare := range writes() {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, b *bundle) {
				do := prepare(b)
				before, err := b.Dump(b.ctx)
				require.NoError(t, err)
				tap := store.NewTap(b.Store)
				for n := 1; ; n++ {
					b.ForgetDefinitions()
					tap.FailAt(n)
					err := do(b.ctx)
					tap.FailAt(0)
					after, dumpErr := b.Dump(b.ctx)
					require.NoError(t, dumpErr)
					if err == nil {
						require.NotEqual(t, before, after)
						require.Greater(t, n, 1)
						return
					}
					require.ErrorIs(t, err, store.ErrTapped)
					require.Equal(t, before, after, "after statement %d failed", n)
				}
			})
		})
	}
}

func TestCancelledCallerWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		b.task(due(base))
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		before, err := b.Dump(b.ctx)
		require.NoError(t, err)
		_, _, err = b.PlanTasks(ctx, base, 10, everySecond(base))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, b.CreateTask(ctx, testdb.Task(), nil), context.Canceled)
		after, err := b.Dump(b.ctx)
		require.NoError(t, err)
		require.Equal(t, before, after)
	})
}

// A plan that panics, as a defect in it might make it, leaves the store able to write.
func TestPanicInAPlanWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		b.task(due(base))
		before, err := b.Dump(b.ctx)
		require.NoError(t, err)
		require.Panics(t, func() {
			_, _, _ = b.PlanTasks(b.ctx, base, 10, func(store.DueTask) store.TaskPlan { panic("defect") })
		})
		after, err := b.Dump(b.ctx)
		require.NoError(t, err)
		require.Equal(t, before, after)
		n, _, err := b.PlanTasks(b.ctx, base, 10, everySecond(base))
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
