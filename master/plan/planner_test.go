package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is the present of all tests: a whole minute.
var now = time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)

// tasks stands for the store: a queue of due tasks and one of delayed tasks, by count.
type tasks struct {
	due     []store.DueTask
	delayed int
	plans   map[string]store.TaskPlan
	untils  map[string]time.Time
	failing map[string]error
	batches map[string]int
	first   time.Time // the instant of the earliest delayed task
	after   func()    // called after each batch
}

func (s *tasks) Now() time.Time { return now }

func (s *tasks) begin(what string, until time.Time) error {
	if s.untils == nil {
		s.untils, s.batches, s.plans = map[string]time.Time{}, map[string]int{}, map[string]store.TaskPlan{}
	}
	s.untils[what] = until
	s.batches[what]++
	if s.after != nil {
		s.after()
	}
	return s.failing[what]
}

func (s *tasks) PlanTasks(_ context.Context, until time.Time, limit int, plan func(store.DueTask) store.TaskPlan) (int, time.Time, error) {
	if err := s.begin("tasks", until); err != nil {
		return 0, time.Time{}, err
	}
	n := min(limit, len(s.due))
	var first time.Time
	for _, d := range s.due[:n] {
		p := plan(d)
		s.plans[d.TaskID] = p
		for _, r := range p.Runs {
			if first.IsZero() || r.FireAt.Before(first) {
				first = r.FireAt
			}
		}
	}
	s.due = s.due[n:]
	return n, first, nil
}

func (s *tasks) PlanDelayed(_ context.Context, until time.Time, limit int, _ store.Route) (int, time.Time, error) {
	if err := s.begin("delayed", until); err != nil {
		return 0, time.Time{}, err
	}
	n := min(limit, s.delayed)
	s.delayed -= n
	return n, s.first, nil
}

// planner makes a planner and gives the instants it wakes the dispatcher for.
func planner(s *tasks) (*Planner, *[]time.Time) {
	var wakes []time.Time
	return New(Options{
		Store: s, Zone: time.UTC, Wake: func(at time.Time) { wakes = append(wakes, at) }, Logger: slog.New(slog.DiscardHandler),
		Route: new(Router).Route,
	}), &wakes
}

// due makes a task that is next due at an offset from now.
func due(next time.Duration, schedule core.Schedule, changes ...func(*core.Definition)) store.DueTask {
	def := &store.TaskDefinition{Definition: core.Definition{Schedule: schedule}}
	for _, change := range changes {
		change(&def.Definition)
	}
	return store.DueTask{TaskID: "task", Namespace: "default", Version: 3, NextDue: now.Add(next), TaskDefinition: def}
}

// planOf plans one task.
func planOf(t *testing.T, d store.DueTask) store.TaskPlan {
	t.Helper()
	s := &tasks{due: []store.DueTask{d}}
	p, _ := planner(s)
	require.NoError(t, p.RunOnce(t.Context()))
	return s.plans[d.TaskID]
}

func every(interval time.Duration) core.Schedule {
	return core.Schedule{Kind: core.ScheduleInterval, Interval: interval, Start: now.Add(-1000 * time.Hour)}
}

func cron(expr string) core.Schedule { return core.Schedule{Kind: core.ScheduleCron, Cron: expr} }

func misfireAfter(d time.Duration) func(*core.Definition) {
	return func(def *core.Definition) { def.MisfireAfter = d }
}

func TestDuesUpToTheHorizonArePlanned(t *testing.T) {
	t.Parallel()
	const s = time.Second
	until := func(end time.Duration, schedule core.Schedule) core.Schedule {
		schedule.End = now.Add(end)
		return schedule
	}
	for _, tc := range []struct {
		name string
		task store.DueTask
		dues []time.Duration
		next time.Duration // 0: none
	}{
		{"every 5 s", due(0, every(5*s)), []time.Duration{0, 5 * s, 10 * s, 15 * s}, 20 * s},
		{"cron", due(4*s, cron("*/4 * * * * ?")), []time.Duration{4 * s, 8 * s, 12 * s}, 16 * s},
		{"the next lies within the low water, others do not", due(9*s, every(s)),
			[]time.Duration{9 * s, 10 * s, 11 * s, 12 * s, 13 * s, 14 * s, 15 * s}, 16 * s},
		{"rare", due(3*s, cron("3 6 5 * * ?")), []time.Duration{3 * s}, 24*time.Hour + 3*s},
		{"beyond the horizon", due(16*s, every(s)), nil, 16 * s},
		{"once", due(2*s, core.Schedule{Kind: core.ScheduleOnce, Start: now.Add(2 * s)}), []time.Duration{2 * s}, 0},
		{"once, however late", due(-1000*time.Hour, core.Schedule{Kind: core.ScheduleOnce, Start: now.Add(-1000 * time.Hour)}), []time.Duration{-1000 * time.Hour}, 0},
		{"ends within the horizon", due(0, until(7*s, every(5*s))), []time.Duration{0, 5 * s}, 0},
		{"ends on an instant", due(0, until(10*s, every(5*s))), []time.Duration{0, 5 * s, 10 * s}, 0},
		{"late, but not missed", due(-60*s, every(30*s)), []time.Duration{-60 * s, -30 * s, 0}, 30 * s},
		{"late, by its own measure not missed", due(-time.Hour, every(time.Hour), misfireAfter(2*time.Hour)), []time.Duration{-time.Hour, 0}, time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, tc.task)
			require.Empty(t, p.Problem)
			require.Nil(t, p.Missed)
			require.Len(t, p.Runs, len(tc.dues))
			for i, at := range tc.dues {
				r := p.Runs[i]
				require.Equal(t, now.Add(at), r.Due)
				require.Equal(t, core.RunID(r.Due, core.ScheduleKey("task", 3, r.Due)), r.ID, "the key that lets an instant yield one run")
				require.Equal(t, []any{core.TriggerSchedule, "task", int64(3), "default", core.QueueDefault, now, r.Due},
					[]any{r.Trigger, r.TaskID, r.TaskVersion, r.Namespace, r.Queue, r.PlannedAt, r.FireAt})
			}
			if tc.next == 0 {
				require.Zero(t, p.NextDue)
			} else {
				require.Equal(t, now.Add(tc.next), p.NextDue)
			}
		})
	}
}

