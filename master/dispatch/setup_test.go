package dispatch

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/fleet"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a dispatcher in virtual time, with a queue in memory and workers on pipes.
type bundle struct {
	*Dispatcher
	t     *testing.T
	queue *queueStore
	fleet *fleet.Fleet
	runs  int
}

// virtually runs a test in a bubble of its own with a dispatcher that is not started.
func virtually(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	batched(t, core.Batches{}, test)
}

// batched is virtually with batches of its own.
func batched(t *testing.T, batches core.Batches, test func(t *testing.T, b *bundle)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		b := &bundle{t: t, queue: &queueStore{}}
		b.fleet = fleet.New(fleet.Options{
			Store: fleetStore{}, Recorder: nobody{}, Settings: nobody{}, Route: anyWorker, Master: core.Node{Name: "m1"},
			Admit: func(context.Context, string) (join.Admission, error) { return join.Admission{}, nil }, Changed: func() { b.Changed() },
			Members: func() {}, Logger: log,
		})
		b.Dispatcher = New(Options{
			Store: b.queue, Fleet: b.fleet, Master: "m1-1", Route: anyWorker, Commit: func(string, int, time.Duration) {},
			Ended: b.queue.note, Cancel: b.queue.cancel, Logger: log, Batches: batches,
		})
		test(t, b)
		b.fleet.Stop()
	})
}

// started runs a test with a dispatcher that is stopped at its end.
func started(t *testing.T, test func(t *testing.T, b *bundle)) {
	t.Helper()
	virtually(t, func(t *testing.T, b *bundle) {
		b.Start(t.Context())
		test(t, b)
		require.NoError(t, b.Stop(t.Context()))
	})
}

func anyWorker(core.Destination) []string { return []string{core.QueueDefault} }

