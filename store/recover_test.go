package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

func TestDeadWorker(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, begun := range map[string]bool{"before it began": false, "while it ran": true} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(func(k *core.Task) { k.Children = []string{k.ID} })
				b.plan(k, testdb.Now().Add(-time.Minute))
				d := b.delayed()
				other := b.give("m2", "w2", b.reserveOf(b.plan(b.task(), testdb.Now()).ID)...)
				sent := b.dispatch()
				require.Len(t, sent, 2)
				if begun {
					b.started(sent...)
				}

				lost := b.die(worker)
				require.Len(t, lost, 2)
				require.Equal(t, other[0].ID, b.guards()[other[0].TaskID], "another worker's runs are left alone")
				require.Len(t, b.guards(), 1)
				for _, r := range sent {
					got := b.run(r.ID)
					require.Equal(t, core.RunLost, got.State)
					require.Contains(t, got.Result.Reason, "went away")
					require.False(t, got.RecordedAt.IsZero())
					require.Equal(t, begun, !got.SentAt.IsZero())
				}
				again := b.reserve("m2")
				require.Len(t, again, 2)
				for _, r := range again {
					i := slices.IndexFunc(sent, func(s store.Handout) bool { return s.TaskID == r.TaskID })
					was := sent[i]
					require.Equal(t, was.ID, r.OccurrenceID, "the same occurrence")
					require.Equal(t, core.TriggerRetry, r.Trigger)
					require.Equal(t, 2, r.Attempt)
					require.Equal(t, 0, r.Retry, "it counts as no retry")
					require.True(t, r.Due.Equal(was.Due), "the due instant is never rewritten")
					require.True(t, r.FireAt.Equal(b.run(was.ID).RecordedAt), "it is sent at once")
				}
				require.Empty(t, b.notices())
				require.Equal(t, core.DelayedReady, b.delayedTask(d.ID).State)
				for _, r := range b.give("m2", "w2", again...) {
					b.end(r, core.RunSucceeded)
				}
				require.Equal(t, core.DelayedSucceeded, b.delayedTask(d.ID).State)
				require.EqualValues(t, 2, b.delayedTask(d.ID).Runs)
			})
		}
	})
}

// reserveOf has the second master reserve what is due, and gives one run back with all others released.
func (b *bundle) reserveOf(id string) []*store.Reserved {
	b.t.Helper()
	var mine []*store.Reserved
	var rest []*core.Run
	for _, r := range b.reserve("m2") {
		if r.ID == id {
			mine = append(mine, r)
		} else {
			rest = append(rest, r.Run)
		}
	}
	require.NoError(b.t, b.Release(b.ctx, "m2", rest))
	return mine
}

func TestAtMostOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		for name, lose := range map[string]func(b *bundle, r store.Handout){
			"its worker dies":         func(b *bundle, _ store.Handout) { b.die(worker) },
			"its worker dies running": func(b *bundle, r store.Handout) { b.started(r); b.die(worker) },
			"its worker has not got it": func(b *bundle, _ store.Handout) {
				_, err := b.Reconcile(b.ctx, worker, nil, testdb.AnyWorker)
				require.NoError(b.t, err)
			},
			"its worker gives it up running": func(b *bundle, r store.Handout) {
				b.started(r)
				require.NoError(b.t, b.Return(b.ctx, held(r), testdb.AnyWorker))
			},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				k := b.task(atMostOnce, retrying)
				b.plan(k, testdb.Now())
				r := b.one()
				b.ForgetDefinitions()
				lose(b, r)
				b.none()
				require.Empty(t, b.guards())
				got := b.run(r.ID)
				require.Equal(t, core.RunLost, got.State)
				require.Contains(t, got.Result.Reason, "at most once")
				require.Equal(t, []string{r.ID}, b.notices())
			})
		}
	})
}

// A recovery run keeps its place in the retry policy: it is followed by the retry that the lost run would have had.
func TestRecoveryRunKeepsTheRetries(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		k := b.task(retrying)
		b.plan(k, testdb.Now())
		b.end(b.one(), core.RunFailed)
		time.Sleep(10 * time.Second)
		b.one()
		b.die(worker)
		b.register(core.NodeWorker, worker, "", time.Hour)
		recovery := b.one()
		require.Equal(t, 3, recovery.Attempt)
		require.Equal(t, 1, recovery.Retry)
		b.end(recovery, core.RunFailed)
		last := b.open()
		require.Equal(t, 4, last.Attempt)
		require.Equal(t, 2, last.Retry)
		require.True(t, last.Due.Equal(time.Now().Add(20*time.Second)))
	})
}

func TestDeadMaster(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		b.plan(k, testdb.Now())
		b.plan(k, testdb.Now().Add(-time.Second))
		reserved := b.reserve("m2")
		require.Len(t, reserved, 2)
		sent := b.give("m2", worker, reserved[0])
		require.Len(t, sent, 1)
		require.Empty(t, b.die("m2"), "a master has no runs to lose")
		require.Equal(t, core.RunDispatched, b.run(sent[0].ID).State, "what it gave to a worker is the worker's")
		free := b.reserve(master)
		require.Len(t, free, 1)
		require.Equal(t, reserved[1].ID, free[0].ID)
		require.Greater(t, free[0].Token, reserved[1].Token)
		require.Empty(t, b.give("m2", worker, reserved[1]), "back from the dead, it sends nothing")
	})
}

