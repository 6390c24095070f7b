package e2e

import (
	"database/sql"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// longOutage is longer than any lease.
const longOutage = core.Lease + 5*time.Second

// freezeLeases has the database write nothing about leases, until the function that is given is called, as one does whose
// disk is full. All the rest of it works: what is read, and so the leases that run out.
func (c *cluster) freezeLeases() (thaw func()) {
	c.t.Helper()
	db, err := sql.Open("sqlite", c.path+"?_pragma=busy_timeout(10000)")
	require.NoError(c.t, err)
	do := func(statement string) {
		synctest.Wait() // whoever writes waits in real time
		_, err := db.Exec(statement)
		require.NoError(c.t, err)
	}
	moves := []string{"INSERT", "UPDATE", "DELETE"}
	for _, move := range moves {
		do("CREATE TRIGGER frozen_" + move + " BEFORE " + move + " ON incarnations BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
	}
	return func() {
		for _, move := range moves {
			do("DROP TRIGGER frozen_" + move)
		}
		require.NoError(c.t, db.Close())
	}
}

// A worker that no master could welcome for longer than its lease, because the database was out of order, keeps its answer.
// Once the database works again no master gives the worker up before it could say so.
func TestAnswerOutlivesAnOutage(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		// It ends when the stream has been given up and the lease still allows it.
		c.target.answer = takes(core.Lease - core.LeaseMargin - time.Second/2)
		wk, route, log := c.startWorker("w1", first)
		defer stop(t, wk)
		d := first.delayed(t, 0)
		time.Sleep(time.Second)
		require.Equal(t, 1, wk.Running())
		thaw := c.freezeLeases()
		time.Sleep(longOutage)
		require.Equal(t, 1, wk.Unconfirmed())
		require.Zero(t, wk.LeaseLeft())
		require.NotContains(t, log.text(), "cancelled=1")
		for dials := route.tried(); route.tried() == dials; { // so that it is a while before it tries again
			time.Sleep(100 * time.Millisecond)
		}
		thaw()
		time.Sleep(2 * core.Lease)
		require.Zero(t, wk.Unconfirmed())
		requireOnce(t, c, second, d)
	})
}

// The same when it was the masters that were away, all of them.
func TestAnswerOutlivesItsMasters(t *testing.T) {
	together(t, 1, func(t *testing.T, c *cluster) {
		first := c.members[0]
		c.target.answer = takes(3 * time.Second)
		wk, route, _ := c.startWorker("w1", first)
		defer stop(t, wk)
		d := first.delayed(t, 0)
		time.Sleep(time.Second)
		c.kill(first, route)
		time.Sleep(longOutage)
		require.Equal(t, 1, wk.Unconfirmed())
		again := c.add()
		route.mu.Lock()
		route.masters = []*member{again}
		route.mu.Unlock()
		time.Sleep(2 * core.Lease)
		require.Zero(t, wk.Unconfirmed())
		requireOnce(t, c, again, d)
	})
}

// A master that is without its database says nothing of the others: what a worker had that dies meanwhile is with another one
// within a lease.
func TestDeathIsNoticedByWhoHasADatabase(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		c.target.answer = takes(20 * time.Second)
		dies, way, _ := c.startWorker("w1", first, second)
		defer func() { _ = dies.Stop(t.Context()) }()
		d := second.delayed(t, 0)
		time.Sleep(4 * time.Second)
		require.Equal(t, 1, dies.Running())
		other, _, _ := c.startWorker("w2", second)
		defer stop(t, other)
		c.loseDatabase(first)
		way.sever(first)()
		way.sever(second)
		died := time.Now()
		time.Sleep(time.Minute)
		calls := c.target.seen()
		require.Len(t, calls, 2)
		require.Less(t, calls[1].at.Sub(died), core.Lease+2*time.Second)
		require.Equal(t, map[core.RunState]int{core.RunLost: 1, core.RunSucceeded: 1}, states(second.runs(t, store.RunFilter{DelayedID: d.ID})))
	})
}
