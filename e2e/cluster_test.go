package e2e

import (
	"context"
	"errors"
	"fmt"
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

// cluster is a Carillon of several masters in virtual time. They share a database file, and each has a handle of its own
// on it, as processes would.
type cluster struct {
	t       *testing.T
	path    string
	members []*member
	target  *target
}

// member is a master of a cluster.
type member struct {
	*master.Master
	store  *store.Store
	log    *journal
	gone   bool // killed, or without its database
	halted bool // stopped cleanly
}

// together runs a test in a bubble of its own with a cluster of n masters.
func together(t *testing.T, n int, test func(t *testing.T, c *cluster)) {
	t.Helper()
	if raceDetector {
		t.Skip("virtual time crashes the race detector's runtime (golang/go#78156); these tests run without it")
	}
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, path: filepath.Join(dir, "carillon.db"), target: newTarget()}
		for range n {
			c.add()
		}
		defer c.stop()
		test(t, c)
	})
}

// add starts one more master.
func (c *cluster) add() *member {
	c.t.Helper()
	m := &member{log: newJournal()}
	log := slog.New(slog.NewTextHandler(m.log, nil))
	var err error
	// The first brings the schema up to date; the others share the file with it.
	m.store, err = store.Open(c.t.Context(), store.Options{DSN: c.path, Logger: log, Shared: len(c.members) > 0})
	require.NoError(c.t, err)
	m.Master, err = master.New(master.Options{
		Store: m.store, Logger: log, Name: fmt.Sprint("m", len(c.members)+1), AdminPassword: "correct horse", Zone: time.UTC,
	})
	require.NoError(c.t, err)
	require.NoError(c.t, m.Start(c.t.Context()))
	c.members = append(c.members, m)
	return m
}

// loseDatabase has a master lose its way to the database, for good. All else of it goes on.
func (c *cluster) loseDatabase(m *member) {
	synctest.Wait() // no call is under way
	require.NoError(c.t, m.store.Close())
	m.gone = true
}

// stop ends the masters. One that was killed or lost its database has nothing to end cleanly with.
func (c *cluster) stop() {
	for _, m := range c.members {
		switch {
		case m.halted:
		case m.gone:
			require.Error(c.t, m.Stop(c.t.Context()))
		default:
			c.halt(m)
		}
	}
}

// halt stops a master cleanly.
func (c *cluster) halt(m *member) {
	c.t.Helper()
	require.NoError(c.t, m.Stop(c.t.Context()))
	require.NoError(c.t, m.store.Close())
	m.halted = true
}

// route is a worker's way to the masters, which it tries in order, as worker.GRPCDialer does: the one it was at last.
type route struct {
	t *testing.T

	mu      sync.Mutex
	masters []*member
	cut     map[*member]bool
	deaf    bool // what masters send goes nowhere
	at      *member
	end     context.CancelFunc // of the stream, as both see it
	lose    context.CancelFunc // of the stream, as the worker sees it
	dials   int
}

var _ worker.Several = (*route)(nil)

// Dial is part of worker.Dialer.
func (r *route) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dials++
	m := r.masters[0]
	r.masters = append(r.masters[1:], m)
	if r.cut[m] {
		return nil, errors.New("the network is down")
	}
	if r.deaf {
		return nil, errors.New("the master does not answer") // no connection is made of what one end says
	}
	// The master hears of the end of a stream when the worker's process ends it, unless the network is cut off.
	masterCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	workerCtx, lose := context.WithCancel(ctx)
	r.at, r.end, r.lose = m, end, lose
	s := &losable{WorkerStream: m.Attach(masterCtx), ctx: workerCtx, route: r}
	context.AfterFunc(workerCtx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.cut[m] {
			end()
		}
	})
	return s, nil
}

// Others is part of worker.Several.
func (r *route) Others() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.masters[0] != r.at && !r.cut[r.masters[0]]
}

// sever cuts the network between the worker and a master. The worker notices; the master does not, until the function
// that is given is called: its end of the stream is still open, and what it sends goes nowhere.
func (r *route) sever(m *member) (masterNotices func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut[m] = true
	end := r.end
	if r.at == m {
		r.lose()
	}
	return end
}

// deafen has what masters send to the worker go nowhere, while what it sends arrives.
func (r *route) deafen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deaf = true
}

// tried is how often the worker has dialled.
func (r *route) tried() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dials
}

func (r *route) hears() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.deaf
}

// losable is a stream that the worker may lose before the master does, and on which it may hear nothing.
type losable struct {
	rpc.WorkerStream
	ctx   context.Context
	route *route
}

func (s *losable) Context() context.Context { return s.ctx }

func (s *losable) Send(m *rpc.WorkerMessage) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	return s.WorkerStream.Send(m)
}

func (s *losable) Recv() (*rpc.MasterMessage, error) {
	type answer struct {
		m   *rpc.MasterMessage
		err error
	}
	got := make(chan answer, 1)
	go func() {
		m, err := s.WorkerStream.Recv()
		for err == nil && !s.route.hears() {
			m, err = s.WorkerStream.Recv()
		}
		got <- answer{m, err}
	}()
	select {
	case a := <-got:
		return a.m, a.err
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
}

// kill ends a master as kill -9 does, as far as others can see: it reaches neither the database nor its workers.
func (c *cluster) kill(m *member, workers ...*route) {
	c.loseDatabase(m)
	for _, r := range workers {
		r.sever(m)()
	}
}

// startWorker connects a worker to the first of the masters, in the order given.
func (c *cluster) startWorker(name string, masters ...*member) (*worker.Worker, *route, *journal) {
	c.t.Helper()
	r := &route{t: c.t, masters: masters, cut: map[*member]bool{}}
	log := newJournal()
	wk, err := worker.New(worker.Options{
		Name: name, Slots: 10, Performer: c.target, Dialer: r, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(c.t, err)
	require.NoError(c.t, wk.Start(c.t.Context()))
	synctest.Wait()
	require.Same(c.t, masters[0], r.at)
	return wk, r, log
}

// delayed creates a delayed task due in d, at a master.
func (m *member) delayed(t *testing.T, d time.Duration) *core.DelayedTask {
	t.Helper()
	task := &core.DelayedTask{SourceApp: "shop", Topic: "order", ContentKey: "1", Due: time.Now().Add(d)}
	task.Callback.URL = "http://target.test/"
	require.NoError(t, m.Manage().Delayed.Create(t.Context(), admin, task))
	return task
}

// runs lists runs in due order, as a master has them.
func (m *member) runs(t *testing.T, f store.RunFilter) []*core.Run {
	t.Helper()
	w := world{t: t, store: m.store}
	return w.runs(f)
}
