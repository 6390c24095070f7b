package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// A worker that hears nothing any more is heard as well as ever, as behind a network that fails in one direction. What it
// has, and what is given to it before anybody knows, is with another worker within a lease, whenever between two heartbeats
// it began; and not before it has stopped.
func TestWorkerThatIsHeardAndHearsNothing(t *testing.T) {
	for phase := time.Duration(0); phase < core.HeartbeatEvery; phase += 500 * time.Millisecond {
		t.Run(fmt.Sprint(phase, " after a heartbeat"), func(t *testing.T) {
			together(t, 2, func(t *testing.T, c *cluster) {
				first, second := c.members[0], c.members[1]
				c.target.answer = func(ctx context.Context, run *rpc.Run) core.Outcome {
					if run.DelayedId != "" {
						return takes(30*time.Second)(ctx, run)
					}
					return core.Outcome{State: core.RunSucceeded}
				}
				deaf, way, log := c.startWorker("w1", first, second)
				defer func() { _ = deaf.Stop(t.Context()) }() // nobody confirms to it what it did
				joined := time.Now()
				d := first.delayed(t, 0)
				time.Sleep(time.Second)
				require.Equal(t, 1, deaf.Running())
				other, _, _ := c.startWorker("w2", second, first)
				defer stop(t, other)
				task := cronTask("* * * * * ?")
				task.Overlap = core.OverlapAllow
				_, err := second.Manage().Tasks.Create(t.Context(), admin, task, true)
				require.NoError(t, err)

				time.Sleep(time.Until(joined.Add(3*core.HeartbeatEvery + phase)))
				way.deafen()
				cut := time.Now()
				time.Sleep(time.Minute)
				require.NoError(t, second.Manage().Tasks.Stop(t.Context(), admin, task.ID))
				time.Sleep(time.Second)

				require.Contains(t, log.text(), "no master renewed the lease in time")
				byOccurrence := map[string][]call{}
				for _, call := range c.target.seen() {
					byOccurrence[call.run.OccurrenceId] = append(byOccurrence[call.run.OccurrenceId], call)
				}
				within := cut.Add(core.Lease + 2*time.Second)
				var last time.Time
				for _, run := range second.runs(t, store.RunFilter{TaskID: task.ID}) {
					if run.Attempt > 1 || run.State == core.RunCancelled {
						continue // done again, as is looked at below, or planned ahead and withdrawn by the stop
					}
					calls := byOccurrence[run.OccurrenceID]
					require.NotEmpty(t, calls, "due %s", run.Due)
					if calls[0].at.After(run.Due.Add(time.Second)) {
						require.Less(t, calls[0].at, within, "due %s after the cut", run.Due.Sub(cut))
					}
					if !last.IsZero() {
						require.Equal(t, time.Second, run.Due.Sub(last), "no instant is lost or doubled")
					}
					last = run.Due
				}
				runs := second.runs(t, store.RunFilter{DelayedID: d.ID})
				require.Equal(t, map[core.RunState]int{core.RunLost: 1, core.RunSucceeded: 1}, states(runs))
				calls := byOccurrence[runs[0].OccurrenceID]
				require.Len(t, calls, 2)
				require.Less(t, calls[1].at, within)
				require.Less(t, calls[0].until, calls[1].at, "the first has stopped before the second begins")
				t.Logf("done again %.1f s after the cut, %.1f s after the worker had stopped", calls[1].at.Sub(cut).Seconds(), calls[1].at.Sub(calls[0].until).Seconds())
			})
		})
	}
}
