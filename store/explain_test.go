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

// hot is a call whose statements run at every firing or at every page, with parts of SQLite's plans that must be there.
type hot struct {
	name  string
	do    func() error
	wants []string
}

// hotCalls are the calls of the hot path and of the pages, on a store with a task, a delayed task and a run.
func hotCalls(b *bundle) []hot {
	parent := b.task(retrying, func(k *core.Task) { k.Children = []string{"child"} })
	d := b.delayed(later, keyed("k"))
	now := testdb.Now()
	run := b.plan(parent, now)
	return []hot{
		{
			"Reserve",
			func() error {
				_, _, err := b.Reserve(b.ctx, master, core.QueueDefault, now, 10, room)
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
			"LateTasks",
			func() error {
				_, err := b.LateTasks(b.ctx, now)
				return err
			},
			[]string{"SCAN runs USING COVERING INDEX runs_task"},
		},
		{
			"LateRuns",
			func() error {
				_, err := b.LateRuns(b.ctx, parent.ID, now.Add(-time.Hour), now, 10)
				return err
			},
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)"},
		},
		{
			"EndPlanned",
			func() error {
				b.miss("late", b.plan(parent, now.Add(-time.Hour)), b.plan(parent, now.Add(-2*time.Hour)))
				return nil
			},
			[]string{"SEARCH run_history USING INDEX run_history_task (task_id=? AND id<?)", "SEARCH run_history USING INDEX run_history_task (task_id=? AND id>? AND id<?)",
				"SEARCH runs USING INDEX runs_task (task_id=?)"},
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
			"Record of a shard",
			func() error {
				sharded := b.task(spread, func(k *core.Task) { k.Children = []string{"child"} })
				b.fire(sharded)
				for _, r := range b.dispatch() {
					b.end(r, core.RunSucceeded)
				}
				return nil
			},
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)", "SEARCH run_history USING INDEX run_history_task (task_id=? AND id>?)", "SEARCH guards USING PRIMARY KEY (task_id=?)"},
		},
		{
			"Dispatch and Record of firings that queue",
			func() error {
				queued := b.task(queueing)
				b.plan(queued, now.Add(-2*time.Second))
				r := b.one()
				b.plan(queued, now.Add(-time.Second))
				b.dispatch()
				b.end(r, core.RunSucceeded)
				return nil
			},
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)", "SEARCH guards USING PRIMARY KEY (task_id=?)"},
		},
		{
			"Dispatch of a firing that replaces another",
			func() error {
				replaced := b.task(replacing)
				b.plan(replaced, now.Add(-2*time.Second))
				b.dispatch()
				b.plan(replaced, now.Add(-time.Second))
				b.dispatch()
				return nil
			},
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)"},
		},
		{
			"EndLate",
			func() error {
				late := b.task(makingUp(2))
				b.stretch(late, 5, 3)
				b.settle(master, b.reserve(master))
				return nil
			},
			[]string{"SEARCH runs USING INDEX runs_task (task_id=?)", "SEARCH run_history USING INDEX run_history_task (task_id=? AND id>? AND id<?)", "SEARCH task_plans USING PRIMARY KEY (task_id=?)"},
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
			"Cancels",
			func() error {
				_, err := b.Cancels(b.ctx)
				return err
			},
			nil,
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
			"history of a state",
			func() error { b.list(store.RunFilter{State: core.RunLost, Before: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_state (state=? AND id<?)"},
		},
		{
			"history of a trigger",
			func() error { b.list(store.RunFilter{Trigger: core.TriggerManual, Before: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_trigger (triggered_by=? AND id<?)"},
		},
		{
			"history of a worker",
			func() error { b.list(store.RunFilter{Worker: worker, Before: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX sqlite_autoindex_run_history_1 (id<?)"},
		},
		{
			"history of a worker's failures, over a stretch of time",
			func() error {
				b.list(store.RunFilter{Worker: worker, State: core.RunFailed, From: now.Add(-time.Hour), To: now})
				return nil
			},
			[]string{"SEARCH run_history USING INDEX run_history_state (state=? AND id>? AND id<?)"},
		},
		{
			"runs that one caused",
			func() error { b.list(store.RunFilter{ParentRunID: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_parent (parent_run_id=?)", "SEARCH runs USING INDEX runs_parent (parent_run_id=?)"},
		},
		{
			"ClearRuns of a task",
			func() error {
				_, err := b.ClearRuns(b.ctx, store.ClearFilter{TaskID: parent.ID, States: []core.RunState{core.RunFailed}, To: now}, 10, true)
				return err
			},
			[]string{"SEARCH run_history USING INDEX run_history_task (task_id=? AND id<?)", "SEARCH c USING COVERING INDEX runs_parent (parent_run_id=?)"},
		},
		{
			"CountEnded of a state",
			func() error {
				_, err := b.CountEnded(b.ctx, store.ClearFilter{States: []core.RunState{core.RunFailed}, From: now.Add(-time.Hour), To: now}, 10)
				return err
			},
			[]string{"SEARCH run_history USING COVERING INDEX run_history_state (state=? AND id>? AND id<?)"},
		},
		{
			"attempts of an occurrence",
			func() error { b.list(store.RunFilter{OccurrenceID: run.ID}); return nil },
			[]string{"SEARCH run_history USING INDEX run_history_occurrence (occurrence_id=?)", "SEARCH runs USING INDEX runs_occurrence (occurrence_id=?)"},
		},
		{
			"delayed tasks, page by page",
			func() error {
				_, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{After: d.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX sqlite_autoindex_delayed_tasks_1 (id<?)"},
		},
		{
			"delayed tasks by their key",
			func() error {
				_, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{SourceApp: "a", Topic: "b", ContentKey: "c", Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX delayed_tasks_content (content_key=?)"},
		},
		{
			"delayed tasks of a source app",
			func() error {
				_, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{SourceApp: "a", State: core.DelayedFailed, After: d.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX delayed_tasks_app (source_app=? AND id<?)"},
		},
		{
			"delayed tasks of a state",
			func() error {
				_, _, err := b.DelayedTasks(b.ctx, store.DelayedFilter{State: core.DelayedFailed, DueFrom: now, DueTo: now.Add(time.Hour), After: d.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH delayed_tasks USING INDEX sqlite_autoindex_delayed_tasks_1 (id<?)"},
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
			"PruneLogs",
			func() error {
				_, err := b.PruneLogs(b.ctx, now, 10)
				return err
			},
			[]string{"SEARCH l USING PRIMARY KEY (run_id<?)", "SEARCH run_history USING COVERING INDEX sqlite_autoindex_run_history_1 (id=?)"},
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
			"audit of an object",
			func() error {
				_, err := b.Audit(b.ctx, store.AuditFilter{Kind: core.AuditTask, ObjectID: parent.ID, Before: run.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH audit USING INDEX audit_object (kind=? AND object_id=? AND id<?)"},
		},
		{
			"audit of a user",
			func() error {
				_, err := b.Audit(b.ctx, store.AuditFilter{UserName: "ada", Before: run.ID, Limit: 10})
				return err
			},
			[]string{"SEARCH audit USING INDEX audit_user (user_name=? AND id<?)"},
		},
		{
			"PluginChunk",
			func() error {
				v := b.upload("hello", "1.0.0")
				_, _, _, err := b.PluginChunk(b.ctx, v.Digest, 1)
				return err
			},
			[]string{"SEARCH v USING INDEX plugin_versions_digest (digest=?)", "SEARCH c USING INDEX sqlite_autoindex_plugin_chunks_1 (version_id=? AND number=?)"},
		},
		{
			"PluginTasks",
			func() error {
				b.task(plugged("hello", ""))
				_, _, err := b.PluginTasks(b.ctx, core.DefaultNamespace, "hello", 10)
				return err
			},
			[]string{"SEARCH u USING INDEX task_plugins_package (namespace=? AND package=?)"},
		},
		{
			"DueNotices",
			func() error {
				_, err := b.DueNotices(b.ctx, 10)
				return err
			},
			[]string{"SEARCH n USING INDEX notices_next (next_try<?)"},
		},
	}
}

// No statement of the hot path may read a whole table that grows. The statements are those that the store sends, as the
// tap notes them, and the plans SQLite's own.
func TestHotStatementsUseAnIndex(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	for _, c := range hotCalls(b) {
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
var growing = regexp.MustCompile(`^SCAN (runs|run_history|delayed_tasks|task_plans|tasks|run_logs|[hdtpl])\b`)

// readsWhole says whether a step of a plan reads a growing table from end to end. Two indexes are excused, which hold few
// of its rows: the runs that processes hold are bounded by their slots, and those of tasks by what is missed and the
// horizon.
func readsWhole(step string) bool {
	return growing.MatchString(step) && !strings.Contains(step, "runs_holder") && !strings.Contains(step, "COVERING INDEX runs_task")
}

// A page of tasks is read in the order of an index, not sorted out of all.
func TestTaskPageIsReadInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, testdb.Open(t))
	tap := store.NewTap(b.Store)
	for order, index := range map[store.TaskOrder]string{
		"": "t USING COVERING INDEX tasks_created", store.TasksByCreated: "t USING COVERING INDEX tasks_created", store.TasksByTitle: "t USING COVERING INDEX tasks_title",
		store.TasksByState: "p USING COVERING INDEX task_plans_state", store.TasksByNextDue: "p USING INDEX task_plans_due",
	} {
		for _, f := range []store.TaskFilter{{}, {Search: "a", Kind: core.KindHTTP, Namespace: core.DefaultNamespace}, {State: core.TaskRunning}, {Outcome: core.RunSucceeded}} {
			tap.Take()
			f.Order, f.Limit = order, 10
			_, err := b.TasksOfMany(b.ctx, f)
			require.NoError(t, err)
			steps, err := b.Explain(b.ctx, tap.Take()[0])
			require.NoError(t, err)
			require.Contains(t, steps[0], index, "%+v", f)
			require.NotContains(t, strings.Join(steps, "\n"), "TEMP B-TREE", "%+v", f)

			tap.Take()
			f.Behind = &store.TaskPlace{ID: "a", Text: "a", Number: 1}
			_, err = b.TasksOfMany(b.ctx, f)
			require.NoError(t, err)
			steps, err = b.Explain(b.ctx, tap.Take()[0])
			require.NoError(t, err)
			require.Contains(t, steps[0], "SEARCH "+index, "a page is entered where it begins: %+v", f)
			require.NotContains(t, strings.Join(steps, "\n"), "TEMP B-TREE", "%+v", f)
		}
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
