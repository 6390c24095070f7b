package rescue

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/master/plan"
	"github.com/carillonhq/carillon/store"
)

// planned gives a task late planned runs, one for each of the ages.
func (c *cluster) planned(task string, def *core.Definition, ages ...time.Duration) {
	if def != nil {
		c.definitions[task] = &store.TaskDefinition{Definition: *def}
	}
	for _, age := range ages {
		c.late[task] = append(c.late[task], &core.Run{ID: task + "-" + age.String(), TaskID: task, Trigger: core.TriggerSchedule, Due: now.Add(-age), FireAt: now.Add(-age), Count: 1})
	}
}

func TestRunsThatNobodyTookInTimeAreMissed(t *testing.T) {
	t.Parallel()
	c := newCluster()
	const m, s = time.Minute, time.Second
	c.planned("default", &core.Definition{}, 3*m, 2*m, 61*s, 60*s, 59*s, s)
	c.planned("own measure", &core.Definition{MisfireAfter: 5 * m}, 6*m, 5*m, m)
	c.planned("once", &core.Definition{Schedule: core.Schedule{Kind: core.ScheduleOnce}}, 100*m)
	c.planned("moved on", nil, 100*m)
	c.planned("in time", &core.Definition{}, s)
	c.planned("put off", &core.Definition{Overlap: core.OverlapQueue}, 9*m, 2*m)
	c.late["put off"][0].FireAt = now.Add(-20 * s)
	c.planned("made up for", &core.Definition{Misfire: core.MisfireFireOnce}, 8*m, 7*m, 6*m, s)
	c.reserved = map[string]bool{"default-2m0s": true}
	r, heard := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.ElementsMatch(t, []string{"default-3m0s", "default-1m1s", "own measure-6m0s", "put off-2m0s", "made up for-8m0s", "made up for-7m0s"}, heard.ended, "those reserved meanwhile are their master's")
	for _, run := range c.missed {
		require.Equal(t, core.RunMissed, run.State)
		want := core.MissedReason(core.DefaultMisfireAfter)
		if run.TaskID == "own measure" {
			want = core.MissedReason(5 * m)
		}
		require.Equal(t, want, run.Result.Reason)
	}
}

func TestMissedRunsAreLookedForNowAndThen(t *testing.T) {
	t.Parallel()
	c := newCluster()
	r, heard := rescuer(c)
	for range 30 {
		c.planned("task", &core.Definition{}, 2*time.Minute)
		require.NoError(t, r.RunOnce(t.Context()))
		c.passed += time.Second
	}
	require.Len(t, heard.ended, 21, "of the first, the 11th and the 21st pass")

	c.passed -= time.Hour
	c.planned("task", &core.Definition{}, 2*time.Hour)
	require.NoError(t, r.RunOnce(t.Context()))
	require.Len(t, heard.ended, 22, "a clock that is set back does not put it off")

	for _, what := range []string{"late", "runs", "definition", "end", "settle"} {
		c.passed += missEvery
		c.planned("task", &core.Definition{}, 2*time.Hour)
		if what == "settle" {
			c.late = map[string][]*core.Run{}
			c.planned("made up for", &core.Definition{Misfire: core.MisfireFireOnce}, 2*time.Hour, time.Hour)
		}
		heard.ended, c.failing[what] = nil, errAway
		require.ErrorIs(t, r.RunOnce(t.Context()), errAway, what)
		require.Empty(t, heard.ended)
		delete(c.failing, what)
		require.NoError(t, r.RunOnce(t.Context()))
		require.Len(t, heard.ended, 1, "what failed is tried by the next pass")
	}
}

func TestManyMissedRunsAreEndedInBatches(t *testing.T) {
	t.Parallel()
	c := newCluster()
	var ages []time.Duration
	for i := range 3 * missBatch {
		ages = append(ages, 2*time.Hour-time.Duration(i)*time.Second)
	}
	c.planned("a", &core.Definition{}, ages...)
	c.planned("b", &core.Definition{}, ages[:missBatch/2]...)
	c.planned("c", &core.Definition{}, ages[:missBatch/2+1]...)
	r, heard := rescuer(c)
	require.NoError(t, r.RunOnce(t.Context()))
	require.Len(t, heard.ended, 4*missBatch+1)
	for _, n := range c.batches {
		require.Less(t, n, 2*missBatch)
	}
	require.Len(t, c.batches, 4)
}

// Without a worker nothing piles up: a task has no more in the queue than the firings of its misfire limit, of the
// horizon and of the time between two looks, and its history is one line, for as long as it goes on.
func TestOutageWithoutWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const outage, own = 4 * time.Minute, 2 * time.Minute
		s := testdb.Open(t)
		begin := testdb.Now()
		task := func(after time.Duration, executors ...string) *core.Task {
			k := testdb.Task(func(k *core.Task) { k.MisfireAfter, k.Executors, k.NextDue = after, executors, begin })
			require.NoError(t, s.CreateTask(t.Context(), k, nil))
			return k
		}
		limits := map[*core.Task]time.Duration{task(0): core.DefaultMisfireAfter, task(own): own, task(0, "gone"): core.DefaultMisfireAfter}
		log := slog.New(slog.DiscardHandler)
		router := new(plan.Router)
		planner := plan.New(plan.Options{Store: s, Route: router.Route, Zone: time.UTC, Wake: func(time.Time) {}, Logger: log})
		counted := map[string]int{}
		rescuer := New(Options{
			Store: s, Router: router, Mine: func(string) bool { return false }, Wake: func(time.Time) {}, Logger: log,
			Ended: func(r *core.Run) { counted[r.TaskID] += r.Count },
		})
		for time.Since(begin) < outage {
			require.NoError(t, planner.RunOnce(t.Context()))
			require.NoError(t, rescuer.RunOnce(t.Context()))
			for k, limit := range limits {
				runs, _, err := s.Runs(t.Context(), store.RunFilter{TaskID: k.ID, State: core.RunPlanned, Limit: 10_000})
				require.NoError(t, err)
				const turn = 2 // firings of a pass: one at each of its ends
				require.LessOrEqual(t, len(runs), int((limit+core.PlanHorizon+missEvery)/time.Second)+turn)
			}
			time.Sleep(time.Second)
		}
		for k := range limits {
			runs, _, err := s.Runs(t.Context(), store.RunFilter{TaskID: k.ID, Limit: 10_000})
			require.NoError(t, err)
			missed := runs[len(runs)-1] // the earliest
			require.Equal(t, core.RunMissed, missed.State)
			require.Equal(t, begin, missed.FirstDue)
			require.Equal(t, counted[k.ID], missed.Count)
			require.Equal(t, time.Duration(missed.Count-1)*time.Second, missed.LastDue.Sub(missed.FirstDue))
			require.Equal(t, core.MissedReason(k.MisfireAfter), missed.Result.Reason)
			next := missed.LastDue
			for i := len(runs) - 2; i >= 0; i-- {
				next = next.Add(time.Second)
				require.Equal(t, core.RunPlanned, runs[i].State, "the rest is to be sent should a worker come")
				require.Equal(t, next, runs[i].Due, "every instant is there once")
			}
		}
	})
}
