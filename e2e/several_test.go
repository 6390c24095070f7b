package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// several starts masters on one database, named m1, m2 and so on, at addresses that stay theirs.
func several(t *testing.T, kind string, n int) []*server {
	t.Helper()
	u := testdb.URL(t, kind).String()
	all := make([]*server, n)
	for i := range all {
		all[i] = serveFixed(t, "master", t.TempDir(), "--name", "m"+string(rune('1'+i)), "--database", u)
	}
	return all
}

// eachServer runs a test on every database server that there is.
func eachServer(t *testing.T, test func(t *testing.T, kind string)) {
	t.Helper()
	for _, kind := range []string{store.Postgres, store.MySQL} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

// lateness puts how late callbacks came in order.
func lateness(arrivals []arrival) []time.Duration {
	late := make([]time.Duration, len(arrivals))
	for i, a := range arrivals {
		late[i] = a.late()
	}
	slices.Sort(late)
	return late
}

// A delayed task is created at one master and the only worker is with the other. It is on time.
func TestDelayedTaskIsPunctualThroughAnotherMaster(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, kind string) {
		machine := watchMachine(t)
		target := newSink(t)
		masters := several(t, kind, 2)
		joinWorker(t, masters[1].grpc, "w1")
		const n = 20
		for i := range n {
			masters[0].delay("1", target.URL+"/")
			target.await("/", i+1, soon) // one after the other, so that none is found along with others
		}
		arrivals := target.await("/", n, soon)
		late := lateness(arrivals)
		t.Logf("due in 1 s, created at the other master: half within %s, all within %s", late[n/2], late[n-1])
		for _, a := range arrivals {
			require.GreaterOrEqual(t, a.late(), time.Duration(0))
			require.LessOrEqual(t, a.late(), machine.allows(2*time.Second))
		}
	})
}

// Somebody asks one master to end a run that a worker of the other has.
func TestCancelReachesAnotherMastersWorker(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, kind string) {
		machine := watchMachine(t)
		target := newSink(t)
		left := make(chan time.Time, 1)
		target.answer("/held", func(_ http.ResponseWriter, r *http.Request, _ arrival) {
			select {
			case <-r.Context().Done():
				left <- time.Now()
			case <-target.closing:
			}
		})
		masters := several(t, kind, 2)
		joinWorker(t, masters[1].grpc, "w1")
		id := masters[1].delayAt(target.URL+"/held", spread(time.Now(), 1, 0), nil)[0]
		run := target.await("/held", 1, soon)[0].run
		asked := time.Now()
		masters[0].do(http.StatusAccepted, http.MethodPost, "/runs/"+run+"/cancel", object{"reason": "not needed"}, nil)
		select {
		case at := <-left:
			t.Logf("the target saw the caller leave %s after it was asked for", at.Sub(asked))
			require.Less(t, at.Sub(asked), machine.allows(5*time.Second))
		case <-time.After(soon):
			require.FailNow(t, "the request went on")
		}
		masters[0].awaitDelayed(core.DelayedVoided, id)
		require.Equal(t, []string{"cancelled delayed"}, outcomes(masters[0].runsOf(id)))
		require.Len(t, target.seen("/held"), 1)
	})
}

// A worker with a long run whose master is killed goes to the next in its list, finishes there, and the run has one record.
func TestWorkerMovesOnWhenItsMasterIsKilled(t *testing.T) {
	skipLong(t)
	t.Parallel()
	eachServer(t, func(t *testing.T, kind string) {
		target := newSink(t)
		release := target.hold("/held")
		masters := several(t, kind, 2)
		w := joinWorker(t, masters[0].grpc+","+masters[1].grpc, "w1")
		held := masters[0].delayAt(target.URL+"/held", spread(time.Now(), 5, 0), nil)
		target.await("/held", 5, soon)
		goes, stays := masters[0], masters[1]
		if strings.Contains(w.await(1, soon, `"msg":"connected"`), `"master":"m2"`) { // it begins with any of its list
			goes, stays = stays, goes
		}
		killed := time.Now()
		goes.kill()
		w.await(2, soon, `"msg":"connected"`)
		t.Logf("with the other master %s after the kill", time.Since(killed))
		meanwhile := stays.delayAt(target.URL+"/meanwhile", spread(time.Now(), 20, 100*time.Millisecond), nil)
		stays.awaitDelayed(core.DelayedSucceeded, meanwhile...)
		// The run outlasts the lease that the dead master had renewed, and that master's own.
		<-time.After(time.Until(killed.Add(recovered)))
		stays.await(1, soon, `"msg":"node is gone; what it held is given on"`, `"kind":"master"`)
		release()
		stays.awaitDelayed(core.DelayedSucceeded, held...)
		for _, id := range append(held, meanwhile...) {
			require.Equal(t, []string{"succeeded delayed"}, outcomes(stays.runsOf(id)))
		}
		require.Len(t, target.seen(""), 25)
		require.NotContains(t, w.stderr.text(), "no master renewed the lease")
	})
}
