package manage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

func TestBulkOfTasks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	operator := &core.User{ID: 8, Name: "oda", Role: core.RoleOperator}
	running, stopped := b.create(true, nil), b.create(false, func(t *core.Task) { t.Title = "resting" })
	bulk := func(bulk TaskBulk) TaskBulkDone {
		done, err := b.Tasks.Bulk(b.ctx, operator, bulk)
		require.NoError(t, err)
		return done
	}
	done := bulk(TaskBulk{Action: ActPause, IDs: []string{running, stopped, "none", running}})
	require.Equal(t, 1, done.Done)
	require.Len(t, done.Refused, 2)
	require.Equal(t, "resting", done.Refused[0].Title)
	requireError(t, done.Refused[0].Err, core.CodeConflict, "", "only a running task can be paused")
	requireError(t, done.Refused[1].Err, core.CodeNotFound, "", "there is no task none")
	require.Equal(t, core.TaskPaused, b.task(running).State)

	require.Equal(t, TaskBulkDone{Done: 1}, bulk(TaskBulk{Action: ActResume, Filter: store.TaskFilter{State: core.TaskPaused}}))
	require.Equal(t, TaskBulkDone{Done: 1}, bulk(TaskBulk{Action: ActStop, IDs: []string{running}}))
	require.Equal(t, TaskBulkDone{Done: 2}, bulk(TaskBulk{Action: ActStart}))
	require.Equal(t, TaskBulkDone{Done: 2}, bulk(TaskBulk{Action: ActLabel, Add: []string{"a", "b"}}))
	require.Equal(t, TaskBulkDone{Done: 1}, bulk(TaskBulk{Action: ActLabel, Remove: []string{"a"}, IDs: []string{running}}))
	require.Equal(t, []string{"b"}, b.task(running).Labels)
	require.Equal(t, TaskBulkDone{}, bulk(TaskBulk{Action: ActStop, IDs: []string{}}), "none are not all")

	refused := func(bulk TaskBulk, code core.Code, field, text string) {
		t.Helper()
		_, err := b.Tasks.Bulk(b.ctx, operator, bulk)
		requireError(t, err, code, field, text)
	}
	refused(TaskBulk{Action: "dance"}, core.CodeRule, "action", "must be start")
	refused(TaskBulk{Action: ActDelete, IDs: []string{running}}, core.CodeForbidden, "", "takes the role developer")
	refused(TaskBulk{Action: ActStart, IDs: make([]string, MaxBulk+1)}, core.CodeRule, "ids", "at most 1000")
	refused(TaskBulk{Action: ActLabel}, core.CodeRule, "add", "is required")
	refused(TaskBulk{Action: ActLabel, Add: []string{"a b"}}, core.CodeRule, "add", "is not one word")
	refused(TaskBulk{Action: ActStop, Add: []string{"a"}}, core.CodeRule, "add", "the action label only")
	refused(TaskBulk{Action: ActStop, Remove: []string{"a"}}, core.CodeRule, "remove", "the action label only")
	require.Equal(t, core.TaskRunning, b.task(running).State)

	developer := &core.User{ID: 9, Name: "dev", Role: core.RoleDeveloper}
	gone, err := b.Tasks.Bulk(b.ctx, developer, TaskBulk{Action: ActDelete, Filter: store.TaskFilter{Search: "resting"}})
	require.NoError(t, err)
	require.Equal(t, TaskBulkDone{Done: 1}, gone)
	require.Equal(t, core.TaskDeleted, b.task(stopped).State)
}

// An edit that says nothing of labels leaves them.
func TestLabelsOutlastAnEdit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(false, func(t *core.Task) { t.Labels = []string{"a", "a", "b"} })
	require.Equal(t, []string{"a", "b"}, b.task(id).Labels)
	edited := httpTask(func(t *core.Task) { t.ID = id })
	_, err := b.Tasks.Edit(b.ctx, b.admin, edited)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, edited.Labels)
	require.Equal(t, []string{"a", "b"}, b.task(id).Labels)
	_, err = b.Tasks.Edit(b.ctx, b.admin, httpTask(func(t *core.Task) { t.ID, t.Labels = id, []string{} }))
	require.NoError(t, err)
	require.Empty(t, b.task(id).Labels)
}

func TestPulseOfTasks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create(true, nil)
	b.create(false, nil)
	states, ended, err := b.Tasks.Pulse(b.ctx)
	require.NoError(t, err)
	require.Equal(t, map[core.TaskState]int64{core.TaskRunning: 1, core.TaskStopped: 1}, states)
	require.Zero(t, ended)
	labels, err := b.Tasks.Labels(b.ctx, 10)
	require.NoError(t, err)
	require.Empty(t, labels)
	_, err = b.Tasks.Keepers(b.ctx)
	require.NoError(t, err)
}
