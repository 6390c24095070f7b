package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// maxJoining is how many workers' hellos are settled at once.
const maxJoining = 8

// helloTimeout is how long a new stream may take to say who it is.
const helloTimeout = 10 * time.Second

// Serve serves a worker's stream until it ends. host is the incarnation of this master when the worker lives in its
// process.
func (f *Fleet) Serve(stream rpc.MasterStream, host string) error {
	f.mu.Lock()
	if f.stopping {
		f.mu.Unlock()
		return errStopping()
	}
	f.serving.Add(1)
	f.mu.Unlock()
	defer f.serving.Done()

	// A stream ends for its reader when Serve returns, so the reader has a goroutine of its own.
	ctx, stop := context.WithCancel(stream.Context())
	defer stop()
	hello, err := f.receiveHello(ctx, stream)
	if err != nil {
		return err
	}
	s, err := f.welcome(ctx, hello, host)
	if err != nil {
		f.opts.Logger.Warn("a worker was refused", "worker", hello.Name, "error", err)
		return err
	}
	defer f.remove(s)
	f.opts.Logger.Info("worker connected", "worker", s.node.Name, "incarnation", s.node.Incarnation, "slots", s.node.Slots, "weight", hello.Weight,
		"idle", hello.Idle)

	received := make(chan error, 1)
	go func() { received <- s.receive(ctx, stream) }()
	sent := make(chan error, 1)
	go func() { sent <- s.transmit(ctx, stream) }()
	go s.serveChunks(ctx)
	var end error
	select {
	case end = <-received:
	case end = <-sent:
	case <-s.closed:
		end = s.reason
	}
	s.close(end)
	if errors.Is(end, io.EOF) {
		f.opts.Logger.Info("worker left", "worker", s.node.Name)
		return s.farewell(context.WithoutCancel(ctx))
	}
	f.opts.Logger.Warn("worker's stream ended", "worker", s.node.Name, "error", end)
	return end
}

// farewell gives on at once what a worker had that ended its stream by itself: it has stopped.
func (s *Session) farewell(ctx context.Context) error {
	s.fleet.remove(s)
	s.fleet.mu.Lock()
	var left []store.Held
	for id, g := range s.given {
		left = append(left, store.Held{RunID: id, Token: g.token})
	}
	s.fleet.mu.Unlock()
	err := s.fleet.opts.Store.Return(ctx, left, s.fleet.opts.Route)
	s.fleet.opts.Changed()
	err = errors.Join(err, s.fleet.opts.Store.Expire(ctx, s.node.Incarnation))
	s.fleet.opts.Members()
	return err
}

