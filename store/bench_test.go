package store_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// BenchmarkCreateDelayed creates delayed tasks one at a time from many goroutines, as requests do. Each creation is on
// disk when it returns.
func BenchmarkCreateDelayed(b *testing.B) {
	for name, change := range map[string]func(*core.DelayedTask){
		"waiting": later, "planned at once": func(*core.DelayedTask) {}, "with a key": func(d *core.DelayedTask) { d.IdempotencyKey = d.ID },
	} {
		b.Run(name, func(b *testing.B) {
			x := setup(b, testdb.Open(b))
			plan := x.ahead()
			plan.Until = plan.Until.Add(time.Minute)
			b.SetParallelism(50)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := x.CreateDelayed(x.ctx, testdb.DelayedTask(change), plan); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkLife takes batches of runs, of several sizes, through their whole life and says how many microseconds each step takes of
// a run: the reason for core.DefaultBatches.
func BenchmarkLife(b *testing.B) {
	for _, batch := range []int{10, 100, core.DefaultBatches().Record, 2000} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) { benchmarkLife(b, batch) })
	}
}

func benchmarkLife(b *testing.B, batch int) {
	for name, create := range map[string]func(x *bundle){
		"delayed tasks": func(x *bundle) {
			tasks := make([]*core.DelayedTask, batch)
			for i := range tasks {
				tasks[i] = testdb.DelayedTask()
			}
			require.NoError(x.t, x.CreateDelayedBatch(x.ctx, tasks, store.PlanAhead{}))
		},
		"tasks": func(x *bundle) {
			if tasks, err := x.Tasks(x.ctx, store.TaskFilter{Limit: 1}); err != nil || len(tasks) > 0 {
				return // planned again and again
			}
			for range batch {
				x.task(due(testdb.Now()))
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			x := setup(b, testdb.Open(b))
			spent := map[string]time.Duration{}
			step := func(name string, do func()) {
				began := time.Now()
				do()
				spent[name] += time.Since(began)
			}
			for b.Loop() {
				b.StopTimer()
				create(x)
				b.StartTimer()
				x.life(batch, step)
			}
			for name, d := range spent {
				b.ReportMetric(float64(d.Microseconds())/float64(b.N*batch), name+"-µs/run")
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch), "µs/run")
		})
	}
}

// life plans, reserves, dispatches and records a batch.
func (b *bundle) life(batch int, step func(name string, do func())) {
	b.t.Helper()
	now := testdb.Now()
	step("plan", func() {
		n, _, err := b.PlanTasks(b.ctx, now, batch, func(d store.DueTask) store.TaskPlan {
			return store.TaskPlan{Runs: store.TaskRuns(d, now, now, testdb.AnyWorker), NextDue: now.Add(time.Microsecond)}
		})
		require.NoError(b.t, err)
		m, _, err := b.PlanDelayed(b.ctx, now, batch, testdb.AnyWorker)
		require.NoError(b.t, err)
		require.Equal(b.t, batch, n+m)
	})
	var runs []*store.Reserved
	step("reserve", func() {
		var err error
		runs, _, err = b.Reserve(b.ctx, master, core.QueueDefault, now, batch, room)
		require.NoError(b.t, err)
		require.Len(b.t, runs, batch)
	})
	var sent []store.Handout
	step("dispatch", func() { sent = b.give(master, worker, runs...) })
	require.Len(b.t, sent, batch)
	outcomes := make([]core.Outcome, batch)
	for i, r := range sent {
		outcomes[i] = testdb.Outcome(r.Run, core.RunSucceeded)
	}
	step("record", func() { require.Len(b.t, b.report(outcomes...).Runs, batch) })
}
