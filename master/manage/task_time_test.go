package manage

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

// The bubbles below begin at midnight UTC of 2000-01-01.

func TestATaskThroughADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		midnight := time.Now()
		clock := func(h, m int) time.Time {
			return midnight.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute).UTC()
		}
		id := b.create(false, func(t *core.Task) {
			t.Schedule = core.Schedule{Kind: core.ScheduleCron, Cron: "0 30 * * * ?", Start: clock(2, 0), End: clock(8, 30)}
		})
		require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
		require.Equal(t, clock(2, 30), b.task(id).NextDue, "not before the start")
		require.Equal(t, []time.Time{clock(2, 30), clock(3, 30)}, b.Tasks.Next(b.task(id), 2))

		time.Sleep(time.Until(clock(2, 0)))
		require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
		time.Sleep(time.Until(clock(4, 30)))
		require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
		require.Equal(t, clock(5, 30), b.task(id).NextDue, "strictly later than now; what passed is not made up")
		require.Empty(t, b.open(id))

		// Within the horizon of an instant it is planned with the move itself.
		time.Sleep(time.Until(clock(5, 30).Add(-core.PlanHorizon)))
		require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
		require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
		runs := b.open(id)
		require.Len(t, runs, 1)
		require.Equal(t, clock(5, 30), runs[0].Due)
		require.Equal(t, clock(6, 30), b.task(id).NextDue)
		require.Empty(t, b.wakes(), "the dispatcher comes by itself in time")

		time.Sleep(time.Until(clock(8, 20)))
		require.Equal(t, []time.Time{clock(8, 30)}, b.Tasks.Next(b.task(id), 3), "the end is a due instant, and the last")
		require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
		time.Sleep(time.Until(clock(8, 31)))
		requireError(t, b.Tasks.Start(b.ctx, b.admin, id), core.CodeRule, "schedule.end", "has passed")
	})
}

func TestOncePausedOverItsInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		at := time.Now().Add(time.Hour)
		id := b.create(true, func(t *core.Task) {
			t.Schedule = core.Schedule{Kind: core.ScheduleOnce, Start: at}
		})
		require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
		time.Sleep(2 * time.Hour)
		require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
		runs := b.open(id)
		require.Len(t, runs, 1)
		require.Equal(t, wholeMicros(at), runs[0].Due)
		require.Equal(t, []time.Time{wholeMicros(at)}, b.wakes())
	})
}

func TestResumeAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		id := b.create(true, func(t *core.Task) {
			t.Schedule = core.Schedule{Kind: core.ScheduleInterval, Interval: time.Minute, Start: time.Now(), End: time.Now().Add(time.Hour)}
		})
		require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
		time.Sleep(2 * time.Hour)
		require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
		require.Equal(t, core.TaskRunning, b.task(id).State)
		require.Zero(t, b.task(id).NextDue)
		require.Empty(t, b.Tasks.Next(b.task(id), 3))
	})
}
