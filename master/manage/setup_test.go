package manage

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// bundle is the services on a database of their own, with what they told the dispatcher.
type bundle struct {
	*Service
	t     testing.TB
	ctx   context.Context
	store *store.Store
	admin *core.User

	mu        sync.Mutex
	woken     []time.Time
	cancelled int // times that the master was told of a run to be ended
}

func setup(t testing.TB, change ...func(*Options)) *bundle {
	t.Helper()
	b := &bundle{t: t, ctx: context.Background(), admin: &core.User{ID: 7, Name: "ada"}}
	s, err := store.Open(b.ctx, store.Options{DSN: filepath.Join(t.TempDir(), "carillon.db"), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	b.store = s
	opts := Options{
		Store: s, Logger: slog.New(slog.DiscardHandler), Zone: time.UTC, Route: route,
		Wake: func(at time.Time) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.woken = append(b.woken, at)
		},
		Cancel: func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.cancelled++
		},
	}
	for _, c := range change {
		c(&opts)
	}
	b.Service, err = New(opts)
	require.NoError(t, err)
	return b
}

func route(d core.Destination) []string {
	if len(d.Executors) == 0 {
		return []string{core.QueueDefault}
	}
	return []string{core.QueueOfNode(d.Executors[0])}
}

// wakes gives the instants told to the dispatcher since the last call.
func (b *bundle) wakes() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() { b.woken = nil }()
	return b.woken
}

func (b *bundle) join(worker string) {
	b.t.Helper()
	require.NoError(b.t, b.store.Register(b.ctx, &core.Node{
		Kind: core.NodeWorker, Name: worker, Incarnation: "i-" + worker, State: core.NodeEnabled, Weight: 1, Slots: 10, StartedAt: time.Now(),
	}, "", time.Minute))
}

// dispatch gives the planned runs that are due to a worker.
func (b *bundle) dispatch(until time.Time) []store.Handout {
	b.t.Helper()
	reserved, _, err := b.store.Reserve(b.ctx, "master", core.QueueDefault, until, 100, 64<<20)
	require.NoError(b.t, err)
	var batch []store.Handout
	for _, r := range reserved {
		batch = append(batch, store.Handout{Reserved: r, Worker: "w1", Incarnation: "i-w1"})
	}
	sent, err := b.store.Dispatch(b.ctx, "master", batch)
	require.NoError(b.t, err)
	return sent
}

// end records how a dispatched run ended.
func (b *bundle) end(h store.Handout, state core.RunState) {
	b.t.Helper()
	rec, err := b.store.Record(b.ctx, []core.Outcome{{RunID: h.ID, Token: h.Token, State: state, SentAt: time.Now(), AnsweredAt: time.Now()}},
		route, func() float64 { return 0 })
	require.NoError(b.t, err)
	require.Len(b.t, rec.Runs, 1)
}

// cancels gives the reasons of the requests to end runs that are with workers, by run.
func (b *bundle) cancels() map[string]string {
	b.t.Helper()
	asked, err := b.store.Cancels(b.ctx)
	require.NoError(b.t, err)
	reasons := map[string]string{}
	for _, c := range asked {
		reasons[c.RunID] = c.Reason
	}
	return reasons
}

func (b *bundle) open(taskID string) []*core.Run { return b.runs(taskID, core.RunPlanned) }

func (b *bundle) runs(taskID string, state core.RunState) []*core.Run {
	b.t.Helper()
	runs, _, err := b.Runs.List(b.ctx, store.RunFilter{TaskID: taskID, State: state, Limit: 100})
	require.NoError(b.t, err)
	return runs
}

func (b *bundle) task(id string) *core.Task {
	b.t.Helper()
	t, err := b.Tasks.Get(b.ctx, id)
	require.NoError(b.t, err)
	return t
}

// create stores a task made by httpTask and gives its id.
func (b *bundle) create(start bool, change func(*core.Task)) string {
	b.t.Helper()
	task := httpTask(change)
	unknown, err := b.Tasks.Create(b.ctx, b.admin, task, start)
	require.NoError(b.t, err)
	require.Empty(b.t, unknown)
	return task.ID
}

// httpTask is a valid task, due once a day about twelve hours from now, changed as asked.
func httpTask(change func(*core.Task)) *core.Task {
	t := &core.Task{
		Kind: core.KindHTTP, Title: "invoices",
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: fmt.Sprintf("0 0 %d * * ?", (time.Now().UTC().Hour()+12)%24)},
			Callback: &core.Callback{Method: "POST", URL: "http://127.0.0.1/invoices"},
		},
	}
	if change != nil {
		change(t)
	}
	return t
}

func requireError(t testing.TB, err error, code core.Code, field, says string) {
	t.Helper()
	var e *core.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Error())
	require.Equal(t, field, e.Field, e.Error())
	require.ErrorContains(t, err, says)
}
