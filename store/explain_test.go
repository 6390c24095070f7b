package store_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// No statement of the hot path may read a whole table that grows. The statements are those that the store sends, as the
// tap notes them, and the plans SQLite's own.
func TestHotStatementsUseAnIndex(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	parent := b.task(retrying, func(k *core.Task) { k.Children = []string{"child"} })
	d := b.delayed(later, keyed("k"))
	now := testdb.Now()
	run := b.plan(parent, now)

	for _, c := range []struct {
		name  string
		do    func() error
		wants []string // parts of the plans of which each must be there
	}{
		{
			"Reserve",
			func() error {
				_, err := b.Reserve(b.ctx, master, core.QueueDefault, now, 10)
				return err
			},
			[]string{"SEARCH runs USING COVERING INDEX runs_claim (queue=? AND claim_at<?)", "SEARCH runs USING PRIMARY KEY (id=?)"},
		},
		{
			"PlanTasks",
			func() error {
				_, _, err := b.PlanTasks(b.ctx, now, 10, func(store.DueTask) store.TaskPlan { return store.TaskPlan{NextDue: now} })
				return err
			},
			[]string{"SEARCH task_plans USING INDEX task_plans_due (next_due<?)"},
		},
		{
			"PlanDelayed",
			func() error {
				_, _, err := b.PlanDelayed(b.ctx, now, 10, testdb.AnyWorker)
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX delayed_tasks_due (next_due<?)"},
		},
		{
			"Recover",
			func() error {
				if err := b.Expire(b.ctx, "w2"); err != nil {
					return err
				}
				_, _, err := b.Recover(b.ctx, "w2", testdb.AnyWorker)
				return err
			},
			[]string{"SEARCH runs USING INDEX runs_holder (holder=?)"},
		},
		{
			"Expired",
			func() error {
				_, err := b.Expired(b.ctx)
				return err
			},
			[]string{"SCAN runs USING COVERING INDEX runs_holder"},
		},
		{
			"Reconcile",
			func() error {
				_, err := b.Reconcile(b.ctx, worker, nil, testdb.AnyWorker)
				return err
			},
			[]string{"SEARCH runs USING INDEX runs_holder (holder=?)"},
		},
		{
			"Record",
			func() error {
				b.report(testdb.Outcome(run, core.RunFailed), core.Outcome{RunID: "x", State: core.RunSucceeded})
				return nil
			},
			[]string{"SEARCH runs USING PRIMARY KEY (id=?)"},
		},
		{
			"MoveTask",
			func() error { b.move(parent.ID, core.TaskPaused); return nil },
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)"},
		},
		{
			"VoidDelayed",
			func() error {
				_, err := b.VoidDelayed(b.ctx, d.ID, "")
				return err
			},
			[]string{"SEARCH runs USING INDEX runs_delayed (delayed_id=?)"},
		},
		{
			"LastDue",
			func() error {
				_, err := b.LastDue(b.ctx, parent.ID)
				return err
			},
			[]string{"SEARCH runs USING INDEX runs_task", "SEARCH run_history USING INDEX run_history_task (task_id=?)"},
		},
		{
			"history of a task",
			func() error { b.list(store.RunFilter{TaskID: parent.ID, Before: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_task (task_id=? AND id<?)"},
		},
		{
			"history of a delayed task",
			func() error { b.list(store.RunFilter{DelayedID: d.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_delayed (delayed_id=?)"},
		},
		{
			"history of all",
			func() error { b.list(store.RunFilter{Before: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX sqlite_autoindex_run_history_1 (id<?)"},
		},
		{
			"delayed tasks, page by page",
			func() error {
				_, err := b.DelayedTasks(b.ctx, store.DelayedFilter{After: d.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX sqlite_autoindex_delayed_tasks_1 (id<?)"},
		},
		{
			"delayed tasks by their key",
			func() error {
				_, err := b.DelayedTasks(b.ctx, store.DelayedFilter{SourceApp: "a", Topic: "b", ContentKey: "c", Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX delayed_tasks_key (source_app=? AND topic=? AND content_key=?)"},
		},
		{
			"CreateDelayed",
			func() error { b.delayed(keyed("k")); return nil },
			[]string{"SEARCH delayed_tasks USING INDEX delayed_tasks_idempotency (namespace=? AND idempotency_key=?)"},
		},
		{
			"Prune",
			func() error {
				_, err := b.Prune(b.ctx, now, 10)
				return err
			},
			[]string{"SEARCH run_history USING INDEX sqlite_autoindex_run_history_1 (id<?)"},
		},
		{
			"PruneTask",
			func() error {
				_, err := b.PruneTask(b.ctx, parent.ID, 10, 10)
				return err
			},
			[]string{"SEARCH run_history USING COVERING INDEX run_history_task (task_id=? AND id<?)"},
		},
		{
			"DueNotices",
			func() error {
				_, err := b.DueNotices(b.ctx, 10)
				return err
			},
			[]string{"SEARCH n USING INDEX notices_next (next_try<?)"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			tap := store.NewTap(b.Store)
			b.ForgetDefinitions()
			require.NoError(t, c.do())
			statements := tap.Take()
			require.NotEmpty(t, statements)
			var all []string
			for _, st := range statements {
				steps, err := b.Explain(b.ctx, st)
				require.NoError(t, err, st.Query)
				for _, step := range steps {
					require.False(t, readsWhole(step), "%s\n%s", step, st.Query)
				}
				all = append(all, steps...)
			}
			for _, want := range c.wants {
				require.Contains(t, strings.Join(all, "\n"), want)
			}
		})
	}
}

// growing are the tables whose rows are counted in the millions.
var growing = regexp.MustCompile(`^SCAN (runs|run_history|delayed_tasks|task_plans|tasks|run_logs|[hdtp])\b`)

// readsWhole says whether a step of a plan reads a growing table from end to end. One pass is excused: the runs that
// processes hold are bounded by their slots, and have an index that holds no others.
func readsWhole(step string) bool {
	return growing.MatchString(step) && !strings.Contains(step, "runs_holder")
}

// A page of the newest tasks is read in the order of its index, not sorted out of all.
func TestTaskPageIsReadInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	tap := store.NewTap(b.Store)
	_, err := b.Tasks(b.ctx, store.TaskFilter{Namespace: core.DefaultNamespace, Limit: 10})
	require.NoError(t, err)
	for _, st := range tap.Take() {
		steps, err := b.Explain(b.ctx, st)
		require.NoError(t, err)
		require.Contains(t, steps[0], "SEARCH t USING INDEX tasks_created (namespace=?)")
		require.NotContains(t, strings.Join(steps, "\n"), "TEMP B-TREE")
	}
}

// A delayed task that waits for its instant costs planning nothing: only those due are touched.
func TestWaitingDelayedTasksAreLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	batch := make([]*core.DelayedTask, 1000)
	for i := range batch {
		batch[i] = testdb.DelayedTask(later)
	}
	require.NoError(t, b.CreateDelayedBatch(b.ctx, batch, b.ahead()))
	tap := store.NewTap(b.Store)
	n, _, err := b.PlanDelayed(b.ctx, testdb.Now().Add(time.Minute), 500, testdb.AnyWorker)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Len(t, tap.Take(), 1, "one look, and no transaction")
}
