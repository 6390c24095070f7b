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

// A server that is killed again and again under load loses nothing that it acknowledged, and what it repeats it repeats
// under the same key.
func TestKilledUnderLoad(t *testing.T) {
	skipLong(t)
	const kills = 5
	target := newSink(t)
	target.answer("/", func(w http.ResponseWriter, _ *http.Request, a arrival) {
		if a.n%5 == 0 { // so that every kill finds some under way
			select {
			case <-time.After(200 * time.Millisecond):
			case <-target.closing:
			}
		}
		io.WriteString(w, "success")
	})
	s := serveFixed(t, "serve", filepath.Join(t.TempDir(), "data"))
	ticking := s.startTask(httpTask(target.URL+"/tick", object{"kind": "cron", "cron": "* * * * * ?"}, nil))
	work := startLoad(t, s, target.URL+"/")
	for range kills {
		came := len(target.seen("/"))
		target.await("/", came+100+rand.IntN(500), soon)
		s.kill()
		s.launch(t) // and once more amid its start
		time.AfterFunc(rand.N(100*time.Millisecond), s.kill)
		<-s.ended
		s.start(t)
	}
	came := len(target.seen("/"))
	target.await("/", came+200, soon)
	acknowledged := work.stop()
	require.Empty(t, work.refused, "a creation is acknowledged, or the connection breaks")
	eventually(t, 30*time.Second, func() bool { return s.open() == 0 }, "all delayed tasks have ended")
	s.do(http.StatusOK, http.MethodPost, "/tasks/"+ticking+"/stop", nil, nil)

	arrivals := target.seen("/")
	arrived := by(arrivals, func(a arrival) string { return a.delayed })
	tasks := list[v1.DelayedTask](s.api, "/delayed-tasks")
	known := map[string]string{}
	for _, d := range tasks {
		known[d.ContentKey] = d.ID
		require.Equal(t, string(core.DelayedSucceeded), d.State)
	}
	require.Len(t, known, len(tasks), "no creation was made twice")
	for key, id := range acknowledged {
		require.Equal(t, id, known[key], "what was acknowledged is there")
		require.NotEmpty(t, arrived[id], "what was acknowledged arrives")
	}
	for run, same := range by(arrivals, func(a arrival) string { return a.run }) {
		require.Len(t, same, 1, "run %s is one attempt", run)
	}
	runs := list[v1.Run](s.api, "/runs")
	lost := checkOccurrences(t, runs, arrived)
	checkTicks(t, by(runs, func(r v1.Run) string { return r.TaskID })[ticking])
	require.LessOrEqual(t, len(arrivals)-len(arrived), lost, "only what was lost is repeated")
	t.Logf("%d acknowledged, %d unclear; %d arrivals, of which %d repeated; %d runs lost in %d kills",
		len(acknowledged), work.unclear, len(arrivals), len(arrivals)-len(arrived), lost, kills)
	require.Greater(t, len(acknowledged), 500, "the load was none")
}

// checkOccurrences holds the runs of each delayed task against what arrived: attempts without a gap, all but the last
// lost, the last succeeded, all under one key. It gives how many were lost.
func checkOccurrences(t *testing.T, runs []v1.Run, arrived map[string][]arrival) (lost int) {
	t.Helper()
	for id, attempts := range by(runs, func(r v1.Run) string { return r.DelayedTaskID }) {
		if id == "" {
			continue
		}
		sent := map[string]v1.Run{}
		for i, r := range byAttempt(attempts) {
			require.Equal(t, i+1, r.Attempt)
			require.Equal(t, attempts[0].ID, r.OccurrenceID)
			want := core.RunLost
			if i == len(attempts)-1 {
				want = core.RunSucceeded
			} else {
				lost++
			}
			require.Equal(t, string(want), r.State, "%+v", r)
			require.NotEmpty(t, r.Reason)
			sent[r.ID] = r
		}
		for _, a := range arrived[id] {
			require.Equal(t, attempts[0].OccurrenceID, a.key)
			require.Contains(t, sent, a.run)
			require.Equal(t, sent[a.run].Attempt, a.attempt)
		}
		require.Contains(t, by(arrived[id], func(a arrival) string { return a.run }), attempts[len(attempts)-1].ID)
	}
	return lost
}

// checkTicks finds every instant of an every-second schedule in exactly one ended run.
func checkTicks(t *testing.T, runs []v1.Run) {
	t.Helper()
	var last time.Time
	for i := len(runs) - 1; i >= 0; i-- { // they are listed from the latest
		r := runs[i]
		require.True(t, core.RunState(r.State).Final(), "%+v", r)
		if r.Trigger != string(core.TriggerSchedule) {
			continue
		}
		if due := instant(t, r.Due); !last.IsZero() {
			require.Equal(t, time.Second, due.Sub(last), "no instant is lost or doubled")
		}
		last = instant(t, r.Due)
		if r.Count > 1 {
			last = instant(t, r.LastDue)
		}
	}
	require.False(t, last.IsZero())
}
