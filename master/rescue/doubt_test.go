package rescue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// watch has a rescuer look again and again at a worker whose lease ran out.
type watch struct {
	t *testing.T
	c *cluster
	r *Rescuer
}

func newWatch(t *testing.T, begin func(*cluster) (*Rescuer, *told)) *watch {
	t.Helper()
	c := newCluster()
	c.expired = []core.Node{{Kind: core.NodeWorker, Incarnation: "a", LeaseUntil: now.Add(-time.Second)}}
	r, _ := begin(c)
	return &watch{t, c, r}
}

// look lets time pass and says whether the worker is given up then.
func (w *watch) look(after time.Duration) bool {
	w.t.Helper()
	w.c.passed += after
	w.c.recovered = nil
	require.Equal(w.t, w.c.failing["nodes"], w.r.RunOnce(w.t.Context()))
	return w.c.recovered != nil
}

// renewed sets how long ago this master renewed its own lease.
func (w *watch) renewed(ago time.Duration) {
	w.c.nodes = []core.Node{{Kind: core.NodeMaster, Name: "m1", Incarnation: "mine", LeaseUntil: w.c.Now().Add(core.Lease - ago)}}
}

// While the database was away no lease was renewed and no outcome recorded. Both are given a moment before anybody is judged.
func TestWhoCouldNotLookDoesNotJudgeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWatch(t, rescuer)
	require.True(t, w.look(time.Second))
	w.c.failing["nodes"] = errAway
	for range 10 {
		require.False(t, w.look(time.Second))
	}
	delete(w.c.failing, "nodes")
	require.False(t, w.look(time.Second), "it sees the nodes again")
	require.False(t, w.look(grace-time.Millisecond))
	require.True(t, w.look(time.Millisecond))
	require.True(t, w.look(blind), "a slow pass is no outage")
	require.False(t, w.look(2*blind))
	require.True(t, w.look(2*blind), "one that is always out of touch judges every other time")
}

// Nor does a master that starts know who could have renewed a lease before.
func TestWhoStartsDoesNotJudgeAtOnce(t *testing.T) {
	t.Parallel()
	w := newWatch(t, starting)
	require.False(t, w.look(0))
	require.False(t, w.look(grace-time.Millisecond))
	require.True(t, w.look(time.Millisecond))
}

// A database that is read and takes no writes, as one whose disk is full, lets nobody renew a lease either.
func TestWhoCannotRenewItsOwnLeaseDoesNotJudge(t *testing.T) {
	t.Parallel()
	w := newWatch(t, rescuer)
	w.renewed(mute)
	require.True(t, w.look(0), "one renewal that failed is nothing")
	for range 60 {
		require.False(t, w.look(time.Second), "for as long as that lasts")
	}
	w.renewed(0)
	for range int(grace/time.Second) - 1 {
		require.False(t, w.look(time.Second), "the others are given a moment")
	}
	w.renewed(0)
	require.True(t, w.look(time.Second))
}

// A master that is always late with its lease, and never too late, judges now and then.
func TestWhoIsAlwaysLateJudges(t *testing.T) {
	t.Parallel()
	w := newWatch(t, rescuer)
	judged := 0
	for range 100 {
		w.renewed(mute)
		if w.look(time.Second) {
			judged++
		}
	}
	require.InDelta(t, 100*time.Second/(longestDoubt+grace), judged, 1)
}

// What is known to be gone needs no judging: those who ended their lease, and who holds runs without any.
func TestWhatIsKnownToBeGoneIsRecoveredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWatch(t, starting)
	w.c.expired = append(w.c.expired, core.Node{Incarnation: "b"})
	require.True(t, w.look(0))
	require.Equal(t, []string{"b"}, w.c.recovered)
}

// A broadcast is not taken from a worker that only could not renew its lease.
func TestBroadcastsAreNotGivenUpInDoubt(t *testing.T) {
	t.Parallel()
	w := newWatch(t, starting)
	broadcast := waiting("run-1", "w1")
	broadcast.Destination.Routing.Strategy, broadcast.FireAt = core.RouteBroadcast, now.Add(-time.Hour)
	w.c.stranded = []store.Stranded{broadcast}
	w.look(0)
	require.Empty(t, w.c.moved)
	w.look(grace)
	require.Len(t, w.c.moved, 1)
}
