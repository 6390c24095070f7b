package store_test

import (
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// check compares the store with its model, and checks what must always hold of the store by itself.
func (x *modelled) check(t *rapid.T) {
	open, err := x.s.OpenRuns(x.ctx)
	require.NoError(t, err)
	ended, err := x.s.EndedRuns(x.ctx)
	require.NoError(t, err)
	guards, err := x.s.Guards(x.ctx)
	require.NoError(t, err)

	x.compareRuns(t, open, ended)
	require.Equal(t, x.guards, guards)
	x.compareTasks(t)
	x.compareDelayed(t)
	x.compareCancels(t)
	checkPlaces(t, open, ended)
	x.checkGuards(t, open, guards)
	x.checkTokens(t, open, ended)
	x.checkCounters(t, ended)
}

func (x *modelled) compareRuns(t *rapid.T, open, ended map[string]*core.Run) {
	require.Len(t, open, len(x.open))
	for id, want := range x.open {
		got := open[id]
		require.NotNil(t, got, "%s is missing", id)
		require.Equal(t, want.State, got.State, id)
		require.Equal(t, want.Token, got.Token, id)
		require.Equal(t, want.Holder, got.Holder, id)
		require.Equal(t, want.OccurrenceID, got.OccurrenceID, id)
		require.Equal(t, want.Attempt, got.Attempt, id)
		require.Equal(t, want.Retry, got.Retry, id)
		require.Equal(t, want.TaskVersion, got.TaskVersion, id)
		require.Equal(t, want.Trigger, got.Trigger, id)
		require.Equal(t, []int{want.Shard, want.Shards}, []int{got.Shard, got.Shards}, id)
		require.True(t, want.FireAt.Equal(got.FireAt), id)
	}
	require.Len(t, ended, len(x.ended))
	for id, want := range x.ended {
		require.NotNil(t, ended[id], "%s is missing", id)
		require.Equal(t, want, ended[id].State, id)
		require.NotZero(t, ended[id].RecordedAt, id)
	}
	for id, want := range x.missed {
		require.Equal(t, want.count, ended[id].Count, id)
		require.True(t, want.last.Equal(ended[id].LastDue), id)
	}
}

func (x *modelled) compareTasks(t *rapid.T) {
	for id, want := range x.tasks {
		got, err := x.s.Task(x.ctx, id)
		require.NoError(t, err)
		require.Equal(t, want.State, got.State)
		require.Equal(t, want.Version, got.Version)
		require.True(t, want.NextDue.Equal(got.NextDue))
		require.Equal(t, x.sent[id], got.Stats.Runs)
	}
	due, err := x.s.DueNotices(x.ctx, 1000)
	require.NoError(t, err)
	require.Len(t, due, len(x.notices))
	for _, n := range due {
		require.True(t, x.notices[n.RunID], n.RunID)
	}
}

func (x *modelled) compareDelayed(t *rapid.T) {
	for id, want := range x.delayed {
		got, err := x.s.Delayed(x.ctx, id)
		require.NoError(t, err)
		require.Equal(t, want.State, got.State, id)
		require.Equal(t, want.Resets, got.Resets, id)
		require.Equal(t, want.Runs, got.Runs, id)
		ended := want.State != core.DelayedCreated && want.State != core.DelayedReady
		require.Equal(t, ended, !got.FinishedAt.IsZero(), id)
	}
}

// compareCancels: a request to end a run is there as long as its run is open, and names who has the run.
func (x *modelled) compareCancels(t *rapid.T) {
	want := map[store.Held]string{}
	for id := range x.cancels {
		if r := x.open[id]; r != nil {
			require.NotEqual(t, core.RunPlanned, r.State, "%s is done again although somebody asked to end it", id)
			want[store.Held{RunID: id, Token: r.Token}] = r.Holder
		}
	}
	got := map[store.Held]string{}
	cancels, err := x.s.Cancels(x.ctx)
	require.NoError(t, err)
	for _, c := range cancels {
		got[c.Held] = c.Holder
	}
	require.Equal(t, want, got)
}

// checkPlaces: each run is open or ended, never both; an occurrence has at most one open run, and its attempts are
// numbered without a gap or a double.
func checkPlaces(t *rapid.T, open, ended map[string]*core.Run) {
	attempts := map[string]map[int]bool{}
	unfinished := map[string]bool{}
	note := func(r *core.Run) {
		of := attempts[r.OccurrenceID]
		if of == nil {
			of = map[int]bool{}
			attempts[r.OccurrenceID] = of
		}
		require.False(t, of[r.Attempt], "attempt %d of %s is there twice", r.Attempt, r.OccurrenceID)
		of[r.Attempt] = true
	}
	for id, r := range open {
		require.Nil(t, ended[id], "%s is open and ended", id)
		require.False(t, r.State.Final(), id)
		require.False(t, unfinished[r.OccurrenceID], "occurrence %s is open twice", r.OccurrenceID)
		unfinished[r.OccurrenceID] = true
		note(r)
	}
	for id, r := range ended {
		require.True(t, r.State.Final(), id)
		note(r)
	}
	for id, of := range attempts {
		for n := range len(of) {
			require.True(t, of[n+1], "attempt %d of %s is missing", n+1, id)
		}
	}
}

// checkGuards: no task that forbids overlap has two firings with workers, and its guard is that of the one it has, or of
// one of which a shard is still to begin.
func (x *modelled) checkGuards(t *rapid.T, open map[string]*core.Run, guards map[string]string) {
	with, begun := map[string]string{}, map[string]bool{}
	for _, r := range open {
		if k := x.tasks[r.TaskID]; k == nil || !k.Overlap.Guarded() {
			continue
		}
		firing := (&modelRun{Run: *r}).holder()
		if r.State == core.RunPlanned {
			begun[r.TaskID] = begun[r.TaskID] || r.Shards > 0 && guards[r.TaskID] == firing && r.Trigger != core.TriggerRetry
			continue
		}
		require.Contains(t, []string{"", firing}, with[r.TaskID], "two firings of a task under way")
		with[r.TaskID] = firing
	}
	for task := range begun {
		if begun[task] {
			with[task] = guards[task]
		}
	}
	require.Equal(t, with, guards)
}

// checkTokens: the token of a run never falls.
func (x *modelled) checkTokens(t *rapid.T, runs ...map[string]*core.Run) {
	for _, m := range runs {
		for id, r := range m {
			require.GreaterOrEqual(t, r.Token, x.tokens[id], id)
			x.tokens[id] = r.Token
		}
	}
}

// checkCounters: the hourly counters are the history, counted.
func (x *modelled) checkCounters(t *rapid.T, ended map[string]*core.Run) {
	want := map[core.RunState]int64{}
	for _, r := range ended {
		want[r.State] += int64(r.Count)
	}
	counts, err := x.s.HourlyCounts(x.ctx, core.DefaultNamespace, testdb.Now().AddDate(-1, 0, 0))
	require.NoError(t, err)
	got := map[core.RunState]int64{}
	other, err := x.s.HourlyCounts(x.ctx, "", testdb.Now().AddDate(-1, 0, 0))
	require.NoError(t, err)
	for _, c := range append(counts, other...) {
		got[c.Outcome] += c.Runs
	}
	require.Equal(t, want, got)
}
