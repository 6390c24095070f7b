package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	joinToken   = "the join token of the test"
	formerToken = "the join token of yesterday"
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
		Store: b.kept, Recorder: b.kept, Settings: b.kept, Plugins: b.kept, Route: func(core.Destination) []string { return []string{core.QueueDefault} },
		Master: core.Node{Name: "m1"}, Version: "1.2.3", Admit: b.kept.admit,
		Changed: b.kept.changed, Members: b.kept.moved, Logger: slog.New(slog.DiscardHandler),
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
	noted
	failing map[string]error
	stale   []store.Held // what a reconciliation refuses
	gone    []string     // the leases that were given up
	astray  []store.Held // what a worker was given long ago, as the store has it
	rows    map[string]core.Node
	hold    chan struct{}

	holdNotes chan struct{} // notes are not stored before it is closed

	holdChunks chan struct{} // pieces of packages are not read before it is closed
	policy     string        // the setting Assembly_ImagePullPolicy
}

type noted struct {
	registered []core.Node
	hosts      []string
	beats      []store.Beat
	expired    []string
	reconciled []store.Held
	returned   []store.Held
	batches    [][]store.Note
	reports    []record.Report
	changes    int
	asked      []string // what Given was asked
	resolves   []string // the packages that were resolved
	moves      int      // of workers that joined, drain, left or were changed
}

func (m *memory) seen() noted {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.noted
	n.beats, n.returned, n.reports, n.batches = slices.Clone(n.beats), slices.Clone(n.returned), slices.Clone(n.reports), slices.Clone(n.batches)
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

func (m *memory) admit(_ context.Context, token string) (join.Admission, error) {
	until := map[string]time.Time{formerToken: time.Unix(1_900_000_000, 0)}[token]
	return join.Admission{Admitted: token == joinToken || token == formerToken, FormerUntil: until}, m.failure("token")
}

func (m *memory) changed() {
	m.mu.Lock()
	m.changes++
	m.mu.Unlock()
}

func (m *memory) moved() {
	m.mu.Lock()
	m.moves++
	m.mu.Unlock()
}

func (m *memory) Join(_ context.Context, n *core.Node, host string, _ time.Duration) (elder *core.Node, err error) {
	m.mu.Lock()
	hold := m.hold
	m.mu.Unlock()
	if hold != nil {
		<-hold
	}
	err = m.do("register", func() {
		if m.rows == nil {
			m.rows = map[string]core.Node{}
		}
		if was, known := m.rows[n.Name]; known && was.Incarnation != n.Incarnation {
			elder = &was
		}
		n.Own, n.Admin = core.Traits{State: n.State, Weight: n.Weight, Labels: n.Labels}, m.rows[n.Name].Admin
		n.Settle()
		m.rows[n.Name] = *n
		m.registered, m.hosts = append(m.registered, *n), append(m.hosts, host)
	})
	return elder, err
}

func (m *memory) Nodes(context.Context) (nodes []core.Node, err error) {
	err = m.do("nodes", func() { nodes = slices.Collect(maps.Values(m.rows)) })
	return nodes, err
}

// change changes a worker's row behind the fleet's back, as another master would; nil deletes it.
func (m *memory) change(name string, change func(*core.Node)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.rows[name]
	delete(m.rows, name)
	if change != nil {
		change(&row)
		m.rows[name] = row
	}
}

func (m *memory) Given(_ context.Context, incarnation string, age time.Duration) (given []store.Held, err error) {
	err = m.do("given", func() {
		m.asked = append(m.asked, fmt.Sprint(incarnation, " ", age))
		given = m.astray
	})
	return given, err
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

func (m *memory) TakeNotes(_ context.Context, notes []store.Note) error {
	m.mu.Lock()
	hold := m.holdNotes
	m.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return m.do("notes", func() { m.batches = append(m.batches, notes) })
}

func (m *memory) Submit(_ context.Context, rep record.Report) error {
	return m.do("submit", func() { m.reports = append(m.reports, rep) })
}

func (m *memory) Current(context.Context) (core.Settings, error) {
	s, _ := core.ReadSettings(nil)
	s.ImagePullPolicy = cmp.Or(m.policy, s.ImagePullPolicy)
	return s, m.failure("settings")
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

func slots(n int32) func(*rpc.Hello)        { return func(h *rpc.Hello) { h.Slots = n } }
func labels(all ...string) func(*rpc.Hello) { return func(h *rpc.Hello) { h.Labels = all } }
func weight(n int32) func(*rpc.Hello)       { return func(h *rpc.Hello) { h.Weight = n } }

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
	case *rpc.Progress:
		m.Kind = &rpc.WorkerMessage_Progress{Progress: k}
	case *rpc.Fetch:
		m.Kind = &rpc.WorkerMessage_Fetch{Fetch: k}
	case []*rpc.Outcome:
		m.Kind = &rpc.WorkerMessage_Outcomes{Outcomes: &rpc.Outcomes{Outcomes: k}}
	}
	require.NoError(w.t, w.stream.Send(m))
}

// hear gives the next message that is no question after a heartbeat.
func (w *worker) hear() *rpc.MasterMessage {
	w.t.Helper()
	for {
		m, err := w.stream.Recv()
		require.NoError(w.t, err)
		if m.GetAsk() == nil {
			return m
		}
	}
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

// journal is a log that tests can read.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
