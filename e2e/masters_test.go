package e2e

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// requireOnce holds the only run of a delayed task against what must be true of it: performed once, recorded once, with
// nothing superseded.
func requireOnce(t *testing.T, c *cluster, m *member, d *core.DelayedTask) {
	t.Helper()
	var calls int
	for _, call := range c.target.seen() {
		if call.run.DelayedId == d.ID {
			calls++
		}
	}
	require.Equal(t, 1, calls, "performed once")
	runs := m.runs(t, store.RunFilter{DelayedID: d.ID})
	require.Equal(t, map[core.RunState]int{core.RunSucceeded: 1}, states(runs))
	whole, err := m.Manage().Runs.Get(t.Context(), runs[0].ID)
	require.NoError(t, err)
	for _, line := range whole.Result.Log {
		require.NotContains(t, line.Text, "superseded")
	}
}

// A worker in the middle of a run whose master dies goes to the other one, which adopts the run; the outcome is delivered
// there, once.
func TestRunGoesOnWhenItsMasterDies(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		c.target.answer = takes(6 * time.Second)
		wk, route, log := c.startWorker("w1", first, second)
		defer stop(t, wk)
		d := second.delayed(t, time.Second) // any master may be told
		time.Sleep(3 * time.Second)
		require.Equal(t, 1, wk.Running())
		c.kill(first, route)
		time.Sleep(time.Second)
		require.Same(t, second, route.at, "it has moved")
		require.Contains(t, log.text(), "master=m2")
		time.Sleep(20 * time.Second)
		requireOnce(t, c, second, d)
		require.NotContains(t, log.text(), "no master renewed the lease")
	})
}

// An outcome that no master was there to take is kept, and arrives once, at whichever master is first.
func TestOutcomeWaitsForAMaster(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		c.target.answer = takes(3 * time.Second)
		wk, route, _ := c.startWorker("w1", first, second)
		defer stop(t, wk)
		d := first.delayed(t, 3*time.Second)
		time.Sleep(4 * time.Second)
		route.mu.Lock()
		route.cut[second] = true
		route.mu.Unlock()
		c.kill(first, route)
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, wk.Unconfirmed(), "the run ended and nobody was told")
		route.mu.Lock()
		route.cut[second] = false
		route.mu.Unlock()
		time.Sleep(10 * time.Second)
		require.Zero(t, wk.Unconfirmed())
		requireOnce(t, c, second, d)
	})
}

// A master that lives and has lost its database renews no lease: its workers leave it in time for their runs to go on.
func TestWorkerLeavesAMasterWithoutADatabase(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		c.target.answer = takes(25 * time.Second)
		wk, route, _ := c.startWorker("w1", first, second)
		defer stop(t, wk)
		d := second.delayed(t, time.Second)
		time.Sleep(2 * time.Second)
		c.loseDatabase(first)
		lost := time.Now()
		for route.at != second {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		require.Less(t, time.Since(lost), core.Lease-core.LeaseMargin)
		time.Sleep(40 * time.Second)
		requireOnce(t, c, second, d)
	})
}

// Whatever befalls a master, every firing comes once and has one record. A death holds firings up by a lease at most, a
// clean stop by a second.
func TestFiringsGoOnWhenAMasterGoes(t *testing.T) {
	for name, tc := range map[string]struct {
		goes func(c *cluster, m *member, r ...*route)
		late time.Duration
	}{
		"killed":               {func(c *cluster, m *member, r ...*route) { c.kill(m, r...) }, core.Lease + 2*time.Second},
		"without its database": {func(c *cluster, m *member, _ ...*route) { c.loseDatabase(m) }, core.Lease + 2*time.Second},
		"stopped":              {func(c *cluster, m *member, _ ...*route) { c.halt(m) }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			together(t, 2, func(t *testing.T, c *cluster) {
				first, second := c.members[0], c.members[1]
				w1, r1, _ := c.startWorker("w1", first, second)
				defer stop(t, w1)
				w2, r2, _ := c.startWorker("w2", second, first)
				defer stop(t, w2)
				w3, r3, _ := c.startWorker("w3", first, second)
				defer stop(t, w3)
				task := cronTask("* * * * * ?")
				task.Overlap = core.OverlapAllow
				_, err := second.Manage().Tasks.Create(t.Context(), admin, task, true)
				require.NoError(t, err)
				time.Sleep(20 * time.Second)
				tc.goes(c, first, r1, r2, r3)
				time.Sleep(60 * time.Second)
				require.NoError(t, second.Manage().Tasks.Stop(t.Context(), admin, task.ID))
				time.Sleep(2 * time.Second)

				calls := map[string]int{}
				for _, call := range c.target.seen() {
					calls[call.run.OccurrenceId]++
				}
				var last time.Time
				for _, run := range second.runs(t, store.RunFilter{TaskID: task.ID}) {
					if run.State == core.RunCancelled {
						continue // planned ahead and withdrawn by the stop
					}
					require.Equal(t, core.RunSucceeded, run.State)
					require.Equal(t, 1, calls[run.OccurrenceID], "due %s", run.Due)
					require.LessOrEqual(t, run.SentAt.Sub(run.Due), tc.late, "due %s", run.Due)
					if !last.IsZero() {
						require.Equal(t, time.Second, run.Due.Sub(last), "no instant is lost or doubled")
					}
					last = run.Due
				}
				require.GreaterOrEqual(t, len(calls), 79)
			})
		})
	}
}

