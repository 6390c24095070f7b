package e2e

import (
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

const loadPace = 25 * time.Millisecond

// slowly makes every fifth answer of a path take a while, so that whatever ends ends with some under way.
func slowly(s *sink, path string) {
	s.answer(path, func(w http.ResponseWriter, r *http.Request, a arrival) {
		if a.n%5 == 0 {
			select {
			case <-time.After(200 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
		io.WriteString(w, "success")
	})
}

// A server that is killed again and again under load, and amid its start, loses nothing that it acknowledged, and what it
// repeats it repeats under the same key.
func TestKilledUnderLoad(t *testing.T) {
	skipLong(t)
	const kills = 5
	machine := watchMachine(t)
	target := newSink(t)
	slowly(target, "/")
	s := serveFixed(t, "serve", filepath.Join(t.TempDir(), "data"))
	ticks := startTicks(s, target, machine)
	work := startLoad(t, s, target.URL+"/", loadPace)
	for range kills {
		target.await("/", len(target.seen("/"))+100+rand.IntN(500), soon)
		s.kill()
		s.launch(t)
		time.AfterFunc(rand.N(100*time.Millisecond), s.kill)
		<-s.ended
		s.start(t)
	}
	target.await("/", len(target.seen("/"))+200, soon)
	acknowledged := work.stop()
	eventually(t, 2*soon, func() bool { return s.open() == 0 }, "all delayed tasks have ended")

	lost, repeated := checkLoad(t, s, work, target)
	require.LessOrEqual(t, repeated, lost, "only what was lost is repeated")
	ticks.check(t, s)
	t.Logf("%d acknowledged, %d unclear; %d callbacks repeated; %d runs lost in %d kills", len(acknowledged), work.unclear, repeated, lost, kills)
}

// A server that is stopped cleanly again and again under load loses nothing, repeats nothing and holds nothing up but for
// the time that it is down.
func TestStoppedUnderLoad(t *testing.T) {
	skipLong(t)
	machine := watchMachine(t)
	target := newSink(t)
	slowly(target, "/")
	s := serveFixed(t, "serve", t.TempDir())
	work := startLoad(t, s, target.URL+"/", loadPace)
	var down time.Duration // the longest
	for range 3 {
		target.await("/", len(target.seen("/"))+200+rand.IntN(300), soon)
		began := time.Now()
		s.stop()
		s.start(t)
		down = max(down, time.Since(began))
	}
	target.await("/", len(target.seen("/"))+200, soon)
	acknowledged := work.stop()
	eventually(t, soon, func() bool { return s.open() == 0 }, "all delayed tasks have ended")
	lost, repeated := checkLoad(t, s, work, target)
	require.Zero(t, lost)
	require.Zero(t, repeated)
	for _, a := range target.seen("/") {
		require.Less(t, a.late(), down+machine.allows(time.Second))
	}
	t.Logf("%d acknowledged, %d unclear; down for up to %s", len(acknowledged), work.unclear, down)
}

// checkLoad holds all that the load created, every run of it and every callback against each other.
func checkLoad(t *testing.T, s *server, work *load, target *sink) (lost, repeated int) {
	t.Helper()
	require.Empty(t, work.refused, "a creation is acknowledged, or the connection breaks")
	require.Greater(t, len(work.created), 500, "the load was none")
	arrivals := target.seen("/")
	arrived := by(arrivals, func(a arrival) string { return a.delayed })
	known := map[string]string{}
	tasks := list[v1.DelayedTask](s.api, "/delayed-tasks")
	for _, d := range tasks {
		known[d.ContentKey] = d.ID
		require.Equal(t, string(core.DelayedSucceeded), d.State)
	}
	require.Equal(t, len(tasks), len(known), "no creation was made twice")
	for key, id := range work.created {
		require.Equal(t, id, known[key], "what was acknowledged is there")
		require.NotEmpty(t, arrived[id], "what was acknowledged arrives")
	}
	for run, same := range by(arrivals, func(a arrival) string { return a.run }) {
		require.Len(t, same, 1, "run %s is one attempt", run)
	}
	byTask := by(list[v1.Run](s.api, "/runs"), func(r v1.Run) string { return r.DelayedTaskID })
	delete(byTask, "")
	require.Equal(t, len(tasks), len(byTask))
	for id, attempts := range byTask {
		lost += checkOccurrence(t, byAttempt(attempts), arrived[id])
	}
	return lost, len(arrivals) - len(arrived)
}

// checkOccurrence holds the runs of one occurrence against what arrived: attempts without a gap, all but the last lost,
// the last succeeded, all under one key. It gives how many were lost.
func checkOccurrence(t *testing.T, attempts []v1.Run, arrived []arrival) (lost int) {
	t.Helper()
	last := len(attempts) - 1
	sent := map[string]v1.Run{}
	for i, r := range attempts {
		want := core.RunLost
		if i == last {
			want = core.RunSucceeded
		}
		require.Equal(t, []any{i + 1, attempts[0].ID, string(want)}, []any{r.Attempt, r.OccurrenceID, r.State}, "%+v", r)
		require.NotEmpty(t, r.Reason)
		sent[r.ID] = r
	}
	seen := map[string]bool{}
	for _, a := range arrived {
		seen[a.run] = true
		require.Contains(t, sent, a.run)
		require.Equal(t, []any{attempts[0].OccurrenceID, sent[a.run].Attempt}, []any{a.key, a.attempt})
	}
	require.True(t, seen[attempts[last].ID], "a run that succeeded arrived")
	return last
}
