package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func makingUp(policy core.Misfire, n int) func(*core.Definition) {
	return func(def *core.Definition) { def.Misfire, def.MisfireCatchUp = policy, n }
}

func TestLatestMissedFiringsAreMadeUpFor(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	once, three := makingUp(core.MisfireFireOnce, 0), makingUp(core.MisfireCatchUp, 3)
	ended := func(d store.DueTask) store.DueTask {
		d.Schedule.End = now.Add(-30 * m)
		return d
	}
	for _, tc := range []struct {
		name        string
		task        store.DueTask
		made        []time.Duration // dues of the runs to be sent at once
		count       int             // of the record; 0: none
		first, last time.Duration
		dues        []time.Duration // of the runs that are in time
		next        time.Duration   // 0: none
	}{
		{"once", due(-60*m, every(m), once), []time.Duration{-2 * m}, 58, -60 * m, -3 * m, []time.Duration{-m, 0}, m},
		{"three", due(-60*m, every(m), three), []time.Duration{-4 * m, -3 * m, -2 * m}, 56, -60 * m, -5 * m, []time.Duration{-m, 0}, m},
		{"three of three", due(-4*m, every(m), three), []time.Duration{-4 * m, -3 * m, -2 * m}, 0, 0, 0, []time.Duration{-m, 0}, m},
		{"three of two", due(-3*m, every(m), three), []time.Duration{-3 * m, -2 * m}, 0, 0, 0, []time.Duration{-m, 0}, m},
		{"three of four", due(-5*m, every(m), three), []time.Duration{-4 * m, -3 * m, -2 * m}, 1, -5 * m, -5 * m, []time.Duration{-m, 0}, m},
		{"once of one", due(-2*m, every(m), once), []time.Duration{-2 * m}, 0, 0, 0, []time.Duration{-m, 0}, m},
		{"the schedule has ended", ended(due(-60*m, every(m), once)), []time.Duration{-30 * m}, 30, -60 * m, -31 * m, nil, 0},
		{"none was missed", due(-m, every(m), three), nil, 0, 0, 0, []time.Duration{-m, 0}, m},
		{"ten by default", due(-60*m, every(5*m), makingUp(core.MisfireCatchUp, 0)),
			[]time.Duration{-50 * m, -45 * m, -40 * m, -35 * m, -30 * m, -25 * m, -20 * m, -15 * m, -10 * m, -5 * m}, 2, -60 * m, -55 * m, []time.Duration{0}, 5 * m},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, tc.task)
			require.Empty(t, p.Problem)
			require.Len(t, p.Runs, len(tc.made)+len(tc.dues))
			for i, at := range tc.made {
				r := p.Runs[i]
				require.Equal(t, now.Add(at), r.Due)
				require.Equal(t, now, r.FireAt, "it is sent at once")
				require.Equal(t, core.RunID(r.Due, core.ScheduleKey("task", 3, r.Due)), r.ID, "its instant's own run")
				require.Equal(t, core.RunPlanned, r.State)
			}
			for i, at := range tc.dues {
				r := p.Runs[len(tc.made)+i]
				require.Equal(t, []time.Time{now.Add(at), now.Add(at)}, []time.Time{r.Due, r.FireAt})
			}
			if tc.count == 0 {
				require.Nil(t, p.Missed)
			} else {
				require.Equal(t, tc.count, p.Missed.Count)
				require.Equal(t, []time.Time{now.Add(tc.first), now.Add(tc.last)}, []time.Time{p.Missed.FirstDue, p.Missed.LastDue})
				require.Contains(t, p.Missed.Result.Reason, fmt.Sprintf("the latest %d", len(tc.made)))
			}
			if tc.next == 0 {
				require.Zero(t, p.NextDue)
			} else {
				require.Equal(t, now.Add(tc.next), p.NextDue)
			}
		})
	}
}

// Of a stretch too long to be counted the latest are found without walking through it.
func TestLatestOfAVeryLongStretch(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]store.DueTask{
		"dense":  due(-100*24*time.Hour, every(time.Second), makingUp(core.MisfireCatchUp, 3)),
		"uneven": due(-2000*24*time.Hour, cron("* * 5 4 3 ?"), makingUp(core.MisfireCatchUp, 3)), // an hour of each year, the last of which ends 1 s ago
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, d)
			require.Equal(t, maxMissed, p.Missed.Count)
			require.Contains(t, p.Missed.Result.Reason, "counted up to")
			limit := now.Add(-core.DefaultMisfireAfter)
			for i := range 3 {
				require.Equal(t, limit.Add(time.Duration(i-3)*time.Second), p.Runs[i].Due)
				require.Equal(t, now, p.Runs[i].FireAt)
			}
			require.Equal(t, limit, p.Runs[3].Due, "the first that is not missed")
			require.Equal(t, limit, p.Runs[3].FireAt)
		})
	}
}

// A stretch that ends a little beyond what is counted takes the rest of the latest from what was.
func TestLatestOnBothSidesOfTheCount(t *testing.T) {
	t.Parallel()
	const long = core.DefaultMisfireAfter + (maxMissed+2)*time.Second // two more than are counted
	p := planOf(t, due(-long, every(time.Second), makingUp(core.MisfireCatchUp, 5)))
	require.Equal(t, maxMissed-3, p.Missed.Count)
	require.Equal(t, p.Runs[0].Due.Add(-time.Second), p.Missed.LastDue)
	for i := range 5 {
		require.Equal(t, now.Add(-core.DefaultMisfireAfter+time.Duration(i-5)*time.Second), p.Runs[i].Due)
	}
}

func TestMadeUpFiringsOfManyRunsAreBounded(t *testing.T) {
	t.Parallel()
	const workers = 40
	d := due(-time.Hour, every(time.Minute), makingUp(core.MisfireCatchUp, 10), func(def *core.Definition) { def.Routing.Strategy = core.RouteSharded })
	s := &tasks{due: []store.DueTask{d}}
	p, _ := planner(s)
	p.opts.Route = func(core.Destination) []string { return make([]string, workers) }
	require.NoError(t, p.RunOnce(t.Context()))
	got := s.plans["task"]
	require.Len(t, got.Runs, 3*workers, "as many as the bound lets begin")
	require.Equal(t, now.Add(-4*time.Minute), got.Runs[0].Due)
	require.Equal(t, now.Add(-2*time.Minute), got.Runs[3*workers-1].Due)
	require.Equal(t, 56, got.Missed.Count)
	require.Equal(t, now.Add(-5*time.Minute), got.Missed.LastDue)
	require.Equal(t, now.Add(-time.Minute), got.NextDue, "the next pass goes on there")
}
