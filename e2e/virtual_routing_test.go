package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
)

func weighing(weight int) func(*worker.Options) { return func(o *worker.Options) { o.Weight = weight } }
func labelled(labels ...string) func(*worker.Options) {
	return func(o *worker.Options) { o.Labels = labels }
}

// routed makes a task that fires every second, one run beside another, and is routed in some way.
func routed(r core.Routing, executors ...string) *core.Task {
	task := cronTask("* * * * * ?")
	task.Routing, task.Executors, task.Overlap = r, executors, core.OverlapAllow
	return task
}

// workers counts the runs of a task that succeeded, by the worker that did them.
func (w *world) workers(task *core.Task) map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, r := range w.runs(store.RunFilter{TaskID: task.ID}) {
		if r.State == core.RunSucceeded {
			n[r.Worker]++
		}
	}
	return n
}

// Each strategy gives a minute's runs to the workers that it should.
func TestStrategiesChooseTheirWorkers(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		w1, _ := w.startWorker("w1", 100)
		defer stop(t, w1)
		w2, _ := w.startWorker("w2", 100, weighing(3))
		defer stop(t, w2)
		w3, _ := w.startWorker("w3", 100, labelled("gpu"))
		defer stop(t, w3)
		w4, _ := w.startWorker("w4", 100, labelled("gpu", "eu"))
		defer stop(t, w4)
		time.Sleep(2 * time.Second) // until the master has looked at its workers
		round := w.running(routed(core.Routing{Strategy: core.RouteRoundRobin}))
		heavy := w.running(routed(core.Routing{Strategy: core.RouteWeighted}, "w1", "w2"))
		random := w.running(routed(core.Routing{Strategy: core.RouteRandom}))
		same := w.running(routed(core.Routing{Strategy: core.RouteConsistentHash}))
		label := w.running(routed(core.Routing{Label: "gpu"}))
		both := w.running(routed(core.Routing{Strategy: core.RouteRoundRobin, Label: "eu"}))
		time.Sleep(10*time.Minute + 500*time.Millisecond)

		require.Equal(t, map[string]int{"w1": 150, "w2": 150, "w3": 150, "w4": 150}, w.workers(round))
		require.InDelta(t, 450, w.workers(heavy)["w2"], 60)
		require.InDelta(t, 150, w.workers(heavy)["w1"], 60)
		for _, n := range w.workers(random) {
			require.InDelta(t, 150, n, 60)
		}
		require.Len(t, w.workers(random), 4)
		require.Len(t, w.workers(same), 1, "one task, one worker")
		require.Len(t, w.workers(label), 2)
		require.InDelta(t, w.workers(label)["w3"], w.workers(label)["w4"], 60)
		require.Equal(t, map[string]int{"w4": 600}, w.workers(both))
	})
}

// A worker that is cut off takes no run with it: those that wait for it go to the others, those of a strict task wait for
// it.
func TestRunsOfAWorkerThatDiedGoElsewhereOrWait(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		first, link := w.startWorker("w1", 100)
		second, _ := w.startWorker("w2", 100)
		defer stop(t, first)
		defer stop(t, second)
		time.Sleep(2 * time.Second)
		round := w.running(routed(core.Routing{Strategy: core.RouteRoundRobin}))
		pinned := w.running(routed(core.Routing{Strategy: core.RouteConsistentHash, Strict: true}, "w1"))
		time.Sleep(10*time.Second + 500*time.Millisecond)
		require.Equal(t, map[string]int{"w1": 5, "w2": 5}, w.workers(round))

		link.sever()
		time.Sleep(30 * time.Second)
		require.Equal(t, 5, w.workers(round)["w1"])
		require.Equal(t, 35, w.workers(round)["w2"], "nothing is lost, and nothing waits for the dead")
		for _, r := range w.runs(store.RunFilter{TaskID: round.ID}) {
			if r.State == core.RunSucceeded {
				require.LessOrEqual(t, r.SentAt.Sub(r.Due), core.Lease+2*time.Second)
			}
		}
		require.Equal(t, map[string]int{"w1": 10}, w.workers(pinned))

		link.heal()
		time.Sleep(10 * time.Second)
		require.Equal(t, map[string]int{"w1": 50}, w.workers(pinned), "each waited for its own worker")
	})
}

// Runs planned while nobody was there that could be chosen get their worker when one comes, by their strategy.
func TestUnroutedRunsWaitForAWorker(t *testing.T) {
	virtually(t, func(t *testing.T, w *world) {
		task := w.running(routed(core.Routing{Strategy: core.RouteRoundRobin, Label: "gpu"}))
		other, _ := w.startWorker("w1", 100)
		defer stop(t, other)
		time.Sleep(20*time.Second + 500*time.Millisecond) // between two looks at the workers
		require.Empty(t, w.workers(task))
		_, stopAll := w.startWorkers([]*master.Master{nil}, []string{"w2", "w3"}, labelled("gpu"))
		defer stopAll()
		time.Sleep(10 * time.Second)
		n := w.workers(task)
		require.Equal(t, 30, n["w2"]+n["w3"])
		require.GreaterOrEqual(t, n["w2"], 20, "the first to come took what waited, at once")
		require.GreaterOrEqual(t, n["w3"], 4, "and shares the rest with the second")
	})
}
