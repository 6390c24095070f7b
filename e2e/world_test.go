package e2e

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
	"github.com/carillonhq/carillon/worker"
)

// world is a Carillon in virtual time: a database file, a master, workers whose targets are functions.
type world struct {
	t      *testing.T
	path   string
	store  *store.Store
	master *master.Master
	target *target
	// batches are those of masters and of the store. The zero value stands for the defaults.
	batches core.Batches
}

// virtually runs a test in a bubble of its own with a started world.
func virtually(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	virtuallyBatched(t, core.Batches{}, test)
}

// virtuallyBatched is virtually with batches of its own.
func virtuallyBatched(t *testing.T, batches core.Batches, test func(t *testing.T, w *world)) {
	t.Helper()
	if raceDetector {
		// About one run in four of a whole hour in a bubble ended in a fault inside the detector's own runtime.
		t.Skip("virtual time crashes the race detector's runtime (golang/go#78156); these tests run without it")
	}
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, path: filepath.Join(dir, "carillon.db"), target: newTarget(), batches: batches}
		w.startMaster()
		defer w.stopMaster()
		test(t, w)
	})
}

func (w *world) startMaster() {
	var err error
	w.store, err = store.Open(w.t.Context(), store.Options{DSN: w.path, Logger: slog.New(slog.DiscardHandler), Batches: w.batches})
	require.NoError(w.t, err)
	w.master, err = master.New(master.Options{
		Store: w.store, Logger: slog.New(slog.DiscardHandler), Name: "m1", AdminPassword: "correct horse", Zone: time.UTC, Exclusive: true,
		Batches: w.batches,
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.master.Start(w.t.Context()))
}

// secondMaster starts another master on the same database, and gives it with the way to stop it.
func (w *world) secondMaster() (m *master.Master, stop func()) {
	w.t.Helper()
	m, err := master.New(master.Options{Store: w.store, Logger: slog.New(slog.DiscardHandler), Name: "m2", Zone: time.UTC, Batches: w.batches})
	require.NoError(w.t, err)
	require.NoError(w.t, m.Start(w.t.Context()))
	return m, func() { require.NoError(w.t, m.Stop(w.t.Context())) }
}

func (w *world) stopMaster() {
	require.NoError(w.t, w.master.Stop(w.t.Context()))
	require.NoError(w.t, w.store.Close())
}

// startWorker connects a worker; stop drains it.
func (w *world) startWorker(name string, slots int, changes ...func(*worker.Options)) (wk *worker.Worker, link *link) {
	return w.startWorkerOf(nil, name, slots, changes...)
}

// startWorkerOf connects a worker to one of two masters; nil is the first.
func (w *world) startWorkerOf(m *master.Master, name string, slots int, changes ...func(*worker.Options)) (wk *worker.Worker, link *link) {
	link = newLink(w)
	link.master = m
	wk, err := newTestWorker(w, name, slots, link, changes...)
	require.NoError(w.t, err)
	require.NoError(w.t, wk.Start(w.t.Context()))
	synctest.Wait()
	return wk, link
}

func newTestWorker(w *world, name string, slots int, link *link, changes ...func(*worker.Options)) (*worker.Worker, error) {
	opts := worker.Options{Name: name, Slots: slots, Performer: w.target, Dialer: link}
	for _, change := range changes {
		change(&opts)
	}
	return worker.New(opts)
}

func stop(t *testing.T, wk *worker.Worker) {
	t.Helper()
	require.NoError(t, wk.Stop(context.WithoutCancel(t.Context())))
}

// startWorkers connects workers with ten slots each, to the masters in turn; nil is the first. It gives their ways to the
// masters, and what stops them all.
func (w *world) startWorkers(masters []*master.Master, names []string, changes ...func(*worker.Options)) (ways []*link, stopAll func()) {
	var all []*worker.Worker
	for i, name := range names {
		wk, way := w.startWorkerOf(masters[i%len(masters)], name, 10, changes...)
		all, ways = append(all, wk), append(ways, way)
	}
	return ways, func() {
		for _, wk := range all {
			stop(w.t, wk)
		}
	}
}

// link is a worker's way to the master, which a test can cut.
type link struct {
	world  *world
	master *master.Master // nil: the world's master of the moment
	mu     sync.Mutex
	cut    bool
	end    context.CancelFunc
}

func newLink(w *world) *link { return &link{world: w} }

// Dial opens a stream to its master.
func (l *link) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errors.New("the network is down")
	}
	ctx, l.end = context.WithCancel(ctx)
	if l.master != nil {
		return l.master.Attach(ctx), nil
	}
	return l.world.master.Attach(ctx), nil
}