// A master that has not noticed that its worker is gone commits runs to it that never arrive. The master that has the worker
// gives them back to the queue.
func TestRunsCommittedToAWorkerThatHasMoved(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		wk, route, _ := c.startWorker("w1", first, second)
		defer stop(t, wk)
		masterNotices := route.sever(first)
		time.Sleep(time.Second)
		require.Same(t, second, route.at)
		var tasks []*core.DelayedTask
		// Which of two masters claims a run is a race: runs are made until the master whose stream is none has won one.
		returned := func() bool {
			return strings.Contains(second.log.text(), "runs given on an earlier stream never reached their worker")
		}
		for range 100 {
			if tasks = append(tasks, first.delayed(t, 0)); returned() {
				break
			}
			time.Sleep(130 * time.Millisecond)
		}
		require.True(t, returned(), "some went to the stream that is none, and were given back")
		time.Sleep(2 * time.Second)
		masterNotices() // the keepalive of the connection failed
		time.Sleep(2 * core.Lease)
		for _, d := range tasks {
			requireOnce(t, c, second, d)
			run := second.runs(t, store.RunFilter{DelayedID: d.ID})[0]
			require.Less(t, run.SentAt.Sub(run.Due), core.Lease+2*time.Second)
		}
	})
}

// The younger of two workers of a name has it, at whichever masters they are. The elder is told, ends what it runs before
// anybody else begins it, and both masters' and both workers' logs say so.
func TestYoungerWorkerFencesTheElderAtAnotherMaster(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		c.target.answer = takes(30 * time.Second)
		elder, route, elderLog := c.startWorker("w", first)
		defer func() { _ = elder.Stop(t.Context()) }() // it may have left runs behind, which is what this is about
		d := first.delayed(t, time.Second)
		time.Sleep(5 * time.Second)
		require.Equal(t, 1, elder.Running())

		younger, _, youngerLog := c.startWorker("w", second)
		defer stop(t, younger)
		fenced := time.Now()
		dials := route.dials
		time.Sleep(2 * time.Second)
		require.Greater(t, route.dials, dials, "its stream was closed")
		require.False(t, elder.Connected())
		require.Contains(t, elderLog.text(), "a worker named w that started later took this one's place")
		require.Contains(t, first.log.text(), "a worker named w that started later took this one's place")
		require.Contains(t, second.log.text(), "a worker that started later took the name over")
		require.Contains(t, youngerLog.text(), "took its name over from one that has not left")

		time.Sleep(time.Minute)
		calls := c.target.seen()
		require.Len(t, calls, 2)
		require.False(t, calls[1].at.Before(calls[0].until), "the elder ended the run before the younger began it")
		require.Less(t, calls[1].at.Sub(fenced), core.Lease+2*time.Second)
		require.Equal(t, map[core.RunState]int{core.RunLost: 1, core.RunSucceeded: 1}, states(second.runs(t, store.RunFilter{DelayedID: d.ID})))
		require.False(t, elder.Connected())
		require.True(t, younger.Connected())
	})
}

// What an administrator says at one master is in force within about a second at the master that has the worker.
func TestAdministratorsWordReachesTheOtherMaster(t *testing.T) {
	together(t, 2, func(t *testing.T, c *cluster) {
		first, second := c.members[0], c.members[1]
		w1, _, _ := c.startWorker("w1", first)
		defer stop(t, w1)
		w2, _, _ := c.startWorker("w2", first)
		defer stop(t, w2)
		_, err := second.Manage().Nodes.Disable(t.Context(), admin, core.NodeWorker, "w1")
		require.NoError(t, err)
		time.Sleep(1100 * time.Millisecond)
		for range 10 {
			second.delayed(t, 0)
		}
		time.Sleep(time.Second)
		require.Equal(t, map[string]int{"w2": 10}, c.performers(t, second))
		_, err = second.Manage().Nodes.Enable(t.Context(), admin, core.NodeWorker, "w1")
		require.NoError(t, err)
		_, err = second.Manage().Nodes.Edit(t.Context(), admin, core.NodeWorker, "w1", core.NodeEdit{Weight: new(9)})
		require.NoError(t, err)
		time.Sleep(1100 * time.Millisecond)
		for range 10 {
			second.delayed(t, 0)
		}
		time.Sleep(time.Second)
		require.InDelta(t, 9, c.performers(t, second)["w1"], 1)
		require.Equal(t, 1, strings.Count(first.log.text(), "state=disabled"))
	})
}

// performers counts the runs of delayed tasks by the worker that performed them.
func (c *cluster) performers(t *testing.T, m *member) map[string]int {
	t.Helper()
	n := map[string]int{}
	for _, run := range m.runs(t, store.RunFilter{}) {
		n[run.Worker]++
	}
	return n
}