func (f *Fleet) receiveHello(ctx context.Context, stream rpc.MasterStream) (*rpc.Hello, error) {
	type answer struct {
		m   *rpc.WorkerMessage
		err error
	}
	first := make(chan answer, 1)
	go func() {
		m, err := stream.Recv()
		first <- answer{m, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	select {
	case a := <-first:
		if a.err != nil {
			return nil, a.err
		}
		if h := a.m.GetHello(); h != nil {
			return h, nil
		}
		return nil, core.Malformed("", "a worker's first message must be Hello")
	case <-f.stopped:
		return nil, errStopping()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a worker's hello: %w", ctx.Err())
	}
}

// welcome registers a worker, settles what it holds, and lets it take runs.
func (f *Fleet) welcome(ctx context.Context, hello *rpc.Hello, host string) (*Session, error) {
	if hello.Protocol != rpc.Protocol {
		return nil, core.Broken("protocol", "is %d; this master (%s) speaks %d: run the same version on both", hello.Protocol, f.opts.Version, rpc.Protocol)
	}
	node := core.Node{
		Kind: core.NodeWorker, Name: hello.Name, Incarnation: hello.Incarnation, State: core.NodeEnabled, Weight: int(hello.Weight),
		Slots: int(hello.Slots), Labels: hello.Labels, Plugins: hello.Plugins, Platform: hello.Platform, Version: hello.Version, Protocol: int(hello.Protocol),
		StartedAt: rpc.Instant(hello.StartedAt),
	}
	if hello.Idle {
		node.State = core.NodeIdle
	}
	if err := node.Validate(); err != nil {
		return nil, err
	}
	if node.Incarnation == "" {
		return nil, core.Malformed("incarnation", "is required")
	}
	lease, err := f.lease(ctx)
	if err != nil {
		return nil, err
	}
	// After a master's death all its workers come at once: the database is asked for a few of them at a time.
	select {
	case f.joining <- struct{}{}:
		defer func() { <-f.joining }()
	case <-f.stopped:
		return nil, errStopping()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := f.oust(&node, host); err != nil {
		return nil, err
	}
	elder, err := f.opts.Store.Join(ctx, &node, host, lease)
	if err != nil {
		return nil, err
	}
	held := make([]store.Held, len(hello.Held))
	for i, h := range hello.Held {
		held[i] = store.Held{RunID: h.RunId, Token: h.Token}
	}
	stale, err := f.opts.Store.Reconcile(ctx, node.Incarnation, held, f.opts.Route)
	if err != nil {
		return nil, err
	}
	s := newSession(f, node, host)
	s.adopt(held, stale)
	s.lease = lease
	welcome := &rpc.Welcome{
		Protocol: rpc.Protocol, Master: f.opts.Master.Name, Version: f.opts.Version,
		HeartbeatMs: core.HeartbeatEvery.Milliseconds(), LeaseMs: lease.Milliseconds(), State: string(node.State), Asks: true,
	}
	if elder != nil {
		f.opts.Logger.Warn("a worker that started later took the name over; the one before it has not left and is fenced off",
			"worker", node.Name, "old", elder.Incarnation, "new", node.Incarnation, "old_lease_until", elder.LeaseUntil)
		welcome.Fenced = elder.Incarnation
	}
	s.first = append(s.first, &rpc.MasterMessage{Kind: &rpc.MasterMessage_Welcome{Welcome: welcome}})
	for _, h := range stale {
		s.first = append(s.first, cancelMessage(h, "the run was given on while this worker was out of touch"))
	}
	return s, f.add(s)
}

func (f *Fleet) lease(ctx context.Context) (time.Duration, error) {
	settings, err := f.opts.Settings.Current(ctx)
	return settings.WorkerLease(), err
}

// transmit sends what the worker must hear first, however much it is, and then what is queued. It asks for a heartbeat
// every core.HeartbeatEvery, behind all that is on its way: the answer proves that the worker has heard that.
func (s *Session) transmit(ctx context.Context, stream rpc.MasterStream) error {
	for _, m := range s.first {
		if err := stream.Send(m); err != nil {
			return err
		}
	}
	ask := time.NewTicker(core.HeartbeatEvery)
	defer ask.Stop()
	for {
		m, err := s.next(ctx, ask.C)
		if err != nil {
			return err
		}
		if err := stream.Send(m); err != nil {
			return err
		}
	}
}

// next waits for what is to be sent next. A piece of a package lets all that is queued go before it.
func (s *Session) next(ctx context.Context, ask <-chan time.Time) (*rpc.MasterMessage, error) {
	chunks := s.chunks
	if len(s.out) > 0 {
		chunks = nil
	}
	select {
	case m := <-s.out:
		return m, nil
	case m := <-chunks:
		return m, nil
	case <-ask:
		return &rpc.MasterMessage{Kind: &rpc.MasterMessage_Ask{Ask: &rpc.Ask{}}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed:
		return nil, s.reason
	}
}

// receive handles what the worker sends.
func (s *Session) receive(ctx context.Context, stream rpc.MasterStream) error {
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := s.handle(ctx, m); err != nil {
			return err
		}
	}
}

func (s *Session) handle(ctx context.Context, m *rpc.WorkerMessage) error {
	f := s.fleet
	switch k := m.Kind.(type) {
	case *rpc.WorkerMessage_Heartbeat:
		return s.heartbeat(ctx, k.Heartbeat)
	case *rpc.WorkerMessage_Outcomes:
		s.settle(k.Outcomes.Outcomes)
		rep := record.Report{Confirm: s.confirm, Outcomes: make([]core.Outcome, len(k.Outcomes.Outcomes))}
		ended := make([]string, len(rep.Outcomes))
		for i, o := range k.Outcomes.Outcomes {
			rep.Outcomes[i], ended[i] = checked(rpc.FromOutcome(o)), o.RunId
		}
		if err := f.notes.settle(ctx, ended); err != nil {
			return err
		}
		return f.opts.Recorder.Submit(ctx, rep)
	case *rpc.WorkerMessage_Started:
		begun := make([]store.Note, len(k.Started.Runs))
		for i, h := range k.Started.Runs {
			begun[i] = store.Note{Held: store.Held{RunID: h.RunId, Token: h.Token}, BeganAt: rpc.Instant(k.Started.At)}
		}
		return f.notes.add(ctx, begun...)
	case *rpc.WorkerMessage_Log:
		h := store.Held{RunID: k.Log.RunId, Token: k.Log.Token}
		return f.notes.add(ctx, store.Note{Held: h, First: k.Log.First, Lines: rpc.FromLines(k.Log.Lines)})
	case *rpc.WorkerMessage_Progress:
		h := store.Held{RunID: k.Progress.RunId, Token: k.Progress.Token}
		return f.notes.add(ctx, store.Note{Held: h, Progress: int(min(max(k.Progress.Percent, 0), 100))})
	case *rpc.WorkerMessage_Fetch:
		return s.fetch(k.Fetch)
	default:
		f.opts.Logger.Warn("a worker sent a message this version does not know", "worker", s.node.Name)
		return nil
	}
}

// note logs a failure to store what may be lost without harm.
func (s *Session) note(err error) error {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.fleet.opts.Logger.Error("a worker's note could not be stored", "worker", s.node.Name, "error", err)
	}
	return nil
}

// checked holds a report against the states that a run given to a worker may end in.
func checked(o core.Outcome) core.Outcome {
	if !o.State.Final() || !core.RunRunning.CanBecome(o.State) {
		o.Result.Reason = fmt.Sprintf("the worker reported %q, which is not an outcome: %s", o.State, o.Result.Reason)
		o.State = core.RunFailed
	}
	// Of which kind its task is the worker knows, and has cut a target's answer shorter.
	if len(o.Result.Response) > core.MaxPluginResult {
		o.Result.Response, o.Result.Truncated = o.Result.Response[:core.MaxPluginResult], true
	}
	return o
}
