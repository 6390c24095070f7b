package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// bundle is a notifier on a database of its own, with a channel that keeps what it is given.
type bundle struct {
	*Notifier
	t      testing.TB
	ctx    context.Context
	store  *store.Store
	outbox *outbox
	log    *bytes.Buffer
	tasks  int
	fired  int
}

func setup(t testing.TB) *bundle {
	t.Helper()
	b := &bundle{t: t, ctx: t.Context(), outbox: &outbox{}, log: &bytes.Buffer{}}
	s, err := store.Open(b.ctx, store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	b.store = s
	b.Notifier = b.notifier(Kind{Name: "outbox", Open: func(core.Settings) Channel { return b.outbox }})
	require.NoError(t, s.Register(b.ctx, &core.Node{
		Kind: core.NodeWorker, Name: "w1", Incarnation: "i-w1", State: core.NodeEnabled, Weight: 1, Slots: 1000, StartedAt: time.Now(),
	}, "", 1000*time.Hour))
	return b
}

// notifier makes another master's notifier.
func (b *bundle) notifier(kinds ...Kind) *Notifier {
	b.t.Helper()
	n, err := New(Options{
		Store: b.store, Settings: storedSettings{b.store}, Channels: kinds, Zone: time.FixedZone("", 8*3600),
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(b.t, err)
	return n
}

// storedSettings reads the settings from the store each time.
type storedSettings struct{ *store.Store }

func (s storedSettings) Current(ctx context.Context) (core.Settings, error) {
	stored, err := s.Settings(ctx)
	if err != nil {
		return core.Settings{}, err
	}
	settings, _ := core.ReadSettings(stored)
	return settings, nil
}

// outbox is a channel that accepts all, but for users it has an error for.
type outbox struct {
	sent  []Message
	tried int
	fail  map[string]failure
}

type failure struct {
	retry bool
	err   error
}

var errBox = errors.New("the box is shut")

func (o *outbox) Send(_ context.Context, m Message) (bool, error) {
	o.tried++
	if f, ok := o.fail[m.To.Name]; ok {
		return f.retry, f.err
	}
	o.sent = append(o.sent, m)
	return false, nil
}

// take gives what was sent since the last call.
func (o *outbox) take() []Message {
	defer func() { o.sent = nil }()
	return o.sent
}

func names(sent []Message) []string {
	var all []string
	for _, m := range sent {
		all = append(all, m.To.Name)
	}
	return all
}

func route(core.Destination) []string { return []string{core.QueueDefault} }

func (b *bundle) user(name string, change func(*core.User)) int64 {
	b.t.Helper()
	u := &core.User{Name: name, Role: core.RoleOperator, Email: name + "@example.com"}
	if change != nil {
		change(u)
	}
	require.NoError(b.t, b.store.CreateUser(b.ctx, u))
	return u.ID
}

func (b *bundle) task(title string, keepers ...int64) *core.Task {
	b.t.Helper()
	b.tasks++
	task := &core.Task{
		ID: fmt.Sprintf("task-%d", b.tasks), Namespace: core.DefaultNamespace, Kind: core.KindHTTP, Title: title, State: core.TaskRunning,
		Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now(),
	}
	task.Keepers, task.Callback = keepers, &core.Callback{Method: "GET", URL: "http://example.com"}
	require.NoError(b.t, b.store.CreateTask(b.ctx, task, nil))
	return task
}

// failTask lets a run of a task fail for good and gives its id.
func (b *bundle) failTask(task *core.Task, result core.Result) string {
	b.t.Helper()
	b.fired++
	runs := store.TaskRuns(store.DueTask{TaskID: task.ID, Namespace: task.Namespace, Version: task.Version,
		TaskDefinition: &store.TaskDefinition{Definition: task.Definition}}, time.Now().Add(time.Duration(b.fired)*time.Millisecond), time.Now(), route)
	require.NoError(b.t, b.store.MoveTask(b.ctx, store.TaskMove{
		TaskID: task.ID, From: []core.TaskState{core.TaskRunning}, Version: task.Version, To: core.TaskRunning, Runs: runs, Now: time.Now(),
	}))
	return b.fail(result)
}

// failDelayed lets a new delayed task fail for good and gives its run's id.
func (b *bundle) failDelayed(creator int64) string {
	b.t.Helper()
	b.fired++
	d := &core.DelayedTask{
		ID: fmt.Sprintf("delayed-%d", b.fired), Namespace: core.DefaultNamespace, SourceApp: "shop", Topic: "order.timeout",
		ContentKey: fmt.Sprint(b.fired), Due: time.Now().Add(time.Duration(b.fired) * time.Millisecond), CreatedBy: creator, CreatedAt: time.Now(),
	}
	require.NoError(b.t, b.store.CreateDelayed(b.ctx, d, store.PlanAhead{Until: time.Now().Add(time.Minute), Route: route}))
	return b.fail(core.Result{Status: 500})
}

// fail lets the one planned run fail.
func (b *bundle) fail(result core.Result) string {
	b.t.Helper()
	reserved, _, err := b.store.Reserve(b.ctx, "master", core.QueueDefault, time.Now().Add(time.Minute), 10, 64<<20)
	require.NoError(b.t, err)
	require.Len(b.t, reserved, 1)
	sent, err := b.store.Dispatch(b.ctx, "master", []store.Handout{{Reserved: reserved[0], Worker: "w1", Incarnation: "i-w1"}})
	require.NoError(b.t, err)
	require.Len(b.t, sent, 1)
	h := sent[0]
	rec, err := b.store.Record(b.ctx, []core.Outcome{{RunID: h.ID, Token: h.Token, State: core.RunFailed, SentAt: time.Now(), AnsweredAt: time.Now(), Result: result}},
		route, func() float64 { return 0 })
	require.NoError(b.t, err)
	require.Len(b.t, rec.Runs, 1)
	return h.ID
}

// pass lets time go by and runs the notifier once.
func (b *bundle) pass(after time.Duration) []Message {
	b.t.Helper()
	time.Sleep(after) // in the virtual time of a synctest bubble
	require.NoError(b.t, b.RunOnce(b.ctx))
	return b.outbox.take()
}

// owed gives the notices that are left, by waiting for the next try of them all.
func (b *bundle) owed() []store.Notice {
	b.t.Helper()
	time.Sleep(2 * time.Hour)
	due, err := b.store.DueNotices(b.ctx, 1000)
	require.NoError(b.t, err)
	return due
}