// run makes a delayed task's run that is to be sent in d, changed as asked.
func (b *bundle) run(d time.Duration, changes ...func(*store.Reserved)) *store.Reserved {
	b.runs++
	at := time.Now().Add(d)
	r := &store.Reserved{
		Run:      &core.Run{ID: "run-" + strconv.Itoa(10_000+b.runs), Trigger: core.TriggerDelayed, Queue: core.QueueDefault, State: core.RunPlanned, Due: at, FireAt: at},
		Callback: []byte(`{}`),
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// plan puts runs into the queue.
func (b *bundle) plan(runs ...*store.Reserved) {
	b.queue.mu.Lock()
	b.queue.waiting = append(b.queue.waiting, runs...)
	b.queue.mu.Unlock()
}

func queued(queue string) func(*store.Reserved) {
	return func(r *store.Reserved) { r.Queue = queue }
}

// ofTask makes a run one that a repeating schedule caused.
func ofTask(r *store.Reserved) {
	r.Trigger, r.TaskID = core.TriggerSchedule, "task"
	r.Task = &store.TaskDefinition{Definition: core.Definition{Schedule: core.Schedule{Kind: core.ScheduleCron}}}
}

// queueStore is the queue in memory. It keeps the rules of the real one that the dispatcher leans on: a run is reserved
// by one at a time, and only a reserved run is dispatched.
type queueStore struct {
	mu sync.Mutex
	notes
	// broken fails an operation; turned keeps a run from being sent. Both may be nil.
	broken func(operation string) error
	turned func(store.Handout) bool
	// partly is after how many runs the next dispatch fails; 0 for none.
	partly int
	// during is called while runs are dispatched or ended. May be nil.
	during func()
	fates  map[string]string // what EndLate makes of a run, by id; none: it ends
}

// notes are the queue, and what it was asked.
type notes struct {
	waiting  []*store.Reserved
	reserved map[string]*store.Reserved
	sent     []string
	ended    []*core.Run // without being sent, by the queue
	noted    []*core.Run // the same, as the dispatcher told
	returned []store.Held
	cancels  int   // how often the dispatcher told that runs are to end
	late     []int // sizes of the batches to be settled
	limits   []int // of the reservations asked for
	batches  []int // sizes of the dispatches asked for
	asked    []time.Time
}

// now gives the queue as it stands.
func (q *queueStore) now() notes {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.notes
	n.waiting, n.reserved, n.ended, n.noted = slices.Clone(n.waiting), maps.Clone(n.reserved), slices.Clone(n.ended), slices.Clone(n.noted)
	return n
}

func (q *queueStore) note(r *core.Run) {
	q.mu.Lock()
	q.noted = append(q.noted, r)
	q.mu.Unlock()
}

func (q *queueStore) cancel() {
	q.mu.Lock()
	q.cancels++
	q.mu.Unlock()
}

func (q *queueStore) Now() time.Time { return time.Now() }

func (q *queueStore) fails(operation string) error {
	if q.broken == nil {
		return nil
	}
	return q.broken(operation)
}

func (q *queueStore) Reserve(_ context.Context, _, queue string, until time.Time, limit, room int) (out []*store.Reserved, more bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("reserve"); err != nil {
		return nil, false, err
	}
	q.limits = append(q.limits, limit)
	slices.SortStableFunc(q.waiting, func(a, b *store.Reserved) int { return a.FireAt.Compare(b.FireAt) })
	var rest []*store.Reserved
	full := false
	for _, r := range q.waiting {
		if r.Queue != queue || r.FireAt.After(until) || full || len(out) == limit {
			rest = append(rest, r)
			continue
		}
		if full = r.Size() > room; full {
			rest = append(rest, r)
			continue
		}
		room -= r.Size()
		r.Token++
		if q.reserved == nil {
			q.reserved = map[string]*store.Reserved{}
		}
		q.reserved[r.ID] = r
		out = append(out, r)
	}
	q.waiting = rest
	if len(out) > 0 { // a look that finds nothing has no answer to lose
		if err := q.fails("reserve's answer"); err != nil {
			return nil, false, err
		}
	}
	slices.SortFunc(out, func(a, b *store.Reserved) int { return cmp.Compare(b.ID, a.ID) }) // in no order of their instants
	return out, full || len(out) == limit, nil
}

func (q *queueStore) Dispatch(_ context.Context, _ string, batch []store.Handout) (sent []store.Handout, err error) {
	if q.during != nil {
		q.during()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches, q.asked = append(q.batches, len(batch)), append(q.asked, time.Now())
	if err := q.fails("dispatch"); err != nil {
		return nil, err
	}
	for i, h := range batch {
		if q.partly > 0 && i == q.partly {
			q.partly = 0
			return sent, errors.New("the database is away")
		}
		if q.reserved[h.ID] == nil {
			continue
		}
		delete(q.reserved, h.ID)
		if q.turned != nil && q.turned(h) {
			continue
		}
		q.sent = append(q.sent, h.ID)
		sent = append(sent, h)
	}
	return sent, nil
}

func (q *queueStore) Claimed(context.Context, string) (claimed []store.Held, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("claimed"); err != nil {
		return nil, err
	}
	for _, r := range q.reserved {
		claimed = append(claimed, store.Held{RunID: r.ID, Token: r.Token})
	}
	return claimed, nil
}

func (q *queueStore) Release(_ context.Context, _ string, runs []*core.Run) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("release"); err != nil {
		return err
	}
	for _, r := range runs {
		if held := q.reserved[r.ID]; held != nil {
			delete(q.reserved, r.ID)
			q.waiting = append(q.waiting, held)
		}
	}
	return nil
}

func (q *queueStore) EndPlanned(_ context.Context, _ string, runs []*core.Run) error {
	if q.during != nil {
		q.during()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("end"); err != nil {
		return err
	}
	for _, r := range runs {
		if q.reserved[r.ID] != nil {
			delete(q.reserved, r.ID)
			r.RecordedAt = time.Now()
			q.ended = append(q.ended, r)
		}
	}
	return nil
}

// EndLate makes up for the runs that the test wants made up for.
func (q *queueStore) EndLate(_ context.Context, _ string, runs []*core.Run) (made []*core.Run, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("late"); err != nil {
		return nil, err
	}
	q.late = append(q.late, len(runs))
	for _, r := range runs {
		switch q.fates[r.ID] {
		case "made":
			r.State, r.FireAt = core.RunPlanned, time.Now()
			made = append(made, r)
		case "withdrawn":
			delete(q.reserved, r.ID)
		default:
			delete(q.reserved, r.ID)
			r.RecordedAt = time.Now()
			q.ended = append(q.ended, r)
		}
	}
	return made, nil
}

func (q *queueStore) Return(_ context.Context, held []store.Held, _ store.Route) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.fails("return"); err != nil {
		return err
	}
	q.returned = append(q.returned, held...)
	return nil
}

// breakFor makes an operation fail n times.
func (q *queueStore) breakFor(operation string, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.broken = func(op string) error {
		if op != operation || n == 0 {
			return nil
		}
		n--
		return errors.New("the database is away")
	}
}

// worker is the far end of a stream: it notes what it is given, and when.
type worker struct {
	stream rpc.WorkerStream
	cut    func()
	mu     sync.Mutex
	got    []*rpc.Run
	at     []time.Time
}

// worker connects a worker.
func (b *bundle) worker(name string, slots int, labels ...string) *worker {
	b.t.Helper()
	master, stream, cancel := rpc.Pipe(b.t.Context())
	w := &worker{stream: stream, cut: func() { cancel(errors.New("cut")) }}
	go func() { cancel(b.fleet.Serve(master, "")) }()
	require.NoError(b.t, stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Hello{Hello: &rpc.Hello{
		Protocol: rpc.Protocol, Name: name, Incarnation: name + "-1", Weight: 1, Slots: int32(slots), Labels: labels, //nolint:gosec // small
	}}}))
	m, err := stream.Recv()
	require.NoError(b.t, err)
	require.NotNil(b.t, m.GetWelcome())
	go w.read()
	synctest.Wait()
	return w
}

