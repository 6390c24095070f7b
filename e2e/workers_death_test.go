package e2e

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// recovered is how long after a worker's death its runs may be with another: the lease, and a moment to notice and send.
const recovered = core.Lease + 2*time.Second

// Of three workers one is killed and one is frozen. What they had comes to the third within the lease, under the same
// keys; nothing else is repeated or held up; and when the frozen one wakes, its word no longer counts.
func TestWorkersDie(t *testing.T) {
	skipLong(t)
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	release := target.hold("/held")
	m := serve(t, "master", t.TempDir())
	killed, frozen := joinWorker(t, m.grpc, "killed"), joinWorker(t, m.grpc, "frozen")
	joinWorker(t, m.grpc, "alive")
	held := m.delayAt(target.URL+"/held", spread(time.Now(), 30, 0), nil)
	before := target.await("/held", 30, soon)
	worker := map[string]string{}
	for _, r := range list[v1.Run](m.api, "/runs") {
		worker[r.ID] = r.Worker
	}

	died := time.Now()
	killed.kill()
	require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGSTOP))
	var redone int
	for _, a := range before {
		if worker[a.run] != "alive" {
			redone++
		}
	}
	require.Equal(t, 20, redone, "equal weights, equal shares")
	dues := spread(time.Now(), 100, 50*time.Millisecond)
	either := m.delayAt(target.URL+"/either", dues, object{"executors": []string{"killed", "alive"}})

	after := target.await("/held", 50, recovered+soon)
	target.await("/either", 100, recovered+soon)
	first := by(before, func(a arrival) string { return a.key })
	for _, a := range after[30:] {
		was := first[a.key][0]
		require.NotEqual(t, "alive", worker[was.run], "what the living worker has is not repeated")
		require.Equal(t, []any{2, was.delayed}, []any{a.attempt, a.delayed})
		require.Less(t, a.at.Sub(died), machine.allows(recovered))
	}
	for _, a := range target.seen("/either") {
		require.Less(t, a.late(), machine.allows(recovered))
	}
	require.NoError(t, frozen.cmd.Process.Signal(syscall.SIGCONT))
	frozen.await(1, soon, "no master renewed the lease in time", `"cancelled":10`)
	frozen.await(2, soon, `"msg":"connected"`)
	release()
	m.awaitDelayed(core.DelayedSucceeded, append(held, either...)...)

	require.Equal(t, 50, len(target.seen("/held")), "each that was lost is done again once")
	require.Equal(t, 100, len(target.seen("/either")))
	for _, id := range held {
		runs := m.runsOf(id)
		if len(runs) == 2 {
			require.Equal(t, []string{"lost delayed", "succeeded retry"}, outcomes(runs))
			require.Equal(t, "alive", runs[1].Worker)
		} else {
			require.Equal(t, []string{"succeeded delayed"}, outcomes(runs))
		}
	}
	m.await(1, soon, "a report was superseded")
}

// A master that is killed finds its workers again, and they go on with what they were doing: nothing of it is repeated.
func TestMasterIsKilled(t *testing.T) {
	skipLong(t)
	t.Parallel()
	target := newSink(t)
	release := target.hold("/held")
	m := serveFixed(t, "master", t.TempDir())
	workers := []*process{joinWorker(t, m.grpc, "w1"), joinWorker(t, m.grpc, "w2")}
	held := m.delayAt(target.URL+"/held", spread(time.Now(), 20, 0), nil)
	meanwhile := m.delayAt(target.URL+"/meanwhile", spread(time.Now().Add(time.Second), 100, 20*time.Millisecond), nil)
	short := target.hold("/ends")
	ends := m.delayAt(target.URL+"/ends", spread(time.Now(), 4, 0), nil)
	target.await("/held", 20, soon)
	target.await("/ends", 4, soon)
	m.kill()
	short() // answered while there is no master to tell
	for _, w := range workers {
		w.await(2, soon, `"msg":"not connected to a master"`)
	}
	m.start(t)
	for _, w := range workers {
		w.await(2, soon, `"msg":"connected"`)
	}
	// Two heartbeats later each worker has said what it holds, and kept its lease by it.
	joined := m.nodes()
	for _, name := range []string{"w1", "w2"} {
		eventually(t, soon, func() bool {
			now := m.nodes()[name]
			return now.Running == 10 && instant(t, now.LeaseUntil).Sub(instant(t, joined[name].LeaseUntil)) > core.HeartbeatEvery
		}, "%s has reported what it holds", name)
	}
	release()
	m.awaitDelayed(core.DelayedSucceeded, append(append(held, ends...), meanwhile...)...)
	for _, id := range append(held, ends...) {
		require.Equal(t, []string{"succeeded delayed"}, outcomes(m.runsOf(id)))
	}
	require.Equal(t, 20, len(target.seen("/held")))
	require.Equal(t, 4, len(target.seen("/ends")))
	for run, same := range by(target.seen("/meanwhile"), func(a arrival) string { return a.run }) {
		require.Len(t, same, 1, "run %s", run)
	}
}

// Under load, whichever process of a cluster is killed and started again, nothing is lost, and nothing is held up by more
// than the lease.
func TestClusterUnderLoad(t *testing.T) {
	skipLong(t)
	t.Parallel()
	machine := watchMachine(t)
	target := newSink(t)
	slowly(target, "/")
	m := serveFixed(t, "master", t.TempDir())
	workers := map[string]*process{"w1": joinWorker(t, m.grpc, "w1"), "w2": joinWorker(t, m.grpc, "w2")}
	work := startLoad(t, m, target.URL+"/", 4*loadPace)
	for _, victim := range []string{"w1", "master", "w2", "master", "w1"} {
		target.await("/", len(target.seen("/"))+100+rand.IntN(100), soon)
		if w := workers[victim]; w != nil {
			w.kill()
			workers[victim] = joinWorker(t, m.grpc, victim)
			continue
		}
		m.kill()
		m.start(t)
	}
	target.await("/", len(target.seen("/"))+100, soon)
	acknowledged := work.stop()
	eventually(t, recovered+soon, func() bool { return m.open() == 0 }, "all delayed tasks have ended")
	lost, repeated := checkLoad(t, m, work, target)
	require.LessOrEqual(t, repeated, lost, "only what was lost is repeated")
	for _, a := range target.seen("/") {
		// A master that starts gives those who live 7 s to come before it judges: a worker's death and the master's add up.
		require.Less(t, a.late(), machine.allows(recovered+7*time.Second), "%+v", a)
	}
	t.Logf("%d acknowledged, %d unclear; %d callbacks repeated; %d runs lost", len(acknowledged), work.unclear, repeated, lost)
}
