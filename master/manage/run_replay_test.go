package manage

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestReplayRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	id := b.create(true, nil)
	planned, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	_, err = b.Runs.Replay(b.ctx, b.admin, planned.ID)
	requireError(t, err, core.CodeConflict, "", "has not ended: it is planned")
	b.end(b.dispatch(time.Now())[0], core.RunFailed)
	b.wakes()

	again, err := b.Runs.Replay(b.ctx, b.admin, planned.ID)
	require.NoError(t, err)
	require.Len(t, b.wakes(), 1)
	got, err := b.Runs.Get(b.ctx, again.ID)
	require.NoError(t, err)
	require.Equal(t, core.TriggerReplay, got.Trigger)
	require.Equal(t, planned.ID, got.ReplayOf)
	require.Equal(t, got.ID, got.OccurrenceID, "another occurrence")
	require.EqualValues(t, 7, got.RequestedBy)
	b.end(b.dispatch(time.Now())[0], core.RunSucceeded)
	got, err = b.Runs.Get(b.ctx, again.ID)
	require.NoError(t, err)
	require.Equal(t, planned.ID, got.ReplayOf, "its cause is kept in the history")
	related, err := b.Runs.Related(b.ctx, got)
	require.NoError(t, err)
	require.Equal(t, planned.ID, related.Original.ID)
	require.Equal(t, "invoices", related.Titles[id])

	require.NoError(t, b.Tasks.Pause(b.ctx, b.admin, id))
	_, err = b.Runs.Replay(b.ctx, b.admin, planned.ID)
	requireError(t, err, core.CodeConflict, "", "the task is paused")
	require.NoError(t, b.Tasks.Resume(b.ctx, b.admin, id))
	_, err = b.Runs.Replay(b.ctx, b.admin, planned.ID)
	require.NoError(t, err, "another version, and the same definition")

	require.NoError(t, b.Tasks.Stop(b.ctx, b.admin, id))
	edited := b.task(id)
	edited.Callback.Body = "other"
	_, err = b.Tasks.Edit(b.ctx, b.admin, edited)
	require.NoError(t, err)
	require.NoError(t, b.Tasks.Start(b.ctx, b.admin, id))
	_, err = b.Runs.Replay(b.ctx, b.admin, planned.ID)
	requireError(t, err, core.CodeConflict, "", "has been edited since")
	sent, err := b.Runs.Sent(b.ctx, b.admin, got)
	require.NoError(t, err)
	require.Nil(t, sent.Callback, "what was sent then is not known any more")
	_, err = b.Runs.Replay(b.ctx, b.admin, "none")
	requireError(t, err, core.CodeNotFound, "", "there is no run none")
}

func TestRunOfADelayedTaskIsNotReplayed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	d := &core.DelayedTask{SourceApp: "shop", Topic: "close", ContentKey: "1", Due: time.Now()}
	d.Callback = core.Callback{URL: "http://127.0.0.1/close"}
	require.NoError(t, b.Delayed.Create(b.ctx, b.admin, d))
	r := b.dispatch(time.Now().Add(time.Second))[0]
	b.end(r, core.RunSucceeded)
	_, err := b.Runs.Replay(b.ctx, b.admin, r.ID)
	requireError(t, err, core.CodeConflict, "", "reset the delayed task")
}
