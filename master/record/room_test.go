package record

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// large are outcomes whose answers are as large as any may be.
func large(first, n int) []core.Outcome {
	reported := outcomes(first, n)
	for i := range reported {
		reported[i].Result.Response = make([]byte, core.MaxPluginResult)
	}
	return reported
}

func TestTransactionIsBoundedByBytes(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		const most = batchBytes / core.MaxPluginResult
		b.submit(large(0, 3*most+1))
		synctest.Wait()
		require.Equal(t, []int{most, most, most, 1}, b.sizes())
		require.Len(t, b.told(), 3*most+1)
		for i := range most {
			b.submit(large(100+i, 1))
		}
		synctest.Wait()
		require.Equal(t, most, b.sizes()[4], "a batch that is full waits for no more")
		b.submit(outcomes(1000, 3))
		sleep(b.wait)
		require.Equal(t, 3, b.sizes()[5], "small ones share a transaction as ever")
	})
}

func TestReportsWaitWhileTheyTakeTooMuchMemory(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		const most = queueBytes / core.MaxPluginResult
		b.slow = make(chan struct{})
		for i := range most {
			b.submit(large(i, 1))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, b.Submit(ctx, Report{Outcomes: outcomes(500, 1)}), context.DeadlineExceeded)

		entered := make(chan error)
		go func() {
			entered <- b.Submit(t.Context(), Report{Outcomes: large(600, 2*most), Confirm: func([]store.Held) {}})
		}()
		synctest.Wait()
		require.Empty(t, entered)
		b.slow <- struct{}{}
		require.NoError(t, <-entered, "one that is larger than all that may wait enters when there is room")
		close(b.slow)
		sleep(time.Second)
		require.Len(t, b.stored, 3*most)
		require.Zero(t, b.room.taken)
	})
}

func TestWhoWaitsForRoomEndsWithTheRecorder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBundle(t, core.Batches{})
		b.slow = make(chan struct{})
		b.Start(t.Context())
		b.submit(large(0, 2*queueBytes/core.MaxPluginResult))
		refused := make(chan error)
		go func() { refused <- b.Submit(t.Context(), Report{Outcomes: outcomes(500, 1)}) }()
		synctest.Wait()
		go b.Stop(context.Background())
		require.ErrorIs(t, <-refused, errStopping)
		close(b.slow)
		b.Wait()
		require.Zero(t, b.room.taken)
	})
}

func TestPlannerIsToldOfAnInstantThatARunSet(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		b.submit(outcomes(0, 1))
		sleep(b.wait)
		require.Zero(t, b.plans)
		b.set(func() { b.due = true })
		b.submit(outcomes(1, 1))
		sleep(b.wait)
		require.Equal(t, 1, b.plans)
	})
}
