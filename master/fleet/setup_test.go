package fleet

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	joinToken = "the join token of the test"
	// lease is what the default settings come to.
	lease = 10 * time.Second
)

// bundle is a fleet with a store in memory, and what the fleet told it.
type bundle struct {
	*Fleet
	t    *testing.T
	kept *memory
	runs int
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, kept: &memory{}}
	b.Fleet = New(Options{
		Store: b.kept, Recorder: b.kept, Settings: b.kept, Route: func([]string) string { return core.QueueDefault },
		Master: core.Node{Name: "m1"}, Version: "1.2.3", Token: func(context.Context) (string, error) { return joinToken, b.kept.failure("token") },
		Changed: b.kept.changed, Logger: slog.New(slog.DiscardHandler),
	})
	return b
}

// virtually runs a test in a bubble of its own with a fleet that renews leases.
func virtually(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		ctx, stop := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() { b.Run(ctx) })
		test(t, b)
		b.Stop()
		stop()
		loops.Wait()
	})
}

// sleep lets virtual time pass, and all that happens until then be done.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// memory stands for the store, the recorder and the settings: it notes what it is asked.
type memory struct {
	mu sync.Mutex
	notes
	failing map[string]error
	stale   []store.Held // what a reconciliation refuses
	gone    []string     // the leases that were given up
	hold    chan struct{}
}

type notes struct {
	registered []core.Node
	hosts      []string
	beats      []store.Beat
	expired    []string
	reconciled []store.Held
	returned   []store.Held
	started    []store.Held
	logged     map[store.Held][]core.LogLine
	reports    []record.Report
	changes    int
}

func (m *memory) seen() notes {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.notes
	n.beats, n.returned, n.reports = slices.Clone(n.beats), slices.Clone(n.returned), slices.Clone(n.reports)
	return n
}

// fail makes an operation fail until it is given nil.
func (m *memory) fail(operation string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing == nil {
		m.failing = map[string]error{}
	}
	m.failing[operation] = err
}

func (m *memory) failure(operation string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failing[operation]
}

// do notes an operation unless it is to fail.
func (m *memory) do(operation string, note func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing[operation]; err != nil {
		return err
	}
	note()
	return nil
}

func (m *memory) changed() {
	m.mu.Lock()
	m.changes++
	m.mu.Unlock()
}

func (m *memory) Register(_ context.Context, n *core.Node, host string, _ time.Duration) error {
	m.mu.Lock()
	hold := m.hold
	m.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return m.do("register", func() { m.registered, m.hosts = append(m.registered, *n), append(m.hosts, host) })
}

func (m *memory) Renew(_ context.Context, beats []store.Beat) (gone []string, err error) {
	err = m.do("renew", func() { m.beats = append(m.beats, beats...); gone = m.gone })
	return gone, err
}

func (m *memory) Expire(_ context.Context, incarnation string) error {
	return m.do("expire", func() { m.expired = append(m.expired, incarnation) })
}

func (m *memory) Reconcile(_ context.Context, _ string, held []store.Held, _ store.Route) (stale []store.Held, err error) {
	err = m.do("reconcile", func() { m.reconciled = append(m.reconciled, held...); stale = m.stale })
	return stale, err
}

func (m *memory) Return(_ context.Context, held []store.Held, _ store.Route) error {
	return m.do("return", func() { m.returned = append(m.returned, held...) })
}

func (m *memory) Started(_ context.Context, held []store.Held, _ time.Time) error {
	return m.do("started", func() { m.started = append(m.started, held...) })
}

func (m *memory) AppendLog(_ context.Context, h store.Held, first int64, lines []core.LogLine) error {
	return m.do("log", func() {
		if m.logged == nil {
			m.logged = map[store.Held][]core.LogLine{}
		}
		m.logged[h] = append(m.logged[h][:first], lines...)
	})
}

func (m *memory) Submit(_ context.Context, rep record.Report) error {
	return m.do("submit", func() { m.reports = append(m.reports, rep) })
}

func (m *memory) Current(context.Context) (core.Settings, error) {
	s, err := core.ReadSettings(nil)
	return s, errors.Join(err, m.failure("settings"))
}

