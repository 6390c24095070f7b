package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// refusing has the database refuse statements that begin with one of some texts and hold a value.
func (b *bundle) refusing(value string, begins ...string) *store.Tap {
	tap := store.NewTap(b.Store)
	tap.Refuse(func(st store.Statement) bool {
		return slices.ContainsFunc(begins, func(begin string) bool { return naming(begin, value)(st) })
	})
	return tap
}

// A delayed task whose run the database refuses fails with a reason, and all others are planned.
func TestRefusedDelayedTaskStopsNoOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const tasks, until = 50, 2 * time.Hour
		for name, c := range map[string]struct {
			bad     int
			refused []string
			record  bool
		}{
			"the first":       {0, []string{"INSERT INTO runs"}, true},
			"one between":     {31, []string{"INSERT INTO runs"}, true},
			"the last":        {tasks - 1, []string{"INSERT INTO runs"}, true},
			"its record, too": {17, []string{"INSERT INTO runs", "INSERT INTO run_history"}, false},
			"its notice, too": {17, []string{"INSERT INTO runs", "INSERT INTO notices"}, false},
		} {
			b.sub(t, name, func(t *testing.T, b *bundle) {
				all := make([]*core.DelayedTask, tasks)
				for i := range all {
					all[i] = b.delayed(later, func(d *core.DelayedTask) { d.Due = d.Due.Add(time.Duration(i) * time.Millisecond) })
				}
				bad := all[c.bad]
				tap := b.refusing(bad.ID, c.refused...)
				n, first, err := b.PlanDelayed(b.ctx, testdb.Now().Add(until), tasks, testdb.AnyWorker)
				tap.Refuse(nil)
				require.NoError(t, err)
				require.Equal(t, tasks, n)
				if c.bad > 0 {
					require.True(t, first.Equal(all[0].Due))
				}
				require.Less(t, len(tap.Take()), 20*12, "halved, not tried one by one")
				open, err := b.OpenRuns(b.ctx)
				require.NoError(t, err)
				require.Len(t, open, tasks-1)
				got := b.delayedTask(bad.ID)
				require.Equal(t, core.DelayedFailed, got.State)
				require.False(t, got.FinishedAt.IsZero())
				ended := b.list(store.RunFilter{DelayedID: bad.ID})
				if !c.record {
					require.Empty(t, ended)
					return
				}
				require.Len(t, ended, 1)
				require.Equal(t, core.RunFailed, ended[0].State)
				require.Contains(t, ended[0].Result.Reason, "could not be planned: refused")
				require.Equal(t, []string{ended[0].ID}, b.notices())
				n, _, err = b.PlanDelayed(b.ctx, testdb.Now().Add(until), tasks, testdb.AnyWorker)
				require.NoError(t, err)
				require.Zero(t, n, "it is not tried again")
			})
		}
	})
}

func TestDelayedTasksAreNotFailedByADatabaseThatIsAway(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		d := b.delayed(later)
		tap := store.NewTap(b.Store)
		tap.FailAt(3) // the insertion
		_, _, err := b.PlanDelayed(b.ctx, testdb.Now().Add(2*time.Hour), 10, testdb.AnyWorker)
		require.ErrorIs(t, err, store.ErrTapped)
		require.Equal(t, core.DelayedCreated, b.delayedTask(d.ID).State)
	})
}

// A run that the database will not have dispatched fails with a reason, and all others of its batch are sent.
func TestRefusedDispatchStopsNoOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const runs = 20
		for _, c := range []struct {
			name    string
			delayed bool
			refused []string
			state   core.RunState
		}{
			{"of a task", false, []string{"UPDATE runs SET state = 'dispatched'"}, core.RunFailed},
			{"of a delayed task", true, []string{"UPDATE runs SET state = 'dispatched'"}, core.RunFailed},
			{"the guard", false, []string{"INSERT INTO guards"}, core.RunFailed},
			{"nor is its failure recorded", false, []string{"UPDATE runs SET state = 'dispatched'", "INSERT INTO run_history"}, core.RunPlanned},
		} {
			b.sub(t, c.name, func(t *testing.T, b *bundle) {
				for range runs {
					if c.delayed {
						b.delayed()
					} else {
						b.plan(b.task(retrying), testdb.Now())
					}
				}
				reserved := b.reserve(master)
				require.Len(t, reserved, runs)
				bad := reserved[7]
				tap := b.refusing(bad.ID, c.refused...)
				sent := b.give(master, worker, reserved...)
				tap.Refuse(nil)
				require.Len(t, sent, runs-1)
				require.False(t, slices.ContainsFunc(sent, func(h store.Handout) bool { return h.ID == bad.ID }))
				require.Equal(t, c.state, bad.State, "who gave it out sees how it stands")
				got := b.run(bad.ID)
				require.Equal(t, c.state, got.State)
				for _, h := range sent {
					require.Equal(t, core.RunDispatched, b.run(h.ID).State)
				}
				if c.state == core.RunPlanned {
					require.Equal(t, master, got.Holder, "it is free again when its master ends")
					b.die(master)
					require.Len(t, b.reserve("m2"), 1)
					return
				}
				require.Contains(t, got.Result.Reason, "could not be dispatched: refused")
				require.Equal(t, []string{bad.ID}, b.notices())
				require.Len(t, b.states(store.RunFilter{}), runs, "nothing follows from it")
				require.NotContains(t, b.guards(), bad.TaskID)
				if c.delayed {
					require.Equal(t, core.DelayedFailed, b.delayedTask(bad.DelayedID).State)
				}
			})
		}
	})
}