func TestOnePassWritesABoundedNumberOfRuns(t *testing.T) {
	t.Parallel()
	p := planOf(t, due(-time.Hour, every(time.Second), misfireAfter(24*time.Hour)))
	require.Len(t, p.Runs, maxRuns)
	require.Equal(t, now.Add(-time.Hour+maxRuns*time.Second), p.NextDue, "the next pass goes on there")
}

// A firing of many runs is written whole, and the bound counts its runs.
func TestFiringsToAllWorkers(t *testing.T) {
	t.Parallel()
	const workers = 40
	d := due(0, every(time.Second), func(def *core.Definition) { def.Routing.Strategy = core.RouteSharded })
	s := &tasks{due: []store.DueTask{d}}
	p, _ := planner(s)
	p.opts.Route = func(core.Destination) []string {
		queues := make([]string, workers)
		for i := range queues {
			queues[i] = fmt.Sprintf("node:w%d", i)
		}
		return queues
	}
	require.NoError(t, p.RunOnce(t.Context()))
	got := s.plans["task"]
	require.Len(t, got.Runs, 3*workers)
	require.Equal(t, now.Add(3*time.Second), got.NextDue, "the next pass goes on there")
	for i, r := range got.Runs {
		firing, shard := i/workers, i%workers
		at := now.Add(time.Duration(firing) * time.Second)
		require.Equal(t, core.ShardID(core.RunID(at, core.ScheduleKey("task", 3, at)), shard), r.ID)
		require.Equal(t, []any{r.ID, shard, workers, fmt.Sprintf("node:w%d", shard), at}, []any{r.OccurrenceID, r.Shard, r.Shards, r.Queue, r.Due})
	}

	p.opts.Route = func(core.Destination) []string { return []string{core.QueueUnrouted} }
	s.due = []store.DueTask{due(0, every(time.Minute), func(def *core.Definition) { def.Routing.Strategy = core.RouteBroadcast })}
	require.NoError(t, p.RunOnce(t.Context()))
	require.Len(t, s.plans["task"].Runs, 1)
	r := s.plans["task"].Runs[0]
	require.Equal(t, []any{core.QueueUnrouted, 0, 0, core.ShardID(r.ID, 0)}, []any{r.Queue, r.Shard, r.Shards, r.ID}, "it becomes the first shard")
}

func TestMissedStretchIsOneRecord(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	for _, tc := range []struct {
		name        string
		task        store.DueTask
		count       int
		first, last time.Duration
		dues        []time.Duration
		next        time.Duration // 0: none
	}{
		{"an hour of every minute", due(-60*m, every(m)), 59, -60 * m, -2 * m, []time.Duration{-m, 0}, m},
		{"one", due(-61*time.Second, core.Schedule{Kind: core.ScheduleInterval, Interval: time.Hour, Start: now.Add(-61 * time.Second)}),
			1, -61 * time.Second, -61 * time.Second, nil, time.Hour - 61*time.Second},
		{"by its own measure", due(-60*m, every(10*m), misfireAfter(25*m)), 4, -60 * m, -30 * m, []time.Duration{-20 * m, -10 * m, 0}, 10 * m},
		{"all, and its end has passed", func() store.DueTask {
			d := due(-60*m, every(m))
			d.Schedule.End = now.Add(-30 * m)
			return d
		}(), 31, -60 * m, -30 * m, nil, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, tc.task)
			require.NotNil(t, p.Missed)
			require.Equal(t, core.RunMissed, p.Missed.State)
			require.Equal(t, tc.count, p.Missed.Count)
			require.Equal(t, now.Add(tc.first), p.Missed.FirstDue)
			require.Equal(t, now.Add(tc.last), p.Missed.LastDue)
			require.NotEmpty(t, p.Missed.Result.Reason)
			require.Equal(t, now, p.Missed.RecordedAt)
			var dues []time.Duration
			for _, r := range p.Runs {
				dues = append(dues, r.Due.Sub(now))
			}
			require.Equal(t, tc.dues, dues, "a late firing that is not missed is still sent")
			if tc.next == 0 {
				require.Zero(t, p.NextDue)
			} else {
				require.Equal(t, now.Add(tc.next), p.NextDue)
			}
		})
	}
}

