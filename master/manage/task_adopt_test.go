package manage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestAdoptKeepsWhatTheOtherSystemSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	born := time.Date(2020, 5, 13, 9, 25, 48, 361080000, time.UTC)
	adopt := func(id string, change func(*core.Task)) error {
		k := httpTask(change)
		k.ID, k.CreatedBy, k.CreatedByName, k.CreatedAt = id, 42, "crm", born
		k.Origin = &core.Origin{System: core.SystemScheduleMaster, Mark: "m", Version: 1}
		k.State, k.Version = core.TaskRunning, 9
		_, err := b.Tasks.Adopt(b.ctx, b.admin, k)
		return err
	}
	const child, parent = "5f3b1c1e-0000-4000-8000-00000000000a", "5f3b1c1e-0000-4000-8000-00000000000b"
	require.NoError(t, adopt(child, nil))
	require.NoError(t, adopt(parent, func(k *core.Task) { k.Children = []string{child, child} }))
	got, err := b.Tasks.Get(b.ctx, parent)
	require.NoError(t, err)
	require.Equal(t, core.TaskStopped, got.State)
	require.Equal(t, int64(1), got.Version)
	require.Equal(t, int64(42), got.CreatedBy)
	require.Equal(t, "crm", got.CreatedByName)
	require.Equal(t, born, got.CreatedAt)
	require.Equal(t, []string{child}, got.Children)
	require.Equal(t, core.SystemScheduleMaster, got.Origin.System)
	require.Equal(t, core.DefaultNamespace, got.Namespace)
	require.Empty(t, b.open(parent))

	requireError(t, adopt(parent, nil), core.CodeConflict, "", "already: it is stopped")
	require.NoError(t, b.Tasks.Delete(b.ctx, b.admin, child))
	requireError(t, adopt(child, nil), core.CodeConflict, "", "already: it is deleted")
	requireError(t, adopt("5f3b1c1e-0000-4000-8000-00000000000c", func(k *core.Task) { k.Children = []string{child} }), core.CodeRule, "children", "has been deleted")
	requireError(t, adopt("5f3b1c1e-0000-4000-8000-00000000000c", func(k *core.Task) { k.Executors = []string{"w9"} }), core.CodeRule, "executors", "w9")
	requireError(t, adopt("5f3b1c1e-0000-4000-8000-00000000000c", func(k *core.Task) { k.Schedule.Cron = "0 0 2 * *" }), core.CodeMalformed, "schedule.cron", "")
}

func TestStartable(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := httpTask(nil)
	require.NoError(t, b.Tasks.Startable(b.ctx, k))
	k.Schedule.End = time.Now().Add(-time.Hour)
	requireError(t, b.Tasks.Startable(b.ctx, k), core.CodeRule, "schedule.end", "has passed")
}