// sever ends the stream and lets no other begin.
func (l *link) sever() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
	if l.end != nil {
		l.end()
	}
}

// heal lets streams begin again.
func (l *link) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}

// call is what a target saw of one run.
type call struct {
	run   *rpc.Run
	at    time.Time
	until time.Time
}

// target performs runs: it notes each call and answers as its function says.
type target struct {
	answer func(ctx context.Context, run *rpc.Run) core.Outcome

	mu    sync.Mutex
	calls []call
}

func newTarget() *target {
	return &target{answer: func(context.Context, *rpc.Run) core.Outcome { return core.Outcome{State: core.RunSucceeded} }}
}

// Perform is part of worker.Performer.
func (g *target) Perform(ctx context.Context, run *rpc.Run, _ worker.Sink) core.Outcome {
	began := time.Now()
	o := g.answer(ctx, run)
	o.SentAt, o.AnsweredAt = began, time.Now()
	g.mu.Lock()
	g.calls = append(g.calls, call{run: run, at: began, until: time.Now()})
	g.mu.Unlock()
	return o
}

func (g *target) seen() []call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]call(nil), g.calls...)
}

// takes answers success after a while, or cancelled when it is told to end.
func takes(d time.Duration) func(context.Context, *rpc.Run) core.Outcome {
	return func(ctx context.Context, _ *rpc.Run) core.Outcome {
		select {
		case <-time.After(d):
			return core.Outcome{State: core.RunSucceeded}
		case <-ctx.Done():
			return core.Outcome{State: core.RunCancelled, Result: core.Result{Reason: context.Cause(ctx).Error()}}
		}
	}
}

// stubborn answers success after a while, whoever tells it to end.
func stubborn(d time.Duration) func(context.Context, *rpc.Run) core.Outcome {
	return func(context.Context, *rpc.Run) core.Outcome {
		time.Sleep(d)
		return core.Outcome{State: core.RunSucceeded}
	}
}

func fails(context.Context, *rpc.Run) core.Outcome {
	return core.Outcome{State: core.RunFailed, Retryable: true, Result: core.Result{Reason: "answered 500", Status: 500}}
}

var admin = &core.User{ID: 1, Name: "admin", Role: core.RoleAdmin}

func cronTask(expr string) *core.Task {
	return &core.Task{
		Kind: core.KindHTTP, Title: "t",
		Definition: core.Definition{
			Schedule: core.Schedule{Kind: core.ScheduleCron, Cron: expr},
			Callback: &core.Callback{Method: "POST", URL: "http://target.test/"},
		},
	}
}

// running creates a task and starts it.
func (w *world) running(task *core.Task) *core.Task {
	w.t.Helper()
	_, err := w.master.Manage().Tasks.Create(w.t.Context(), admin, task, true)
	require.NoError(w.t, err)
	return task
}

// delayed creates a delayed task due in d.
func (w *world) delayed(d time.Duration) *core.DelayedTask {
	w.t.Helper()
	task := &core.DelayedTask{SourceApp: "shop", Topic: "order", ContentKey: "1", Due: time.Now().Add(d)}
	task.Callback.URL = "http://target.test/"
	require.NoError(w.t, w.master.Manage().Delayed.Create(w.t.Context(), admin, task))
	return task
}

// runs lists the runs of a task, in due order.
func (w *world) runs(f store.RunFilter) []*core.Run {
	w.t.Helper()
	f.Limit = 100_000
	runs, _, err := w.store.Runs(w.t.Context(), f)
	require.NoError(w.t, err)
	for i, j := 0, len(runs)-1; i < j; i, j = i+1, j-1 {
		runs[i], runs[j] = runs[j], runs[i]
	}
	return runs
}

func states(runs []*core.Run) map[core.RunState]int {
	n := map[core.RunState]int{}
	for _, r := range runs {
		n[r.State]++
	}
	return n
}
