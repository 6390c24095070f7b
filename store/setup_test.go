package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// The processes of the tests.
const (
	master = "m1"
	worker = "w1"
)

// room is how many bytes of runs a master reserves.
const room = 64 << 20

// bundle is a store with two masters and two workers registered, each with the lease of a day, and what tests do with
// them.
type bundle struct {
	*store.Store
	t     testing.TB
	ctx   context.Context
	fired int // firings asked for by hand
}

func setup(t testing.TB, s *store.Store) *bundle {
	t.Helper()
	b := &bundle{Store: s, t: t, ctx: t.Context()}
	b.join()
	return b
}

// join registers the processes of the tests.
func (b *bundle) join() {
	b.t.Helper()
	for name, kind := range map[string]core.NodeKind{"m1": core.NodeMaster, "m2": core.NodeMaster, "w1": core.NodeWorker, "w2": core.NodeWorker} {
		b.register(kind, name, "", 24*time.Hour)
	}
}

// sub runs a subtest on the same store, emptied first. It spares the making of one for every line of a table.
func (b *bundle) sub(t *testing.T, name string, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		require.NoError(t, b.Wipe(t.Context()))
		inner := &bundle{Store: b.Store, t: t, ctx: t.Context()}
		inner.join()
		fn(t, inner)
	})
}

// each runs fn on every database with a bundle.
func each(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Parallel()
	testdb.Each(t, func(t *testing.T, s *store.Store) { fn(t, setup(t, s)) })
}

// virtual runs fn in a bubble whose time moves by sleeping and costs nothing. It is for the database whose clock is the
// process's.
func virtual(t *testing.T, fn func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { fn(t, setup(t, testdb.Open(t))) })
}

func (b *bundle) register(kind core.NodeKind, name, host string, lease time.Duration) {
	b.t.Helper()
	require.NoError(b.t, b.Register(b.ctx, &core.Node{
		Kind: kind, Name: name, Incarnation: name, State: core.NodeEnabled, Weight: 1, Slots: 10, StartedAt: testdb.Now(),
	}, host, lease))
}

// task stores a task.
func (b *bundle) task(changes ...func(*core.Task)) *core.Task {
	b.t.Helper()
	k := testdb.Task(changes...)
	require.NoError(b.t, b.CreateTask(b.ctx, k, nil))
	return k
}

// delayed stores a delayed task and plans it when it is due.
func (b *bundle) delayed(changes ...func(*core.DelayedTask)) *core.DelayedTask {
	b.t.Helper()
	d := testdb.DelayedTask(changes...)
	require.NoError(b.t, b.CreateDelayed(b.ctx, d, b.ahead()))
	return d
}

func (b *bundle) ahead() store.PlanAhead {
	return store.PlanAhead{Until: b.soon(), Route: testdb.AnyWorker}
}

// soon is now, or a little after by the process's clock and by the database's alike where they are two.
func (b *bundle) soon() time.Time {
	if b.Kind() == store.SQLite {
		return b.Now()
	}
	return b.Now().Add(100 * time.Millisecond)
}

// plan plans a run of a task's schedule at due.
func (b *bundle) plan(k *core.Task, due time.Time, changes ...func(*core.Run)) *core.Run {
	b.t.Helper()
	r := testdb.Run(k, due, changes...)
	require.NoError(b.t, b.InsertRuns(b.ctx, r))
	return r
}

// reserve has a master reserve what is due in the default queue, or in those named.
func (b *bundle) reserve(master string, queues ...string) []*store.Reserved {
	b.t.Helper()
	if len(queues) == 0 {
		queues = []string{core.QueueDefault}
	}
	var all []*store.Reserved
	for _, q := range queues {
		runs, _, err := b.Reserve(b.ctx, master, q, b.soon(), 100, room)
		require.NoError(b.t, err)
		all = append(all, runs...)
	}
	return all
}

// give dispatches reserved runs to a worker and gives those that may be sent.
func (b *bundle) give(master, worker string, runs ...*store.Reserved) []store.Handout {
	b.t.Helper()
	batch := make([]store.Handout, len(runs))
	for i, r := range runs {
		batch[i] = store.Handout{Reserved: r, Worker: worker, Incarnation: worker}
	}
	sent, err := b.Dispatch(b.ctx, master, batch)
	require.NoError(b.t, err)
	return sent
}

// dispatch gives all that is due to the first worker, by the first master.
func (b *bundle) dispatch() []store.Handout {
	b.t.Helper()
	return b.give(master, worker, b.reserve(master)...)
}

// one dispatches the only run that is due.
func (b *bundle) one() store.Handout {
	b.t.Helper()
	sent := b.dispatch()
	require.Len(b.t, sent, 1)
	return sent[0]
}

func held(runs ...store.Handout) []store.Held {
	out := make([]store.Held, len(runs))
	for i, r := range runs {
		out[i] = store.Held{RunID: r.ID, Token: r.Token}
	}
	return out
}

func (b *bundle) started(runs ...store.Handout) {
	b.t.Helper()
	b.began(testdb.Now(), held(runs...)...)
}

// began notes that a worker began runs at an instant.
func (b *bundle) began(at time.Time, runs ...store.Held) {
	b.t.Helper()
	require.NoError(b.t, b.TakeNotes(b.ctx, beginnings(at, runs)))
}

