package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// performer is a Performer made of a function.
type performer func(ctx context.Context, run *rpc.Run, say Sink) core.Outcome

func (p performer) Perform(ctx context.Context, run *rpc.Run, say Sink) core.Outcome {
	return p(ctx, run, say)
}

// succeed ends at once.
func succeed(context.Context, *rpc.Run, Sink) core.Outcome {
	now := time.Now()
	return core.Outcome{State: core.RunSucceeded, SentAt: now, AnsweredAt: now}
}

// lasting gives a performer whose runs last d unless they are cancelled.
func lasting(d time.Duration) performer {
	return func(ctx context.Context, run *rpc.Run, say Sink) core.Outcome {
		select {
		case <-time.After(d):
			return succeed(ctx, run, say)
		case <-ctx.Done():
			return core.Outcome{State: core.RunCancelled}
		}
	}
}

// fleet is the other side: it answers dials and keeps each stream as a fake master.
type fleet struct {
	t *testing.T

	mu      sync.Mutex
	down    error // dials fail with this
	mute    bool  // new masters never answer anything
	masters []*master
}

func (f *fleet) Dial(ctx context.Context) (rpc.WorkerStream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down != nil {
		return nil, f.down
	}
	theirs, ours, cut := rpc.Pipe(ctx)
	m := &master{t: f.t, stream: theirs, cut: cut, mute: f.mute}
	f.masters = append(f.masters, m)
	go m.listen()
	return ours, nil
}

func (f *fleet) setDown(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = err
}

// last is the master of the newest stream.
func (f *fleet) last() *master {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	require.NotEmpty(f.t, f.masters)
	return f.masters[len(f.masters)-1]
}

func (f *fleet) streams() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.masters)
}

// master is a fake master: it welcomes, acknowledges heartbeats and records what the worker says.
type master struct {
	t      *testing.T
	stream rpc.MasterStream
	cut    context.CancelCauseFunc

	mu       sync.Mutex
	mute     bool // acknowledges nothing
	heard    []*rpc.WorkerMessage
	heardAll bool // the worker closed its side
}

func (m *master) listen() {
	for {
		message, err := m.stream.Recv()
		m.mu.Lock()
		if err != nil {
			m.heardAll = true
			m.mu.Unlock()
			m.cut(err)
			return
		}
		m.heard = append(m.heard, message)
		mute := m.mute
		m.mu.Unlock()
		if mute {
			continue
		}
		switch {
		case message.GetHello() != nil:
			m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: &rpc.Welcome{Protocol: rpc.Protocol, Master: "m1"}}})
		case message.GetHeartbeat() != nil:
			m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_HeartbeatAck{
				HeartbeatAck: &rpc.HeartbeatAck{Sequence: message.GetHeartbeat().Sequence}}})
		}
	}
}

func (m *master) say(message *rpc.MasterMessage) { _ = m.stream.Send(message) }

func (m *master) dispatch(runs ...*rpc.Run) {
	m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: &rpc.Dispatch{Runs: runs}}})
	synctest.Wait()
}

func (m *master) confirm(outcomes ...*rpc.Outcome) {
	c := &rpc.Confirm{}
	for _, o := range outcomes {
		c.Runs = append(c.Runs, &rpc.Held{RunId: o.RunId, Token: o.Token})
	}
	m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Confirm{Confirm: c}})
	synctest.Wait()
}

func (m *master) cancel(id string, token int64, reason string) {
	m.say(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Cancel{Cancel: &rpc.Cancel{RunId: id, Token: token, Reason: reason}}})
	synctest.Wait()
}

func (m *master) setMute(mute bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mute = mute
}

// messages are those of one kind heard so far: pick gives nil for the others.
func messages[T any](m *master, pick func(*rpc.WorkerMessage) *T) []*T {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*T
	for _, message := range m.heard {
		if one := pick(message); one != nil {
			all = append(all, one)
		}
	}
	return all
}

func (m *master) hello() *rpc.Hello {
	hellos := messages(m, (*rpc.WorkerMessage).GetHello)
	require.Len(m.t, hellos, 1)
	return hellos[0]
}

func (m *master) heartbeats() []*rpc.Heartbeat { return messages(m, (*rpc.WorkerMessage).GetHeartbeat) }
func (m *master) logs() []*rpc.Log             { return messages(m, (*rpc.WorkerMessage).GetLog) }

func (m *master) outcomes() []*rpc.Outcome {
	var all []*rpc.Outcome
	for _, some := range messages(m, (*rpc.WorkerMessage).GetOutcomes) {
		all = append(all, some.Outcomes...)
	}
	return all
}

func (m *master) started() (ids []string) {
	for _, some := range messages(m, (*rpc.WorkerMessage).GetStarted) {
		ids = append(ids, names(some.Runs)...)
	}
	return ids
}

// names writes each held run as "id/token".
func names(list []*rpc.Held) (all []string) {
	for _, h := range list {
		all = append(all, fmt.Sprintf("%s/%d", h.RunId, h.Token))
	}
	return all
}

func run(id string, token int64) *rpc.Run { return &rpc.Run{Id: id, Token: token} }

func runsOf(n int) (all []*rpc.Run) {
	for i := range n {
		all = append(all, run(fmt.Sprintf("run%d", i), 1))
	}
	return all
}

// journal is a log that tests can read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
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

// scene is a started worker, its fleet and its log.
type scene struct {
	worker  *Worker
	fleet   *fleet
	journal *journal
}

// setup starts a worker inside a bubble; it is stopped at the end of the test.
func setup(t *testing.T, p performer, change ...func(*Options)) *scene {
	t.Helper()
	s := &scene{fleet: &fleet{t: t}, journal: &journal{}}
	opts := Options{
		Name: "w1", Performer: p, Dialer: s.fleet, Logger: slog.New(slog.NewTextHandler(s.journal, nil)), Slots: 10,
	}
	for _, c := range change {
		c(&opts)
	}
	w, err := New(opts)
	require.NoError(t, err)
	s.worker = w
	require.NoError(t, w.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = w.Stop(ctx)
	})
	synctest.Wait()
	return s
}

// bubble runs test in virtual time.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

var errCut = errors.New("the cable was pulled")