// Runs that are dispatched must be sent, also when the database goes away before the rest of their batch.
func TestDispatchGivesWhatItCommitted(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const runs = 8
		for range runs {
			b.delayed()
		}
		reserved := b.reserve(master)
		slices.SortFunc(reserved, func(x, y *store.Reserved) int { return strings.Compare(x.ID, y.ID) })
		tap := store.NewTap(b.Store)
		var batch []store.Handout
		for _, r := range reserved {
			batch = append(batch, store.Handout{Reserved: r, Worker: worker, Incarnation: worker})
		}
		refused := 0
		tap.Refuse(func(st store.Statement) bool {
			if naming("UPDATE runs SET state = 'dispatched'", reserved[runs-1].ID)(st) {
				if refused++; refused == 2 { // the whole, then its second half
					tap.FailNext() // it does not answer any more
				}
				return true
			}
			return false
		})
		sent, err := b.Dispatch(b.ctx, master, batch)
		require.Error(t, err)
		require.Len(t, sent, runs/2)
		for i, r := range reserved {
			want := core.RunPlanned
			if i < runs/2 {
				want = core.RunDispatched
			}
			require.Equal(t, want, b.run(r.ID).State)
		}
	})
}

// A task whose plan is refused is set aside, and all others are planned.
func TestRefusedPlanStopsNoOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		base := testdb.Now()
		var tasks []*core.Task
		for range 20 {
			tasks = append(tasks, b.task(due(base)))
		}
		bad := tasks[13]
		b.refusing(bad.ID, "INSERT INTO runs")
		n, first, err := b.PlanTasks(b.ctx, base, 100, everySecond(base.Add(time.Second)))
		require.NoError(t, err)
		require.Equal(t, len(tasks), n)
		require.True(t, first.Equal(base))
		for _, k := range tasks {
			runs, problem := 2, ""
			if k == bad {
				runs, problem = 0, "refused"
			}
			require.Len(t, b.list(store.RunFilter{TaskID: k.ID}), runs)
			got, err := b.Problem(b.ctx, k.ID)
			require.NoError(t, err)
			require.Contains(t, got, problem)
		}
	})
}

func TestRefusedEndStopsNoOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		var runs []*core.Run
		for range 10 {
			runs = append(runs, b.plan(b.task(), testdb.Now()))
		}
		bad := runs[3]
		b.refusing(bad.ID, "DELETE FROM runs")
		b.miss("late", runs...)
		for _, r := range runs {
			require.Equal(t, r == bad, r.RecordedAt.IsZero())
			require.Equal(t, r == bad, b.run(r.ID).State == core.RunPlanned)
		}
	})
}

// A run that cannot be planned again keeps no other of its dead worker from that.
func TestRefusedRecoveryStopsNoOther(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		const runs = 20
		for _, c := range []struct {
			name    string
			refused []string
			end     core.RunState
		}{
			{"its recovery run", []string{"INSERT INTO runs"}, core.RunLost},
			{"its end, too", []string{"DELETE FROM runs", "INSERT INTO run_history"}, core.RunDispatched},
		} {
			b.sub(t, c.name, func(t *testing.T, b *bundle) {
				for range runs {
					b.plan(b.task(), testdb.Now())
				}
				sent := b.dispatch()
				bad := sent[5]
				require.NoError(t, b.Expire(b.ctx, worker))
				tap := b.refusing(bad.TaskID, c.refused...)
				lost, dead, err := b.Recover(b.ctx, worker, testdb.AnyWorker)
				tap.Refuse(nil)
				require.NoError(t, err)
				require.True(t, dead)
				got := b.run(bad.ID)
				require.Equal(t, c.end, got.State)
				recovered := b.list(store.RunFilter{State: core.RunPlanned})
				require.Len(t, recovered, runs-1)
				expired, err := b.Expired(b.ctx)
				require.NoError(t, err)
				if c.end == core.RunLost {
					require.Len(t, lost, runs)
					require.Contains(t, got.Result.Reason, "could not be planned again: refused")
					require.Equal(t, []string{bad.ID}, b.notices())
					require.Empty(t, expired)
					return
				}
				require.Len(t, lost, runs-1)
				require.Len(t, expired, 1, "who holds it without a lease is found again")
				lost, _, err = b.Recover(b.ctx, expired[0].Incarnation, testdb.AnyWorker)
				require.NoError(t, err)
				require.Len(t, lost, 1, "and recovered when the database takes it")
			})
		}
	})
}
