package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
)

var errSilent = errors.New("the master does not answer")

// session is one stream, from Hello until it breaks or is closed.
type session struct {
	*incarnation
	stream  rpc.WorkerStream
	silence *time.Timer // gives the stream up
	welcome chan times  // holds what Welcome said
	times   times       // the same, for the receiver

	mu    sync.Mutex
	beats []beat // sent and not acknowledged, oldest first

	// The rest belongs to the sender.
	sequence int64
	young    []*held // runs that were under way at the last look for runs to report as started
	long     []*held // runs that were reported as started, whose log is streamed
}

// beat is a message that renews the lease: Hello with number 0, or a heartbeat.
type beat struct {
	sequence int64
	sentAt   time.Time
}

// welcomeWait is how long a master that took the stream may take to welcome the worker, in the first round through all
// masters: one whose database does not answer must not cost the runs their lease while another would do. Each round allows
// as much more, so that masters that are all slow are waited for, up to the silence that ends any stream.
const welcomeWait = 2 * time.Second

// serve opens a stream and serves it until it breaks. It returns when both its goroutines have ended, so nothing
// that an old stream brings is handled once a new one is opened. rounds is how often all masters have been tried in vain. It
// says whether a master welcomed the worker, and why there is no stream any more.
func (i *incarnation) serve(ctx context.Context, rounds int) (welcomed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stream, err := i.opts.Dialer.Dial(ctx)
	if err != nil {
		return false, fmt.Errorf("no master can be reached: %w", err)
	}
	s := &session{incarnation: i, stream: stream, welcome: make(chan times, 1)}
	patience := silence(core.Lease)
	if i.others() {
		patience = min(patience, welcomeWait*time.Duration(rounds+1))
	}
	s.silence = time.AfterFunc(patience, func() { cancel(errSilent) })
	defer s.silence.Stop()
	defer i.connected.Store(false)

	var receiver sync.WaitGroup
	receiver.Go(func() { cancel(s.receive()) })
	// Without an error the worker closed the stream, and the master's last words are still read. EOF is gRPC's word
	// that the reason comes from Recv.
	if err := s.send(ctx); err != nil && !errors.Is(err, io.EOF) {
		cancel(err)
	}
	receiver.Wait()
	return s.times.lease != 0, context.Cause(ctx)
}

// receive handles what the master says until the stream ends, and returns why it ended.
func (s *session) receive() error {
	for {
		m, err := s.stream.Recv()
		if errors.Is(err, io.EOF) {
			return errors.New("the master closed the stream")
		}
		if err != nil {
			return err
		}
		switch kind := m.Kind.(type) {
		case *rpc.MasterMessage_Welcome:
			err = s.welcomed(kind.Welcome)
		case *rpc.MasterMessage_Ask:
			signal(s.beatNow)
		case *rpc.MasterMessage_HeartbeatAck:
			s.acknowledged(kind.HeartbeatAck.Sequence)
		case *rpc.MasterMessage_Dispatch:
			s.given(kind.Dispatch.Runs)
		case *rpc.MasterMessage_Confirm:
			s.start(s.table.confirm(kind.Confirm.Runs, time.Now()))
			signal(s.moved)
		case *rpc.MasterMessage_Cancel:
			s.withdrawn(kind.Cancel)
		case *rpc.MasterMessage_Chunk:
			s.fetches.answer(kind.Chunk)
		default:
			s.log.Debug("a message of an unknown kind was ignored: the master may be newer")
		}
		if err != nil {
			return err
		}
	}
}

func (s *session) welcomed(w *rpc.Welcome) error {
	if s.times.lease != 0 {
		return errors.New("the master sent Welcome twice")
	}
	if w.Protocol != rpc.Protocol {
		return status.Errorf(codes.FailedPrecondition, "the master speaks protocol %d, this worker %d", w.Protocol, rpc.Protocol)
	}
	times, err := readTimes(w)
	if err != nil {
		return err
	}
	s.times = times
	s.acknowledged(0)
	s.connected.Store(true)
	s.welcome <- times
	s.log.Info("connected", "master", w.Master, "version", w.Version, "state", w.State)
	if w.Fenced != "" {
		s.log.Warn("this worker took its name over from one that has not left", "old", w.Fenced)
	}
	if w.State == string(core.NodeIdle) {
		s.log.Warn("idle: no runs come until an administrator enables this worker")
	}
	return nil
}

// acknowledged counts the lease from the moment that the acknowledged message was sent.
func (s *session) acknowledged(sequence int64) {
	if s.times.lease == 0 {
		return // no Welcome yet: nothing was promised
	}
	s.mu.Lock()
	var sentAt time.Time
	for len(s.beats) > 0 && s.beats[0].sequence <= sequence {
		if s.beats[0].sequence == sequence {
			sentAt = s.beats[0].sentAt
		}
		s.beats = s.beats[1:]
	}
	s.mu.Unlock()
	if sentAt.IsZero() {
		return
	}
	s.silence.Reset(time.Until(sentAt.Add(silence(s.times.lease))))
	s.renew(sentAt.Add(s.times.lease))
}

func (s *session) given(runs []*rpc.Run) {
	if s.times.lease == 0 {
		s.log.Warn("runs given before Welcome were refused", "runs", len(runs))
		return
	}
	next, refused := s.table.take(runs, time.Now())
	s.start(next)
	if refused > 0 {
		s.log.Warn("runs were refused: the worker drains, has no lease, or too many wait", "refused", refused, "given", len(runs))
	}
}

func (s *session) withdrawn(c *rpc.Cancel) {
	cause := ErrCancelled
	if c.Reason != "" {
		cause = fmt.Errorf("%w: %s", ErrCancelled, c.Reason)
	}
	if s.table.cancel(c.RunId, c.Token, cause) {
		signal(s.reportable)
	}
}

// complain logs why there is no stream, and what an operator can do about it where that is known.
func (i *incarnation) complain(err error, wait time.Duration) {
	attrs := []any{"error", err, "retry_in", wait.Round(time.Millisecond)}
	level := slog.LevelWarn
	if advice := advise(err); advice != "" {
		level, attrs = slog.LevelError, append(attrs, "advice", advice)
	}
	i.log.Log(context.Background(), level, "not connected to a master", attrs...)
}

func advise(err error) string {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied:
		return "the master does not know the join token: set CARILLON_JOIN_TOKEN to what carillon join-token prints there"
	case codes.InvalidArgument:
		return "the master refuses what this worker says of itself: correct its name, priority, slots or labels"
	case codes.AlreadyExists:
		return "another worker of this name is alive: stop it or give this one another --name; after a crash this passes by itself"
	case codes.NotFound:
		return "an administrator deleted this worker: it joins again, and takes no runs until it is enabled; stop it if it is not wanted"
	case codes.FailedPrecondition:
		return "master and worker do not fit together: run the same version of carillon on both"
	}
	return ""
}
