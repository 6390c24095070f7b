package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	v1 "github.com/carillonhq/carillon/master/api/v1"
	"github.com/carillonhq/carillon/store"
)

// outages are the ways in which a database gets out of a master's reach.
func outages() map[string]func(*way) {
	return map[string]func(*way){"refused": (*way).refuse, "swallowed": (*way).swallow}
}

// eachOutage runs a test for each server and way of losing it, with a master that reaches its database over a way of its own.
func eachOutage(t *testing.T, test func(t *testing.T, m *server, w *way, lose func())) {
	t.Helper()
	skipLong(t)
	for _, kind := range []string{store.Postgres, store.MySQL} {
		for how, lose := range outages() {
			t.Run(kind+"/"+how, func(t *testing.T) {
				t.Parallel()
				u := testdb.URL(t, kind)
				w := newWay(t, u)
				m := serve(t, "master", t.TempDir(), "--name", "m1", "--database", u.String())
				test(t, m, w, func() { lose(w) })
			})
		}
	}
}

// A database that is out of reach for longer than a lease: callers are told so within a bound, and once it is back all goes
// on by itself. No firing is without its record, and what is sent twice is sent under the same key.
func TestDatabaseIsLost(t *testing.T) {
	t.Parallel()
	const (
		outage  = 15 * time.Second
		bound   = core.Lease + 2*time.Second // the timeout of a transaction, and a moment
		resumes = 10 * time.Second
	)
	eachOutage(t, func(t *testing.T, m *server, w *way, lose func()) {
		machine := watchMachine(t)
		target := newSink(t)
		joinWorker(t, m.grpc, "w1")
		every := object{"kind": "cron", "cron": "* * * * * ?"}
		late := m.startTask(httpTask(target.URL+"/late", every, object{"overlap": "allow"}))
		strict := m.startTask(httpTask(target.URL+"/strict", every, object{"overlap": "allow", "misfireAfter": "4s"}))
		delayed := m.delayAt(target.URL+"/delayed", spread(time.Now().Add(2*time.Second), 50, 500*time.Millisecond), nil)
		release, finish := target.hold("/held"), target.hold("/ends")
		held := m.delayAt(target.URL+"/held", spread(time.Now(), 3, 0), nil)
		ends := m.delayAt(target.URL+"/ends", spread(time.Now(), 3, 0), nil)
		target.await("/held", 3, soon)
		target.await("/ends", 3, soon)
		target.await("/late", 3, soon)
		target.await("/strict", 3, soon)

		lose()
		lost := time.Now()
		asked := probeOutage(m, target.URL, bound)
		m.await(1, soon, `"level":"ERROR"`) // it has noticed
		finish()                            // answered while there is nowhere to record it
		<-time.After(time.Until(lost.Add(outage)))
		asked.stop()
		w.open()
		back := time.Now()
		machine.eventually(t, resumes, func() bool { return m.answers("/ready", 200, `"ok"`) == nil }, "it is ready again")
		ready := time.Since(back)
		asked.check(t, machine)
		for _, path := range []string{"/late", "/strict"} {
			ahead := time.Now()
			target.await(path, len(target.seen(path))+3, soon)
			require.Less(t, time.Since(ahead), machine.allows(resumes), "%s goes on", path)
		}
		id := m.delayAt(target.URL+"/after", spread(time.Now(), 1, 0), nil)
		after := target.await("/after", 1, soon)[0]
		require.Less(t, after.late(), machine.allows(resumes))
		t.Logf("ready %.2f s after the database was back; callbacks go on %.2f s after", ready.Seconds(), time.Since(back).Seconds())
		release()
		for _, ids := range [][]string{delayed, held, ends, id} {
			m.awaitDelayed(core.DelayedSucceeded, ids...)
		}
		for _, id := range []string{late, strict} {
			m.do(200, "POST", "/tasks/"+id+"/stop", nil, nil)
		}
		eventually(t, soon, func() bool { return m.open() == 0 && m.openRuns() == 0 }, "every run has its outcome")

		runs := by(list[v1.Run](m.api, "/runs"), func(r v1.Run) string { return r.TaskID + r.DelayedTaskID })
		arrived := by(target.seen(""), func(a arrival) string { return a.key })
		for name, id := range map[string]string{"late": late, "strict": strict} {
			checkInstants(t, runs[id])
			how := firings(runs[id])
			t.Logf("%s: %v", name, how)
			// What the outage held up is younger than 60 s, and older than 4 s for the most part.
			require.Equal(t, name == "strict", how["missed"] > 0, "misfireAfter decides: %v", how)
		}
		repeats := func(ids []string) (n int) {
			for _, id := range ids {
				attempts := byAttempt(runs[id])
				n += checkOccurrence(t, attempts, arrived[attempts[0].OccurrenceID])
			}
			return n
		}
		for run, same := range by(target.seen(""), func(a arrival) string { return a.run }) {
			require.Len(t, same, 1, "run %s is one attempt", run)
		}
		require.Zero(t, repeats(delayed), "what came due in the outage is sent once")
		// A recorder that waits for a database which swallowed its transaction may come later than the rescuer. Then what the
		// worker was given up with is done again, under the same key; checkOccurrence sees to that.
		again := repeats(ends)
		t.Logf("of the outcomes of the outage %d were not recorded in time and are repeated", again)
		require.True(t, again == 0 || strings.HasSuffix(t.Name(), "/swallowed"), "an outcome of the outage is recorded after it")
		require.Equal(t, len(held), repeats(held), "a worker does not go on with what its lease no longer covers")
		require.Len(t, target.seen("/held"), 2*len(held))
	})
}

// A database that is away for less than what leases have left costs no run: what workers have they keep.
func TestDatabaseIsLostForAMoment(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Skip("leases have a few seconds left, which the race detector takes for itself; this test runs without it")
	}
	eachOutage(t, func(t *testing.T, m *server, w *way, lose func()) {
		target := newSink(t)
		joinWorker(t, m.grpc, "w1")
		release, finish := target.hold("/held"), target.hold("/ends")
		held := m.delayAt(target.URL+"/held", spread(time.Now(), 3, 0), nil)
		ends := m.delayAt(target.URL+"/ends", spread(time.Now(), 3, 0), nil)
		delayed := m.delayAt(target.URL+"/delayed", spread(time.Now(), 30, 200*time.Millisecond), nil)
		target.await("/held", 3, soon)
		target.await("/ends", 3, soon)
		lose()
		finish()
		time.Sleep(2 * time.Second) // how long it lasts is what this is about
		w.open()
		m.awaitDelayed(core.DelayedSucceeded, append(ends, delayed...)...)
		<-time.After(core.Lease) // whoever was to be given up would be by now
		release()
		m.awaitDelayed(core.DelayedSucceeded, held...)
		for _, id := range append(append(held, ends...), delayed...) {
			require.Equal(t, []string{"succeeded delayed"}, outcomes(m.runsOf(id)))
		}
		require.Len(t, target.seen(""), 36)
	})
}

// firings counts the firings of a task by how they ended; those planned ahead and withdrawn by its stop are none.
func firings(runs []v1.Run) map[string]int {
	n := map[string]int{}
	for _, r := range runs {
		if r.State != string(core.RunCancelled) {
			n[r.State] += r.Count
		}
	}
	return n
}

// openRuns counts the runs without an outcome.
func (a *api) openRuns() int {
	a.t.Helper()
	n := 0
	for _, r := range list[v1.Run](a, "/runs") {
		if !core.RunState(r.State).Final() {
			n++
		}
	}
	return n
}
