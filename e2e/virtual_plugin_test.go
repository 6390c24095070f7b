package e2e

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
)

// ofPlugin makes a task one of the package that testdb has.
func ofPlugin(task *core.Task) *core.Task {
	task.Kind, task.Callback, task.Plugin = core.KindPlugin, nil, &core.PluginCall{Package: "billing", Task: "t"}
	return task
}

// pluginWorker connects a worker that runs plugins.
func (w *world) pluginWorker(name string, changes ...func(*worker.Options)) (wk *worker.Worker, link *link) {
	w.t.Helper()
	return w.startWorker(name, 100, append(changes, func(o *worker.Options) { o.Plugins = true })...)
}

// withoutPlugins has a worker run callbacks as the world's target does, and no plugins.
func (w *world) withoutPlugins(o *worker.Options) {
	o.Performer = worker.ByKind{Callbacks: w.target}
}

// Plugins' runs go to workers that run plugins, whoever else is there, comes and goes, and none is lost.
func TestPluginsRunWhereTheyCan(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		testdb.Upload(t, w.store, testdb.PluginVersion())
		plain, _ := w.startWorker("plain", 100, w.withoutPlugins)
		defer stop(t, plain)
		able, _ := w.pluginWorker("able")
		time.Sleep(2 * time.Second)

		tasks := map[string]*core.Task{}
		for name, r := range map[string]core.Routing{
			"any": {}, "round": {Strategy: core.RouteRoundRobin}, "weighted": {Strategy: core.RouteWeighted}, "random": {Strategy: core.RouteRandom},
			"hash": {Strategy: core.RouteConsistentHash}, "broadcast": {Strategy: core.RouteBroadcast}, "sharded": {Strategy: core.RouteSharded},
		} {
			tasks[name] = w.running(ofPlugin(routed(r)))
		}
		tasks["named"] = w.running(ofPlugin(routed(core.Routing{}, "plain", "able")))
		strict := w.running(ofPlugin(routed(core.Routing{Strict: true}, "plain")))
		callback := w.running(routed(core.Routing{Strategy: core.RouteRoundRobin}))
		time.Sleep(time.Minute)
		stop(t, able) // its part goes to one that comes, also of the runs that were planned for it
		other, way := w.pluginWorker("other")
		time.Sleep(time.Minute)
		way.sever() // what it had is done again elsewhere once its lease is over
		third, _ := w.pluginWorker("third")
		defer stop(t, third)
		time.Sleep(time.Minute)
		way.heal()
		stop(t, other)
		time.Sleep(core.Lease)

		for name, task := range tasks {
			by := map[string]int{}
			due := map[string]bool{}
			for _, r := range w.runs(store.RunFilter{TaskID: task.ID}) {
				require.NotEqual(t, core.RunFailed, r.State, "%s: %s", name, r.Result.Reason)
				if r.State == core.RunSucceeded {
					by[r.Worker]++
					due[r.Due.String()] = true
				}
			}
			require.NotContains(t, by, "plain", name)
			if name == "named" || name == "broadcast" {
				require.GreaterOrEqual(t, by["able"], 58, name)
				continue // while none of those named is there it waits for one, and a broadcast is only for who is there
			}
			require.GreaterOrEqual(t, len(due), 185, "%s: %v", name, by)
			require.Len(t, by, 3, name)
		}
		refused := w.runs(store.RunFilter{TaskID: strict.ID, State: core.RunFailed})
		require.NotEmpty(t, refused)
		for _, r := range refused {
			require.Equal(t, []string{"plain", "this worker runs no plugins: start it with --plugins, or let the task go to others"}, []string{r.Worker, r.Result.Reason})
		}
		require.Contains(t, w.workers(callback), "plain")
		for _, c := range w.target.seen() {
			if c.run.Plugin != nil {
				require.Equal(t, []string{"billing", "t", "1.0.0", "Always"}, []string{c.run.Plugin.Package, c.run.Plugin.Task, c.run.Plugin.Version, c.run.Plugin.PullPolicy})
				require.Len(t, c.run.Plugin.Digest, 64)
			}
		}
	})
}

// A worker that is started anew without plugins is given none of those that waited for it.
func TestWorkerLosesItsPlugins(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		testdb.Upload(t, w.store, testdb.PluginVersion())
		able, _ := w.pluginWorker("w1")
		time.Sleep(2 * time.Second)
		task := w.running(ofPlugin(routed(core.Routing{}, "w1")))
		time.Sleep(5*time.Second + 500*time.Millisecond)
		stop(t, able)
		plain, _ := w.startWorker("w1", 100, w.withoutPlugins)
		time.Sleep(10 * time.Second)
		done := w.workers(task)["w1"]
		require.InDelta(t, 5, done, 1)
		require.Empty(t, w.runs(store.RunFilter{TaskID: task.ID, State: core.RunFailed}), "it waits, and fails nowhere")
		stop(t, plain)
		able, _ = w.pluginWorker("w1")
		defer stop(t, able)
		time.Sleep(5 * time.Second)
		require.InDelta(t, done+15, w.workers(task)["w1"], 2, "what waited, and what is due")
	})
}

