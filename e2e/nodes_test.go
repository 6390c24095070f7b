package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/rpc"
)

// heeded is within how long what an administrator says of a worker is in force at the worker's master, wherever it was said.
const heeded = 2 * time.Second

// move has a worker enabled, drained or disabled.
func (a *api) move(worker, action string) v1.Node {
	a.t.Helper()
	var n v1.Node
	a.do(http.StatusOK, http.MethodPost, "/nodes/worker/"+worker+"/"+action, nil, &n)
	return n
}

// A worker with --autor=false joins and is seen, and is given nothing until an administrator enables it: neither what is
// anybody's nor what is its own. What was said outlasts the worker's restart.
func TestWorkerWaitsToBeEnabled(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	m := serve(t, "master", t.TempDir())
	w := joinWorker(t, m.grpc, "w1", "--autor=false")
	w.await(1, soon, "until an administrator enables this worker")
	node := m.nodes()["w1"]
	require.Equal(t, []any{"idle", true, rpc.Protocol}, []any{node.State, node.Alive, node.Protocol})
	require.NotEmpty(t, node.Version)
	ids := m.delayAt(target.URL+"/any", spread(time.Now(), 3, 0), nil)
	ids = append(ids, m.delayAt(target.URL+"/own", spread(time.Now(), 3, 0), object{"executors": []string{"w1"}})...)
	time.Sleep(heeded) // that nothing comes is told by no event
	require.Empty(t, target.seen(""))

	enabled := time.Now()
	require.Equal(t, "enabled", m.move("w1", "enable").State)
	for _, a := range append(target.await("/any", 3, soon), target.await("/own", 3, soon)...) {
		require.Less(t, a.at.Sub(enabled), machine.allows(heeded+time.Second))
	}
	m.awaitDelayed(core.DelayedSucceeded, ids...)

	w.stop()
	w = joinWorker(t, m.grpc, "w1", "--autor=false")
	require.Equal(t, "enabled", m.nodes()["w1"].State)
	m.delayAt(target.URL+"/again", spread(time.Now(), 1, 0), nil)
	target.await("/again", 1, soon)
	w.stop()
}

// What is drained or disabled finishes what it has and gets nothing more: its planned runs go to another of their
// executors. Only what is disabled can be deleted while it is alive, and not before it has finished.
func TestWorkerIsTakenOutOfService(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	m := serve(t, "master", t.TempDir())
	w1 := joinWorker(t, m.grpc, "w1", "--labels", "old")
	joinWorker(t, m.grpc, "w2")
	release := target.hold("/held")
	held := m.delayAt(target.URL+"/held", spread(time.Now(), 5, 0), object{"executors": []string{"w1"}})
	target.await("/held", 5, soon)
	later := m.delayAt(target.URL+"/later", spread(time.Now().Add(heeded+2*time.Second), 40, 0), object{"executors": []string{"w1", "w2"}})

	require.Equal(t, "draining", m.move("w1", "drain").State)
	m.do(http.StatusConflict, http.MethodDelete, "/nodes/worker/w1", nil, nil)
	require.Equal(t, "disabled", m.move("w1", "disable").State)
	m.do(http.StatusConflict, http.MethodPost, "/nodes/worker/w1/drain", nil, nil)
	m.do(http.StatusConflict, http.MethodDelete, "/nodes/worker/w1", nil, nil)
	for _, a := range target.await("/later", 40, soon) {
		require.Less(t, a.late(), machine.allows(2*time.Second))
	}
	m.awaitDelayed(core.DelayedSucceeded, later...)
	for _, id := range later {
		require.Equal(t, "w2", m.runsOf(id)[0].Worker)
	}
	release()
	m.awaitDelayed(core.DelayedSucceeded, held...)
	require.Equal(t, 5, len(target.seen("/held")), "what it had it finished")

	m.do(http.StatusNoContent, http.MethodDelete, "/nodes/worker/w1", nil, nil)
	require.Contains(t, w1.await(1, soon, `"level":"ERROR"`, `"msg":"not connected to a master"`), "an administrator deleted")
	w1.await(2, soon, `"msg":"connected"`)
	require.Equal(t, "idle", m.nodes()["w1"].State, "its process came back, and waits to be wanted")
	w1.stop()
	eventually(t, soon, func() bool { return !m.nodes()["w1"].Alive }, "it has left")
	m.do(http.StatusNoContent, http.MethodDelete, "/nodes/worker/w1", nil, nil)
	require.NotContains(t, m.nodes(), "w1")
	joinWorker(t, m.grpc, "w1", "--labels", "new")
	require.Equal(t, []any{"enabled", []string{"new"}}, []any{m.nodes()["w1"].State, m.nodes()["w1"].Labels}, "a later one is new")
}

// Weight and labels are edited while the worker works, and given back to it.
func TestWorkerIsEdited(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	m := serve(t, "master", t.TempDir())
	joinWorker(t, m.grpc, "w1", "--priority", "2", "--labels", "own")
	joinWorker(t, m.grpc, "w2")
	edit := func(change object) (n v1.Node) {
		m.do(http.StatusOK, http.MethodPatch, "/nodes/worker/w1", change, &n)
		return n
	}
	n := edit(object{"weight": 9, "labels": []string{"gpu", "eu"}})
	require.Equal(t, []any{9, []string{"gpu", "eu"}, 2, []string{"own"}}, []any{n.Weight, n.Labels, n.Own.Weight, n.Own.Labels})
	m.await(1, soon, "what is in force of a worker has changed")
	ids := m.delayAt(target.URL+"/", spread(time.Now(), 100, 0), nil)
	m.awaitDelayed(core.DelayedSucceeded, ids...)
	require.InDelta(t, 90, byWorker(list[v1.Run](m.api, "/runs"))["w1"], 5)

	n = edit(object{"weight": nil})
	require.Equal(t, []any{2, []string{"gpu", "eu"}}, []any{n.Weight, n.Labels})
	n = edit(object{"labels": nil})
	require.Equal(t, []string{"own"}, n.Labels)
	require.Nil(t, n.Admin)
}
