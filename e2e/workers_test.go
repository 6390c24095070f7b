package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// spread gives n instants, one every step from first.
func spread(first time.Time, n int, step time.Duration) []time.Time {
	dues := make([]time.Time, n)
	for i := range dues {
		dues[i] = first.Add(time.Duration(i) * step)
	}
	return dues
}

// byWorker counts runs by the worker that did them.
func byWorker(runs []v1.Run) map[string]int {
	n := map[string]int{}
	for _, r := range runs {
		n[r.Worker]++
	}
	return n
}

// Workers share by weight, and a task that names its executors goes to those only.
func TestWorkersShareByWeight(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	m := serve(t, "master", t.TempDir())
	joinWorker(t, m.grpc, "w1")
	joinWorker(t, m.grpc, "w2", "--priority", "3")
	first := time.Now().Add(500 * time.Millisecond)
	m.delayAt(target.URL+"/shared", spread(first, 400, 5*time.Millisecond), object{"topic": "shared"})
	m.delayAt(target.URL+"/pinned", spread(first, 40, 50*time.Millisecond), object{"topic": "pinned", "executors": []string{"w1"}})
	target.await("/shared", 400, soon)
	target.await("/pinned", 40, soon)
	m.delayAt(target.URL+"/either", spread(time.Now(), 200, time.Millisecond), object{"topic": "either", "executors": []string{"w1", "w2"}})
	target.await("/either", 200, soon)
	eventually(t, soon, func() bool { return m.open() == 0 }, "all outcomes are recorded")

	topics := map[string]string{}
	for _, d := range list[v1.DelayedTask](m.api, "/delayed-tasks") {
		topics[d.ID] = d.Topic
	}
	shares := map[string]map[string]int{}
	for topic, runs := range by(list[v1.Run](m.api, "/runs"), func(r v1.Run) string { return topics[r.DelayedTaskID] }) {
		shares[topic] = byWorker(runs)
	}
	require.Equal(t, map[string]int{"w1": 40}, shares["pinned"])
	require.InDelta(t, 100, shares["shared"]["w1"], 20, shares)
	require.InDelta(t, 300, shares["shared"]["w2"], 20, shares)
	require.InDelta(t, 50, shares["either"]["w1"], 30, "drawn by weight: %v", shares) // five standard deviations
	out, err := m.form("/api/delaytask/create", "SourceApp", "a", "Topic", "b", "ContentKey", "c", "DelayTimeSpan", "1",
		"NotifyUrl", target.URL, "NotifyDataType", "application/json", "Executors", "w3")
	require.NoError(t, err)
	require.Equal(t, 5, out.Status)
	require.True(t, strings.HasPrefix(out.Message, `Executors`), out.Message)
}

// A worker that is stopped cleanly finishes what it has, loses nothing, and holds nothing up: what would have been its own
// goes to the other in time.
func TestWorkerDrains(t *testing.T) {
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	release := target.hold("/held")
	m := serve(t, "master", t.TempDir())
	w1 := joinWorker(t, m.grpc, "w1")
	held := m.delayAt(target.URL+"/held", spread(time.Now(), 5, 0), object{"executors": []string{"w1"}})
	target.await("/held", 5, soon)
	joinWorker(t, m.grpc, "w2")
	first := time.Now().Add(100 * time.Millisecond)
	m.delayAt(target.URL+"/any", spread(first, 150, 20*time.Millisecond), nil)
	m.delayAt(target.URL+"/either", spread(first, 60, 50*time.Millisecond), object{"executors": []string{"w1", "w2"}})
	target.await("/any", 20, soon)
	w1.terminate()
	w1.await(1, soon, `"msg":"draining"`)
	target.await("/any", 150, soon)
	target.await("/either", 60, soon)
	release()
	require.Zero(t, w1.exit(soon))
	m.awaitDelayed(core.DelayedSucceeded, held...)
	eventually(t, soon, func() bool { return m.open() == 0 }, "all outcomes are recorded")

	require.Equal(t, 5+150+60, len(target.seen("")), "nothing is sent twice")
	for _, r := range list[v1.Run](m.api, "/runs") {
		require.Equal(t, string(core.RunSucceeded), r.State)
	}
	for _, a := range target.seen("") {
		require.Less(t, a.late(), machine.allows(2*time.Second), "%s is held up", a.path)
	}
	require.False(t, m.nodes()["w1"].Alive)
}

// An operator who asks twice does not wait for what runs: it is cancelled, and done again by another worker.
func TestSecondSignalEndsTheDrain(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	release := target.hold("/held")
	defer release()
	m := serve(t, "master", t.TempDir())
	w1 := joinWorker(t, m.grpc, "w1")
	held := m.delayAt(target.URL+"/held", spread(time.Now(), 3, 0), nil)
	target.await("/held", 3, soon)
	w1.terminate()
	w1.await(1, soon, `"msg":"draining"`)
	w1.terminate()
	w1.await(1, soon, `"msg":"told to stop again: what runs is cancelled"`, `"runs under way":3`)
	require.Zero(t, w1.exit(soon), "long before the 30 s of a drain, and what ran is reported")
	joinWorker(t, m.grpc, "w2")
	target.await("/held", 6, soon)
	release()
	m.awaitDelayed(core.DelayedSucceeded, held...)
}

