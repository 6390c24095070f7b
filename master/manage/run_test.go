package manage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestCancelRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.join("w1")
	id := b.create(true, nil)
	planned, err := b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	require.NoError(t, b.Runs.Cancel(b.ctx, b.admin, planned.ID, "asked twice"))
	got, err := b.Runs.Get(b.ctx, planned.ID)
	require.NoError(t, err)
	require.Equal(t, core.RunCancelled, got.State)
	require.Equal(t, "cancelled by ada: asked twice", got.Result.Reason)
	require.Zero(t, b.cancelled, "no worker had it")
	requireError(t, b.Runs.Cancel(b.ctx, b.admin, planned.ID, ""), core.CodeConflict, "", "has ended")

	_, err = b.Tasks.RunOnce(b.ctx, b.admin, id)
	require.NoError(t, err)
	sent := b.dispatch(time.Now())
	require.Len(t, sent, 1)
	require.NoError(t, b.Runs.Cancel(b.ctx, b.admin, sent[0].ID, ""))
	require.Equal(t, map[string]string{sent[0].ID: "cancelled by ada"}, b.cancels(), "what is answered with success is stored")
	require.Equal(t, 1, b.cancelled)
	got, err = b.Runs.Get(b.ctx, sent[0].ID)
	require.NoError(t, err)
	require.Equal(t, core.RunDispatched, got.State, "the worker says when it has ended")
}

func TestCancelRunRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	requireError(t, b.Runs.Cancel(b.ctx, b.admin, "none", ""), core.CodeNotFound, "", "there is no run none")
	requireError(t, b.Runs.Cancel(b.ctx, b.admin, "none", "\xff"), core.CodeMalformed, "reason", "UTF-8")
	requireError(t, b.Runs.Cancel(b.ctx, b.admin, "none", strings.Repeat("é", maxReason+1)), core.CodeRule, "reason", "has 501 characters")
}