// A run sets when its task is due next. It is on time to the millisecond, and the schedule goes on after it.
func TestRunsSetTheirTasksNextInstant(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		testdb.Upload(t, w.store, testdb.PluginVersion())
		const (
			every = 10 * time.Minute
			pause = 73*time.Second + 123456*time.Microsecond
		)
		began := time.Now().Truncate(every)
		setting := func(at time.Time) bool { return at.Sub(began)%every < every/2 }
		w.target.answer = func(context.Context, *rpc.Run) core.Outcome {
			o := core.Outcome{State: core.RunSucceeded}
			if now := time.Now(); setting(now) {
				o.NextAt = now.Add(pause)
			}
			return o
		}
		wk, _ := w.pluginWorker("w1")
		defer stop(t, wk)
		time.Sleep(2 * time.Second)
		tasks := []*core.Task{w.running(ofPlugin(cronTask("0 0/10 * * * ?")))}
		once := cronTask("")
		once.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: began.Add(3 * every)}
		tasks = append(tasks, w.running(ofPlugin(once)))
		interval := cronTask("")
		interval.Schedule = core.Schedule{Kind: core.ScheduleInterval, Interval: every, Start: began}
		tasks = append(tasks, w.running(ofPlugin(interval)))
		time.Sleep(6*every + every/2)

		for i, task := range tasks {
			var last time.Time
			seen := map[time.Time]bool{}
			for _, c := range w.target.seen() {
				if c.run.TaskId != task.ID {
					continue
				}
				due := rpc.Instant(c.run.Due)
				require.Less(t, c.at.Sub(due), 100*time.Millisecond, "%s", due)
				require.False(t, seen[due], "%s was sent twice", due)
				seen[due] = true
				if !last.IsZero() {
					want := due.Truncate(every) // by the schedule
					if setting(last) {
						want = last.Add(pause)
					}
					require.WithinDuration(t, want, due, 100*time.Millisecond, "after %s", last)
				}
				last = due
			}
			if i == 1 {
				require.InDelta(t, 5, len(seen), 1, "a task that is due once goes on for as long as it says so")
			} else {
				require.InDelta(t, 6*5, len(seen), 6)
			}
		}
		require.Empty(t, w.runs(store.RunFilter{State: core.RunMissed}))
	})
}

// A task that is paused, or stopped and started, while its run is under way does not heed what the run sets.
func TestNextInstantOfATaskThatWasTouched(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		testdb.Upload(t, w.store, testdb.PluginVersion())
		w.target.answer = func(context.Context, *rpc.Run) core.Outcome {
			time.Sleep(10 * time.Second)
			return core.Outcome{State: core.RunSucceeded, NextAt: time.Now().Add(time.Minute)}
		}
		wk, _ := w.pluginWorker("w1")
		defer stop(t, wk)
		time.Sleep(2 * time.Second)
		tasks := w.master.Manage().Tasks
		paused, restarted := w.running(ofPlugin(cronTask("0 0 * * * ?"))), w.running(ofPlugin(cronTask("0 0 * * * ?")))
		for _, task := range []*core.Task{paused, restarted} {
			_, err := tasks.RunOnce(t.Context(), admin, task.ID)
			require.NoError(t, err)
		}
		time.Sleep(5 * time.Second)
		require.NoError(t, tasks.Pause(t.Context(), admin, paused.ID))
		require.NoError(t, tasks.Stop(t.Context(), admin, restarted.ID))
		require.NoError(t, tasks.Start(t.Context(), admin, restarted.ID))
		time.Sleep(10 * time.Minute)
		for _, task := range []*core.Task{paused, restarted} {
			runs := w.runs(store.RunFilter{TaskID: task.ID})
			require.Len(t, runs, 1)
			whole, err := w.store.Run(t.Context(), runs[0].ID)
			require.NoError(t, err)
			require.Contains(t, whole.Result.Log[0].Text, "does not count")
		}
	})
}

// What a plugin leaves reaches its children whole, of either kind, and theirs.
func TestResultsTravelAcrossKinds(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		testdb.Upload(t, w.store, testdb.PluginVersion())
		large := append(append([]byte{'"'}, bytes.Repeat([]byte("x"), core.MaxPluginResult-2)...), '"')
		got := map[string][]byte{}
		w.target.answer = func(_ context.Context, r *rpc.Run) core.Outcome {
			kind := "http"
			if r.Plugin != nil {
				kind = "plugin"
			}
			if r.HasParent {
				got[kind] = r.ParentResult
				return core.Outcome{State: core.RunSucceeded, Result: core.Result{ContentType: "text/plain", Response: []byte("from " + kind)}}
			}
			return core.Outcome{State: core.RunSucceeded, Result: core.Result{ContentType: "application/json", Response: large}}
		}
		wk, _ := w.pluginWorker("w1")
		defer stop(t, wk)
		time.Sleep(2 * time.Second)
		last := w.running(ofPlugin(cronTask("0 0 0 1 1 ?")))
		middle := cronTask("0 0 0 1 1 ?")
		middle.Children = []string{last.ID}
		w.running(middle)
		first := ofPlugin(cronTask("0 0 0 1 1 ?"))
		first.Children = []string{middle.ID}
		w.running(first)
		run, err := w.master.Manage().Tasks.RunOnce(t.Context(), admin, first.ID)
		require.NoError(t, err)
		time.Sleep(5 * time.Second)
		require.Equal(t, large, got["http"])
		require.Equal(t, "from http", string(got["plugin"]))
		whole, err := w.store.Run(t.Context(), run.ID)
		require.NoError(t, err)
		require.Equal(t, large, whole.Result.Response)
		require.False(t, whole.Result.Truncated)
	})
}
