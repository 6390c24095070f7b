package e2e

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// However small the batches are, all is created, planned, sent and recorded, in the order of the instants.
func TestSmallBatchesDoAllInOrder(t *testing.T) {
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			batches := core.Batches{Plan: n, Create: n, Reserve: n, Dispatch: n, Record: n, RecordWait: core.MinRecordWait, Retain: n,
				ReserveMemory: core.MinReserveMemory}
			virtuallyBatched(t, batches, func(t *testing.T, w *world) {
				wk, _ := w.startWorker("w1", 1) // one after the other, so that there is an order
				defer stop(t, wk)
				const burst, spread = 40, 20
				crowd := time.Now().Add(30 * time.Second) // beyond the horizon: they are planned, and not with their creation
				var creations sync.WaitGroup
				for range burst {
					creations.Go(func() { w.delayed(time.Until(crowd)) })
				}
				creations.Wait()
				for i := range spread {
					w.delayed(time.Duration(i) * 100 * time.Millisecond)
				}
				tasks := make([]*core.Task, 5)
				for i := range tasks {
					tasks[i] = w.running(cronTask(fmt.Sprintf("%d/10 * * * * ?", i+5)))
				}
				time.Sleep(time.Minute)
				for _, task := range tasks {
					require.NoError(t, w.master.Manage().Tasks.Stop(t.Context(), admin, task.ID))
				}
				time.Sleep(time.Second)
				synctest.Wait()

				calls, due := w.target.seen(), map[string]*core.Run{}
				sent := 0
				for _, r := range w.runs(store.RunFilter{}) {
					if r.State == core.RunCancelled {
						continue // planned ahead and withdrawn by the stop
					}
					sent++
					due[r.ID] = r
					require.Equal(t, core.RunSucceeded, r.State)
					late := r.SentAt.Sub(r.Due)
					require.True(t, 0 <= late && late < time.Second, "%s, which a crowd of %d before it explains not", late, burst)
					require.LessOrEqual(t, r.RecordedAt.Sub(r.AnsweredAt), 10*time.Millisecond, "its worker gathers outcomes, too")
				}
				require.Len(t, calls, sent)
				require.GreaterOrEqual(t, sent, burst+spread+5*5)
				for i := range calls[1:] {
					a, b := due[calls[i].run.Id], due[calls[i+1].run.Id]
					require.True(t, a.ID < b.ID, "%s, due %s, is sent before %s, due %s", a.ID, a.Due, b.ID, b.Due)
					require.False(t, a.RecordedAt.After(b.RecordedAt))
				}
			})
		})
	}
}