// Master and worker may be started in any order.
func TestWorkersStartBeforeTheMaster(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	m := &server{role: "master", data: t.TempDir(), listenHTTP: freeAddr(t), listenGRPC: freeAddr(t)}
	w := startWorker(t, m.listenGRPC, "early")
	w.await(2, soon, `"msg":"not connected to a master"`)
	m.start(t)
	w.await(1, soon, `"msg":"connected"`)
	id := m.delay("0.1", target.URL+"/")
	target.await("/", 1, soon)
	m.awaitDelayed(core.DelayedSucceeded, id)
}

// A worker with a wrong token does nothing, says why, and goes on trying.
func TestWrongJoinToken(t *testing.T) {
	t.Parallel()
	m := serve(t, "master", t.TempDir())
	w := start(t, []string{"CARILLON_JOIN_TOKEN=not-the-right-join-token"}, "worker", "--master", m.grpc, "--name", "stranger", "--log-format", "json")
	line := w.await(3, soon, `"level":"ERROR"`, `"msg":"not connected to a master"`)
	require.Contains(t, line, "join token")
	require.Contains(t, line, "CARILLON_JOIN_TOKEN")
	require.NotContains(t, w.stderr.text(), "not-the-right-join-token")
	require.NotContains(t, m.stderr.text(), "not-the-right-join-token")
	require.NotContains(t, m.nodes(), "stranger")
}

// A name belongs to the worker that started last, but the one inside the master's own process keeps its.
func TestWorkerNameIsTaken(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	s := serve(t, "serve", t.TempDir(), "--name", "inside")
	thief := startWorker(t, s.grpc, "inside")
	require.Contains(t, thief.await(1, soon, `"level":"ERROR"`, `"msg":"not connected to a master"`), "give this worker another by --name")
	older := joinWorker(t, s.grpc, "w")
	younger := joinWorker(t, s.grpc, "w")
	require.Contains(t, older.await(1, soon, `"level":"ERROR"`, `"msg":"not connected to a master"`), "another worker of this name is alive")
	s.await(1, soon, "took the name over")
	ids := s.delayAt(target.URL+"/", spread(time.Now(), 20, 0), object{"executors": []string{"w"}})
	target.await("/", 20, soon)
	s.awaitDelayed(core.DelayedSucceeded, ids...)
	younger.stop()
	older.await(1, soon, `"msg":"connected"`, `"worker":"w"`)
	require.Equal(t, 20, len(target.seen("/")))
}

// ScheduleMaster's options start a worker as they always did; those without a meaning are named in the log.
func TestScheduleMasterOptions(t *testing.T) {
	t.Parallel()
	target := newSink(t)
	m := start(t, []string{"CARILLON_ADMIN_PASSWORD=" + password, "CARILLON_JOIN_TOKEN=" + joinToken, "SMCORE_IDENTITY=old-master"},
		"--role=master", "--protocol=http", "--ip=127.0.0.1", "--port=30000", "--data", t.TempDir(), "--http-addr", anyPort, "--grpc-addr", anyPort,
		"--log-format", "json")
	for _, option := range []string{"--protocol", "--ip", "--port"} {
		m.await(1, soon, `"level":"WARN"`, option+" is not used: it was ScheduleMaster's")
	}
	s := &server{process: m}
	s.readAddresses(t)
	w := start(t, []string{"CARILLON_JOIN_TOKEN=" + joinToken, "SMCORE_WORKEROF=" + s.grpc},
		"--identity=old-worker", "--role=worker", "--protocol=http", "--ip=localhost", "--port=30001", "--priority=2", "--maxc=37", "--log-format=json")
	w.await(1, soon, `"msg":"connected"`, `"worker":"old-worker"`, `"master":"old-master"`)
	node := s.nodes()["old-worker"]
	require.Equal(t, []int{2, 37}, []int{node.Weight, node.Slots})
	id := s.delay("0.1", target.URL+"/", "Executors", "old-worker")
	target.await("/", 1, soon)
	s.awaitDelayed(core.DelayedSucceeded, id)
}

// Two servers on one data folder would undo each other's work: the second refuses.
func TestDataFolderIsServedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, "serve", t.TempDir())
	for _, role := range []string{"serve", "master"} {
		second := start(t, nil, role, "--data", s.data, "--http-addr", anyPort, "--grpc-addr", anyPort)
		require.Equal(t, 1, second.exit(soon))
		require.Contains(t, second.stderr.text(), "another carillon process serves this data folder")
		require.Contains(t, second.stderr.text(), s.data)
	}
	require.Equal(t, 1, command(t, "", "migrate", "--data", s.data).status, "nor may the schema be changed under it")
	require.NotEmpty(t, s.nodes(), "the first goes on")
}