func (w *worker) read() {
	for {
		m, err := w.stream.Recv()
		if err != nil {
			return
		}
		for _, r := range m.GetDispatch().GetRuns() {
			w.mu.Lock()
			w.got, w.at = append(w.got, r), append(w.at, time.Now())
			w.mu.Unlock()
		}
	}
}

// seen are the runs that the worker was given and when.
func (w *worker) seen() ([]*rpc.Run, []time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got), slices.Clone(w.at)
}

// ids are the runs that the worker was given, in that order.
func (w *worker) ids() []string {
	got, _ := w.seen()
	ids := make([]string, len(got))
	for i, r := range got {
		ids[i] = r.Id
	}
	return ids
}

// end reports that the nth run it was given ended, which frees its slot.
func (w *worker) end(t *testing.T, n int) {
	t.Helper()
	got, _ := w.seen()
	r := got[n]
	require.NoError(t, w.stream.Send(&rpc.WorkerMessage{Kind: &rpc.WorkerMessage_Outcomes{Outcomes: &rpc.Outcomes{
		Outcomes: []*rpc.Outcome{{RunId: r.Id, Token: r.Token, State: string(core.RunSucceeded)}},
	}}}))
}

// fleetStore keeps nothing.
type fleetStore struct{}

func (fleetStore) Nodes(context.Context) ([]core.Node, error)              { return nil, nil }
func (fleetStore) Renew(context.Context, []store.Beat) ([]string, error)   { return nil, nil }
func (fleetStore) Expire(context.Context, string) error                    { return nil }
func (fleetStore) Return(context.Context, []store.Held, store.Route) error { return nil }
func (fleetStore) TakeNotes(context.Context, []store.Note) error           { return nil }
func (fleetStore) PluginChunk(context.Context, string, int) ([]byte, int, int64, error) {
	return nil, 0, 0, nil
}
func (fleetStore) Join(context.Context, *core.Node, string, time.Duration) (*core.Node, error) {
	return nil, nil
}

func (fleetStore) Given(context.Context, string, time.Duration) ([]store.Held, error) {
	return nil, nil
}

func (fleetStore) Reconcile(context.Context, string, []store.Held, store.Route) ([]store.Held, error) {
	return nil, nil
}

// nobody takes outcomes and gives the default settings.
type nobody struct{}

func (nobody) Submit(context.Context, record.Report) error { return nil }
func (nobody) Current(context.Context) (core.Settings, error) {
	settings, _ := core.ReadSettings(nil)
	return settings, nil
}

// sleep lets virtual time pass, and all that happens until then be done.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
