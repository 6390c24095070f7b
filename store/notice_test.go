package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// noticeBundle is a store whose runs can be made to fail for good.
type noticeBundle struct {
	*store.Store
	t   testing.TB
	ctx context.Context
}

func noticeSetup(t testing.TB) noticeBundle {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return noticeBundle{s, t, t.Context()}
}

func noticeRoute(core.Destination) []string { return []string{core.QueueDefault} }

// delayed creates n delayed tasks that are due.
func (b noticeBundle) delayed(n int, creator int64) {
	b.t.Helper()
	var tasks []*core.DelayedTask
	for i := range n {
		tasks = append(tasks, &core.DelayedTask{ID: fmt.Sprintf("d%04d", i), Namespace: core.DefaultNamespace, SourceApp: "shop", Topic: "order",
			ContentKey: fmt.Sprint(i), Due: time.Now(), CreatedBy: creator, CreatedAt: time.Now()})
	}
	require.NoError(b.t, b.CreateDelayedBatch(b.ctx, tasks, store.PlanAhead{Until: time.Now().Add(time.Second), Route: noticeRoute}))
}

// fail ends all planned runs and gives their ids.
func (b noticeBundle) fail() []string {
	b.t.Helper()
	reserved, _, err := b.Reserve(b.ctx, "m", core.QueueDefault, time.Now().Add(time.Second), 10_000, room)
	require.NoError(b.t, err)
	var batch []store.Handout
	for _, r := range reserved {
		batch = append(batch, store.Handout{Reserved: r, Worker: "w1", Incarnation: "i-w1"})
	}
	sent, err := b.Dispatch(b.ctx, "m", batch)
	require.NoError(b.t, err)
	var (
		outcomes []core.Outcome
		ids      []string
	)
	for _, h := range sent {
		outcomes = append(outcomes, core.Outcome{RunID: h.ID, Token: h.Token, State: core.RunFailed, SentAt: time.Now(), AnsweredAt: time.Now()})
		ids = append(ids, h.ID)
	}
	_, err = b.Record(b.ctx, outcomes, noticeRoute, func() float64 { return 0 })
	require.NoError(b.t, err)
	return ids
}

func (b noticeBundle) due(limit int) []store.Notice {
	b.t.Helper()
	due, err := b.DueNotices(b.ctx, limit)
	require.NoError(b.t, err)
	return due
}

func TestNoticeRoundTrip(t *testing.T) {
	t.Parallel()
	b := noticeSetup(t)
	require.Empty(t, b.due(10))

	task := &core.Task{ID: "t1", Namespace: core.DefaultNamespace, Kind: core.KindHTTP, Title: "t", State: core.TaskRunning, Version: 1, CreatedAt: time.Now()}
	task.Callback = &core.Callback{Method: "GET", URL: "http://example.com"}
	runs := store.TaskRuns(store.DueTask{TaskID: "t1", Namespace: core.DefaultNamespace, Version: 1,
		TaskDefinition: &store.TaskDefinition{Definition: task.Definition}}, time.Now(), time.Now(), noticeRoute)
	require.NoError(t, b.CreateTask(b.ctx, task, runs))
	before := b.Now().Truncate(time.Microsecond)
	require.Equal(t, []string{runs[0].ID}, b.fail())

	due := b.due(10)
	require.Len(t, due, 1)
	require.WithinRange(t, due[0].NextTry, before, b.Now(), "due at once")
	due[0].NextTry = time.Time{}
	require.Equal(t, store.Notice{RunID: runs[0].ID, TaskID: "t1"}, due[0])

	b.delayed(1, 42)
	delayedRun := b.fail()[0]
	due = b.due(10)
	require.Len(t, due, 2, "the longest due comes first")
	due[1].NextTry = time.Time{}
	require.Equal(t, store.Notice{RunID: delayedRun, DelayedID: "d0000", CreatedBy: 42}, due[1])
	require.Len(t, b.due(1), 1)

	// A later try is not due before its time, and is counted when it is to be.
	require.NoError(t, b.PostponeNotices(b.ctx, []string{runs[0].ID, "unknown"}, b.Now().Add(time.Hour), true))
	require.Equal(t, delayedRun, b.due(10)[0].RunID)
	require.Len(t, b.due(10), 1)
	past := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	require.NoError(t, b.PostponeNotices(b.ctx, []string{runs[0].ID}, past, true))
	require.NoError(t, b.PostponeNotices(b.ctx, []string{runs[0].ID}, past, false))
	require.Equal(t, store.Notice{RunID: runs[0].ID, TaskID: "t1", Tries: 2, NextTry: past}, b.due(10)[0])

	require.NoError(t, b.DeleteNotices(b.ctx, []string{runs[0].ID, "unknown"}))
	require.Len(t, b.due(10), 1)
	require.NoError(t, b.DeleteNotices(b.ctx, nil))
	require.NoError(t, b.DeleteNotices(b.ctx, []string{delayedRun}))
	require.Empty(t, b.due(10))
}

func TestManyNoticesAreSettledTogether(t *testing.T) {
	t.Parallel()
	b := noticeSetup(t)
	const n = 700 // more than one statement names
	b.delayed(n, 1)
	ids := b.fail()
	require.Len(t, b.due(10_000), n)
	require.NoError(t, b.PostponeNotices(b.ctx, ids, b.Now(), true))
	for _, notice := range b.due(10_000) {
		require.Equal(t, 1, notice.Tries)
	}
	require.NoError(t, b.DeleteNotices(b.ctx, ids[1:]))
	require.Equal(t, ids[0], b.due(10_000)[0].RunID)
	require.Len(t, b.due(10_000), 1)
}
