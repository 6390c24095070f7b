package e2e

import (
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// ticks are tasks that fire every second while something is done to the server: one with a child, which forbids overlap
// and takes a good part of its second, and one that asks for at most once.
type ticks struct {
	target              *sink
	machine             *machine
	parent, child, once string

	mu   sync.Mutex
	runs [][2]time.Time // from when to when the parent's target was busy
}

func startTicks(s *server, target *sink, machine *machine) *ticks {
	k := &ticks{target: target, machine: machine}
	every := object{"kind": "cron", "cron": "* * * * * ?"}
	target.answer("/parent", func(w http.ResponseWriter, r *http.Request, a arrival) {
		select {
		case <-time.After(400 * time.Millisecond):
		case <-r.Context().Done():
		}
		k.mu.Lock()
		k.runs = append(k.runs, [2]time.Time{a.at, time.Now()})
		k.mu.Unlock()
		io.WriteString(w, "success")
	})
	k.child = s.startTask(httpTask(target.URL+"/child", object{"kind": "cron", "cron": "0 0 0 1 1 ? 2199"}, object{"overlap": "allow"}))
	k.parent = s.startTask(httpTask(target.URL+"/parent", every, object{"children": []string{k.child}}))
	k.once = s.startTask(httpTask(target.URL+"/once", every, object{"atMostOnce": true}))
	return k
}

// check stops the tasks and holds their runs against the schedule, each other and what arrived.
func (k *ticks) check(t *testing.T, s *server) {
	t.Helper()
	for _, id := range []string{k.parent, k.once} {
		s.do(http.StatusOK, http.MethodPost, "/tasks/"+id+"/stop", nil, nil)
	}
	var runs map[string][]v1.Run
	eventually(t, soon, func() bool {
		all := list[v1.Run](s.api, "/runs")
		runs = by(all, func(r v1.Run) string { return r.TaskID })
		return len(by(all, func(r v1.Run) bool { return core.RunState(r.State).Final() })[false]) == 0
	}, "every run has an outcome")
	checkInstants(t, runs[k.parent])
	checkInstants(t, runs[k.once])

	children := by(runs[k.child], func(r v1.Run) string { return r.ParentRunID })
	for _, r := range runs[k.parent] {
		want := 0
		if r.State == string(core.RunSucceeded) {
			want = 1
		}
		attempts := children[r.ID]
		require.Equal(t, want, len(by(attempts, func(r v1.Run) string { return r.OccurrenceID })), "children of %+v: %+v", r, attempts)
		if want == 1 {
			checkOccurrence(t, byAttempt(attempts), by(k.target.seen("/child"), func(a arrival) string { return a.key })[attempts[0].OccurrenceID])
		}
	}
	for key, same := range by(k.target.seen("/once"), func(a arrival) string { return a.key }) {
		require.Len(t, same, 1, "at most once: %s", key)
	}
	for i, run := range k.runs[1:] {
		// The target hears of the death of a caller a moment after it.
		require.Less(t, k.runs[i][1].Sub(run[0]), k.machine.allows(50*time.Millisecond), "two runs of a task at once")
	}
}

// checkInstants finds every instant of an every-second schedule in exactly one run.
func checkInstants(t *testing.T, runs []v1.Run) {
	t.Helper()
	var last time.Time
	for i := len(runs) - 1; i >= 0; i-- { // they are listed from the latest
		r := runs[i]
		if r.Trigger != string(core.TriggerSchedule) {
			continue
		}
		if due := instant(t, r.Due); !last.IsZero() {
			require.Equal(t, time.Second, due.Sub(last), "no instant is lost or doubled")
		}
		if last = instant(t, r.Due); r.Count > 1 {
			last = instant(t, r.LastDue)
		}
	}
	require.False(t, last.IsZero())
}