func beginnings(at time.Time, runs []store.Held) []store.Note {
	notes := make([]store.Note, len(runs))
	for i, h := range runs {
		notes[i] = store.Note{Held: h, BeganAt: at}
	}
	return notes
}

// say stores lines of a run's log.
func (b *bundle) say(h store.Held, first int64, lines ...core.LogLine) {
	b.t.Helper()
	require.NoError(b.t, b.TakeNotes(b.ctx, []store.Note{{Held: h, First: first, Lines: lines}}))
}

// report records outcomes.
func (b *bundle) report(outcomes ...core.Outcome) store.Recorded {
	b.t.Helper()
	rec, err := b.Record(b.ctx, outcomes, testdb.AnyWorker, func() float64 { return 0 })
	require.NoError(b.t, err)
	return rec
}

// end records how a run ended, and that it is recorded.
func (b *bundle) end(r store.Handout, state core.RunState, changes ...func(*core.Outcome)) store.Recorded {
	b.t.Helper()
	rec := b.report(testdb.Outcome(r.Run, state, changes...))
	require.Len(b.t, rec.Runs, 1)
	require.Empty(b.t, rec.Stale)
	return rec
}

// die ends the lease of an incarnation, recovers what it held, and gives the lost runs.
func (b *bundle) die(incarnation string) []*core.Run {
	b.t.Helper()
	require.NoError(b.t, b.Expire(b.ctx, incarnation))
	lost, dead, err := b.Recover(b.ctx, incarnation, testdb.AnyWorker)
	require.NoError(b.t, err)
	require.True(b.t, dead)
	return lost
}

// run reads one run.
func (b *bundle) run(id string) *core.Run {
	b.t.Helper()
	r, err := b.Run(b.ctx, id)
	require.NoError(b.t, err)
	return r
}

// states gives the states of all runs a filter leaves, in the order of their ids.
func (b *bundle) states(f store.RunFilter) []core.RunState {
	b.t.Helper()
	var states []core.RunState
	for _, r := range b.list(f) {
		states = append(states, r.State)
	}
	return states
}

// list gives all runs a filter leaves, in the order of their ids.
func (b *bundle) list(f store.RunFilter) []*core.Run {
	b.t.Helper()
	f.Limit = 10_000
	runs, _, err := b.Runs(b.ctx, f)
	require.NoError(b.t, err)
	slices.Reverse(runs)
	return runs
}

// open gives the only open run.
func (b *bundle) open() *core.Run {
	b.t.Helper()
	open, err := b.OpenRuns(b.ctx)
	require.NoError(b.t, err)
	require.Len(b.t, open, 1)
	for _, r := range open {
		return r
	}
	return nil
}

// none checks that no run is open.
func (b *bundle) none() {
	b.t.Helper()
	open, err := b.OpenRuns(b.ctx)
	require.NoError(b.t, err)
	require.Empty(b.t, open)
}

func (b *bundle) guards() map[string]string {
	b.t.Helper()
	g, err := b.Guards(b.ctx)
	require.NoError(b.t, err)
	return g
}

// cancels gives the requests to end runs that are with workers.
func (b *bundle) cancels() []store.Cancel {
	b.t.Helper()
	asked, err := b.Cancels(b.ctx)
	require.NoError(b.t, err)
	return asked
}

// notices gives the ids of the runs whose failure somebody must be told of.
func (b *bundle) notices() []string {
	b.t.Helper()
	due, err := b.DueNotices(b.ctx, 1000)
	require.NoError(b.t, err)
	var ids []string
	for _, n := range due {
		ids = append(ids, n.RunID)
	}
	return ids
}

// delayedTask reads one delayed task.
func (b *bundle) delayedTask(id string) *core.DelayedTask {
	b.t.Helper()
	d, err := b.Delayed(b.ctx, id)
	require.NoError(b.t, err)
	return d
}

// move changes a task's state as it stands, and gives it as it stands then.
func (b *bundle) move(id string, to core.TaskState, changes ...func(*store.TaskMove)) *core.Task {
	b.t.Helper()
	k, err := b.Task(b.ctx, id)
	require.NoError(b.t, err)
	m := store.TaskMove{
		TaskID: id, From: []core.TaskState{k.State}, Version: k.Version, To: to, Raise: to == core.TaskRunning, Now: testdb.Now(),
	}
	if to != core.TaskRunning {
		m.Cancel = fmt.Sprintf("the task was %s", to)
	}
	for _, change := range changes {
		change(&m)
	}
	require.NoError(b.t, b.MoveTask(b.ctx, m))
	k, err = b.Task(b.ctx, id)
	require.NoError(b.t, err)
	return k
}

func requireCode(t testing.TB, err error, code core.Code) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, core.CodeOf(err), err)
}

// Changes to tasks that many tests make.
func overlapping(k *core.Task) { k.Overlap = core.OverlapAllow }
func retrying(k *core.Task) {
	k.Retry = core.RetryPolicy{Count: 2, Backoff: core.BackoffLinear, Delay: 10 * time.Second}
}
func atMostOnce(k *core.Task) { k.AtMostOnce = true }
func stopped(k *core.Task)    { k.State = core.TaskStopped }
func spread(k *core.Task)     { k.Routing.Strategy = core.RouteSharded }