func TestLeases(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		b.register(core.NodeWorker, "w3", "", core.Lease)
		b.plan(b.task(), testdb.Now())
		r := b.give(master, "w3", b.reserve(master)...)[0]
		beat := store.Beat{Incarnation: "w3", Kind: core.NodeWorker, Name: "w3", State: core.NodeEnabled, Lease: core.Lease}
		renew := func() []string {
			gone, err := b.Renew(b.ctx, []store.Beat{beat, {Incarnation: worker, Kind: core.NodeWorker, Name: worker, Lease: 24 * time.Hour}})
			require.NoError(t, err)
			return gone
		}
		expired := func() []string {
			var ids []string
			nodes, err := b.Expired(b.ctx)
			require.NoError(t, err)
			for _, n := range nodes {
				require.Equal(t, core.NodeWorker, n.Kind)
				require.Equal(t, n.Name, n.Incarnation)
				ids = append(ids, n.Incarnation)
			}
			return ids
		}
		for range 5 {
			time.Sleep(core.HeartbeatEvery)
			require.Empty(t, renew())
		}
		time.Sleep(core.Lease)
		require.Empty(t, expired(), "a lease holds to its last microsecond")
		time.Sleep(time.Microsecond)
		require.Equal(t, []string{"w3"}, expired())

		require.Empty(t, renew(), "nobody has given it up yet, so it lives on")
		lost, dead, err := b.Recover(b.ctx, "w3", testdb.AnyWorker)
		require.NoError(t, err)
		require.False(t, dead, "its lease was renewed meanwhile")
		require.Empty(t, lost)
		require.Equal(t, core.RunDispatched, b.open().State)

		time.Sleep(core.Lease + time.Microsecond)
		lost, dead, err = b.Recover(b.ctx, "w3", testdb.AnyWorker)
		require.NoError(t, err)
		require.True(t, dead)
		require.Len(t, lost, 1)
		require.Equal(t, []string{"w3"}, renew(), "it is told that it was given up")
		rec := b.report(testdb.Outcome(r.Run, core.RunSucceeded))
		require.Empty(t, rec.Runs, "and what it did then counts no more")
		_, dead, err = b.Recover(b.ctx, "w3", testdb.AnyWorker)
		require.NoError(t, err)
		require.False(t, dead, "recovered once")
		require.Empty(t, expired())

		b.register(core.NodeWorker, "w3", "", core.Lease)
		require.Empty(t, renew(), "it may come back")
	})
}

// What an incarnation without a lease holds would be held for ever: a master or worker that is given up in the moment
// between its last look and its claim.
func TestHolderWithoutLeaseIsDead(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		b.plan(k, testdb.Now())
		late := b.reserve("m2")
		b.die("m2")
		require.Empty(t, b.give("m2", worker, late...))
		again := b.reserve("m2")
		require.Len(t, again, 1)
		b.die(worker)
		other := b.plan(b.task(), testdb.Now())
		sent := b.give(master, worker, b.reserve(master)...)
		require.Len(t, sent, 1)

		expired, err := b.Expired(b.ctx)
		require.NoError(t, err)
		require.Len(t, expired, 2)
		for _, n := range expired {
			_, dead, err := b.Recover(b.ctx, n.Incarnation, testdb.AnyWorker)
			require.NoError(t, err)
			require.True(t, dead)
		}
		require.Equal(t, core.RunLost, b.run(other.ID).State)
		require.Len(t, b.reserve(master), 2, "the one that was reserved, and the recovery of the one that was sent")
		require.Empty(t, b.guards())
		expired, err = b.Expired(b.ctx)
		require.NoError(t, err)
		require.Empty(t, expired)
	})
}

func TestExpireHere(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.register(core.NodeWorker, "inner", "m1", 24*time.Hour)
		require.NoError(t, b.ExpireHere(b.ctx))
		expired, err := b.Expired(b.ctx)
		require.NoError(t, err)
		var ids []string
		for _, n := range expired {
			ids = append(ids, n.Incarnation)
		}
		require.Equal(t, []string{"inner", "m1", "m2"}, ids, "workers with a process of their own live on")
	})
}

func TestAcquire(t *testing.T) {
	virtual(t, func(t *testing.T, b *bundle) {
		acquire := func(holder string) bool {
			held, err := b.Acquire(b.ctx, "retention", holder, 10*time.Second)
			require.NoError(t, err)
			return held
		}
		require.True(t, acquire("m1"))
		require.False(t, acquire("m2"), "one at a time")
		other, err := b.Acquire(b.ctx, "roll-up", "m2", time.Second)
		require.NoError(t, err)
		require.True(t, other, "each duty has a lease of its own")
		time.Sleep(9 * time.Second)
		require.True(t, acquire("m1"), "its holder renews it")
		time.Sleep(10 * time.Second)
		require.False(t, acquire("m2"), "it holds to its last microsecond")
		time.Sleep(time.Microsecond)
		require.True(t, acquire("m2"), "it has run out")
		require.False(t, acquire("m1"))
	})
}

// A worker that stops sends a last heartbeat before it closes its stream, and the two are stored apart.
func TestHeartbeatAfterTheEndOfALeaseRenewsNothing(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.plan(b.task(), testdb.Now())
		r := b.one()
		require.NoError(t, b.Expire(b.ctx, worker))
		gone, err := b.Renew(b.ctx, []store.Beat{{Incarnation: worker, Kind: core.NodeWorker, Name: worker, Lease: 24 * time.Hour}})
		require.NoError(t, err)
		require.Equal(t, []string{worker}, gone)
		lost, dead, err := b.Recover(b.ctx, worker, testdb.AnyWorker)
		require.NoError(t, err)
		require.True(t, dead, "or what it had would wait for a lease that nobody keeps")
		require.Len(t, lost, 1)
		require.Equal(t, r.ID, lost[0].ID)
	})
}
