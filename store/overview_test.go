package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
)

func TestCountTaskStates(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.task()
		b.task()
		b.task(stopped)
		b.task(func(k *core.Task) { k.State = core.TaskDeleted })
		counts, err := b.CountTaskStates(b.ctx)
		require.NoError(t, err)
		require.Equal(t, map[core.TaskState]int64{core.TaskRunning: 2, core.TaskStopped: 1}, counts)
	})
}

// Of each task the first firing is given, whether it is planned or not yet.
func TestNextFirings(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		planned := b.task(due(now.Add(20*time.Second)), titled("planned"))
		for i := range 3 {
			b.plan(planned, now.Add(time.Duration(i)*time.Second))
		}
		b.task(due(now.Add(10*time.Second)), titled("due"))
		b.task(stopped, titled("at rest"), func(k *core.Task) { k.NextDue = time.Time{} })
		d := b.delayed(later)

		firings, err := b.NextFirings(b.ctx, 10)
		require.NoError(t, err)
		var titles []string
		for _, f := range firings {
			titles = append(titles, f.Title)
		}
		require.Equal(t, []string{"planned", "due", d.SourceApp + " / " + d.Topic + " / " + d.ContentKey}, titles)
		require.True(t, now.Equal(firings[0].At))
		require.Equal(t, planned.ID, firings[0].TaskID)
		require.Equal(t, d.ID, firings[2].DelayedID)

		firings, err = b.NextFirings(b.ctx, 1)
		require.NoError(t, err)
		require.Len(t, firings, 1)
	})
}

func TestFailingTasks(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		_, total, err := b.FailingTasks(b.ctx, 1)
		require.NoError(t, err)
		require.Zero(t, total)
		for title, outcome := range map[string]core.RunState{"well": core.RunSucceeded, "failed": core.RunFailed, "slow": core.RunTimedOut} {
			b.plan(b.task(titled(title)), testdb.Now())
			b.end(b.one(), outcome)
		}
		failing, total, err := b.FailingTasks(b.ctx, 1)
		require.NoError(t, err)
		require.Equal(t, int64(2), total)
		require.Len(t, failing, 1)
		require.NotEqual(t, "well", failing[0].Title)
		require.False(t, failing[0].LastRunAt.IsZero())
	})
}

func TestLatestLoads(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k, other := b.task(overlapping), b.task()
		since := testdb.Now().Add(-time.Minute)
		b.plan(k, since.Add(-time.Second))
		b.end(b.one(), core.RunFailed)
		for i, outcome := range []core.RunState{core.RunSucceeded, core.RunFailed, core.RunCancelled} {
			b.plan(k, since.Add(time.Duration(i)*time.Second))
			b.report(testdb.Outcome(b.one().Run, outcome, func(o *core.Outcome) { o.AnsweredAt = o.SentAt.Add(time.Second) }))
		}
		b.plan(other, testdb.Now())
		b.end(b.one(), core.RunSucceeded)
		b.delayed()
		b.end(b.one(), core.RunSucceeded)
		loads, err := b.LatestLoads(b.ctx, since, 100)
		require.NoError(t, err)
		require.Len(t, loads, 2, "delayed tasks are no tasks")
		require.Equal(t, []int{1, 0}, []int{loads[0].Runs, loads[0].Failed}, "the latest first")
		require.Equal(t, k.ID, loads[1].TaskID)
		require.Equal(t, []int{2, 1}, []int{loads[1].Runs, loads[1].Failed}, "what was cancelled was not sent")
		require.Equal(t, 2*time.Second, loads[1].Took)
		loads, err = b.LatestLoads(b.ctx, since, 2)
		require.NoError(t, err)
		require.Len(t, loads, 1, "it looks no further than it is told to")
	})
}

func TestWhatWaitsAndWhatIsHeld(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		now := testdb.Now()
		k := b.task()
		b.plan(k, now)
		r := b.one()
		b.plan(k, now.Add(time.Hour), func(r *core.Run) { r.Queue = core.QueueOfNode("w9") })
		b.plan(k, now.Add(-time.Hour))
		lengths, err := b.QueueLengths(b.ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]int64{core.QueueOfNode("w9"): 1, core.QueueDefault: 1}, lengths)
		overdue, err := b.Overdue(b.ctx, now)
		require.NoError(t, err)
		require.Equal(t, int64(1), overdue)
		held, err := b.HeldRuns(b.ctx, worker, 10)
		require.NoError(t, err)
		require.Len(t, held, 1)
		require.Equal(t, r.ID, held[0].ID)
	})
}

func titled(title string) func(*core.Task) { return func(k *core.Task) { k.Title = title } }