// worker is the far end of a stream.
type worker struct {
	t      *testing.T
	stream rpc.WorkerStream
	cut    context.CancelCauseFunc
	served chan error // gets what Serve gave
}

var errCut = errors.New("the connection broke")

// dial opens a stream over a pipe.
func (b *bundle) dial(host string) *worker {
	b.t.Helper()
	master, stream, cancel := rpc.Pipe(b.t.Context())
	w := &worker{t: b.t, stream: stream, cut: cancel, served: make(chan error, 1)}
	go func() {
		err := b.Serve(master, host)
		cancel(errors.Join(err, errCut))
		w.served <- err
	}()
	return w
}

// hello makes what a worker says of itself, changed as asked.
func hello(name string, changes ...func(*rpc.Hello)) *rpc.Hello {
	h := &rpc.Hello{Protocol: rpc.Protocol, Name: name, Incarnation: name + "-1", Weight: 1, Slots: 10}
	for _, change := range changes {
		change(h)
	}
	return h
}

func slots(n int32) func(*rpc.Hello)  { return func(h *rpc.Hello) { h.Slots = n } }
func weight(n int32) func(*rpc.Hello) { return func(h *rpc.Hello) { h.Weight = n } }

func incarnation(id string, started time.Time) func(*rpc.Hello) {
	return func(h *rpc.Hello) { h.Incarnation, h.StartedAt = id, rpc.Micros(started) }
}

// join connects a worker and takes its welcome.
func (b *bundle) join(h *rpc.Hello) *worker {
	b.t.Helper()
	w := b.dial("")
	w.say(h)
	require.NotNil(b.t, w.hear().GetWelcome())
	synctest.Wait()
	return w
}

func (w *worker) say(kind any) {
	w.t.Helper()
	m := new(rpc.WorkerMessage)
	switch k := kind.(type) {
	case *rpc.Hello:
		m.Kind = &rpc.WorkerMessage_Hello{Hello: k}
	case *rpc.Heartbeat:
		m.Kind = &rpc.WorkerMessage_Heartbeat{Heartbeat: k}
	case *rpc.Started:
		m.Kind = &rpc.WorkerMessage_Started{Started: k}
	case *rpc.Log:
		m.Kind = &rpc.WorkerMessage_Log{Log: k}
	case []*rpc.Outcome:
		m.Kind = &rpc.WorkerMessage_Outcomes{Outcomes: &rpc.Outcomes{Outcomes: k}}
	}
	require.NoError(w.t, w.stream.Send(m))
}

func (w *worker) hear() *rpc.MasterMessage {
	w.t.Helper()
	m, err := w.stream.Recv()
	require.NoError(w.t, err)
	return m
}

// refused says how the stream ended.
func (w *worker) refused() error {
	w.t.Helper()
	_, err := w.stream.Recv()
	require.Error(w.t, err)
	return <-w.served
}

// handout makes a run that is committed as dispatched to a worker.
func (b *bundle) handout(changes ...func(*store.Reserved)) store.Handout {
	b.runs++
	r := &store.Reserved{Run: &core.Run{ID: "run-" + strconv.Itoa(b.runs), Token: int64(b.runs), Trigger: core.TriggerDelayed, Queue: core.QueueDefault}}
	for _, change := range changes {
		change(r)
	}
	return store.Handout{Reserved: r}
}

// give takes n slots and gives a run in each.
func (b *bundle) give(n int) (given []store.Held) {
	b.t.Helper()
	for range n {
		s := b.Pick(core.QueueDefault)
		require.NotNil(b.t, s)
		h := b.handout()
		require.True(b.t, s.Give([]store.Handout{h}))
		given = append(given, store.Held{RunID: h.ID, Token: h.Token})
	}
	return given
}

func (b *bundle) free() int { return b.Free()[core.QueueDefault] }

func outcome(h store.Held, state core.RunState) *rpc.Outcome {
	return &rpc.Outcome{RunId: h.RunID, Token: h.Token, State: string(state)}
}

func listed(held ...store.Held) []*rpc.Held {
	var out []*rpc.Held
	for _, h := range held {
		out = append(out, &rpc.Held{RunId: h.RunID, Token: h.Token})
	}
	return out
}