func TestCountOfMissedFiringsIsBounded(t *testing.T) {
	t.Parallel()
	const long = (maxMissed + 500) * time.Second
	p := planOf(t, due(-long, every(time.Second)))
	require.Equal(t, maxMissed, p.Missed.Count)
	require.Contains(t, p.Missed.Result.Reason, fmt.Sprintf("counted up to %d", maxMissed))
	require.Equal(t, now.Add(-core.DefaultMisfireAfter), p.Runs[0].Due, "the first that is not missed is sent")
	require.Len(t, p.Runs, 76)
}

func TestTaskThatCannotBePlannedIsSetAside(t *testing.T) {
	t.Parallel()
	gone := due(0, every(time.Second))
	gone.TaskDefinition = nil
	for name, d := range map[string]store.DueTask{
		"gone":         gone,
		"bad cron":     due(0, cron("nonsense")),
		"bad zone":     due(0, core.Schedule{Kind: core.ScheduleCron, Cron: "0 * * * * ?", Zone: "Mars/Olympus"}),
		"missed":       due(-time.Hour, cron("nonsense")),
		"bad kind":     due(0, core.Schedule{Kind: "sometimes"}),
		"bad interval": due(0, core.Schedule{Kind: core.ScheduleInterval, Start: now}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := due(0, every(time.Minute))
			good.TaskID = "good"
			s := &tasks{due: []store.DueTask{d, good}}
			p, _ := planner(s)
			require.NoError(t, p.RunOnce(t.Context()))
			bad := s.plans["task"]
			require.NotEmpty(t, bad.Problem)
			require.Zero(t, bad.NextDue)
			require.Empty(t, bad.Runs)
			require.Nil(t, bad.Missed)
			require.Len(t, s.plans["good"].Runs, 1, "the others are planned")
		})
	}
}

func TestBatchesAreDrained(t *testing.T) {
	t.Parallel()
	batch := core.DefaultBatches().Plan
	s := &tasks{delayed: 2*batch + 1, first: now.Add(7 * time.Second)}
	for range 3 * batch {
		s.due = append(s.due, due(5*time.Second, every(5*time.Second)))
	}
	s.due[len(s.due)-1] = due(4*time.Second, every(time.Second))
	p, wakes := planner(s)
	require.NoError(t, p.RunOnce(t.Context()))
	require.Empty(t, s.due)
	require.Zero(t, s.delayed)
	require.Equal(t, map[string]int{"tasks": 4, "delayed": 3}, s.batches)
	require.Equal(t, map[string]time.Time{"tasks": now.Add(lowWater), "delayed": now.Add(core.PlanHorizon)}, s.untils)
	require.Len(t, *wakes, 6, "one for each batch that planned something")
	require.Equal(t, now.Add(7*time.Second), (*wakes)[5])
	require.Contains(t, *wakes, s.plans["task"].Runs[0].Due, "the earliest of its batch")
}

func TestBatchesAreAsLargeAsTold(t *testing.T) {
	t.Parallel()
	s := &tasks{delayed: 3, due: []store.DueTask{due(5*time.Second, every(5*time.Second)), due(6*time.Second, every(5*time.Second))}}
	p, _ := planner(s)
	p = New(Options{Store: s, Zone: time.UTC, Wake: p.opts.Wake, Logger: p.opts.Logger, Route: p.opts.Route, Batches: core.Batches{Plan: 1}})
	require.NoError(t, p.RunOnce(t.Context()))
	require.Empty(t, s.due)
	require.Zero(t, s.delayed)
	require.Equal(t, map[string]int{"tasks": 3, "delayed": 4}, s.batches, "until one is not full")
}

func TestFailureOfOneKindLeavesTheOther(t *testing.T) {
	t.Parallel()
	away := errors.New("the database is away")
	s := &tasks{delayed: 1, failing: map[string]error{"tasks": away}}
	p, wakes := planner(s)
	require.ErrorIs(t, p.RunOnce(t.Context()), away)
	require.Zero(t, s.delayed)
	require.Empty(t, *wakes)
	s = &tasks{delayed: 1, due: []store.DueTask{due(0, every(time.Minute))}, failing: map[string]error{"delayed": away}}
	p, wakes = planner(s)
	require.ErrorIs(t, p.RunOnce(t.Context()), away)
	require.Len(t, *wakes, 1)
}

func TestPlanningEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	batch := core.DefaultBatches().Plan
	s := &tasks{delayed: 100 * batch, after: cancel}
	p, _ := planner(s)
	require.ErrorIs(t, p.RunOnce(ctx), context.Canceled)
	require.Equal(t, 100*batch, s.delayed, "no batch is begun after it")
}
