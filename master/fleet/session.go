package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// outDepth is how many messages may wait for a worker. One that does not take so many is not reading its stream.
const outDepth = 1024

// maxDispatch is about how many bytes of runs go into one message. A worker takes messages of several times that size, and
// one run is well below it.
const maxDispatch = 4 << 20

// Session is one worker's stream.
type Session struct {
	fleet  *Fleet
	node   core.Node
	host   string // the master whose process the worker lives in; "" for its own process
	queues map[string]bool
	lease  time.Duration // told to the worker, which trusts it until it says hello again
	first  []*rpc.MasterMessage
	out    chan *rpc.MasterMessage

	closing sync.Once
	closed  chan struct{}
	reason  error

	// Under the fleet's mutex:
	taken    int // slots picked or given
	credit   float64
	draining bool
	dead     bool              // out of the fleet: nothing may be given any more
	given    map[string]*given // by run id
}

// given is a run that the worker has as far as this stream knows.
type given struct {
	token  int64
	listed time.Time // when it was given, or last listed in a heartbeat
}

func newSession(f *Fleet, node core.Node, host string) *Session {
	s := &Session{
		fleet: f, node: node, host: host, queues: map[string]bool{},
		out: make(chan *rpc.MasterMessage, outDepth), closed: make(chan struct{}), given: map[string]*given{},
	}
	for _, q := range node.Queues() {
		s.queues[q] = true
	}
	return s
}

// Worker is the worker's name.
func (s *Session) Worker() string { return s.node.Name }

// Incarnation is the worker's incarnation.
func (s *Session) Incarnation() string { return s.node.Incarnation }

// Give sends runs to the worker. Their slots were taken by Pick and their dispatch is committed. It gives false when the
// worker's stream ended or it began to drain meanwhile: then nothing was sent, and the runs must be returned to the queue.
func (s *Session) Give(runs []store.Handout) bool {
	settings, err := s.fleet.opts.Settings.Current(context.Background())
	if err != nil {
		settings.HTTPRequestTimeout = core.DefaultRequestTTL
	}
	now := time.Now()
	s.fleet.mu.Lock()
	if s.dead || s.draining {
		s.fleet.mu.Unlock()
		return false
	}
	for _, h := range runs {
		s.given[h.ID] = &given{token: h.Token, listed: now}
	}
	s.fleet.mu.Unlock()
	msg, size := new(rpc.Dispatch), 0
	for i, h := range runs {
		msg.Runs = append(msg.Runs, &rpc.Run{
			Id: h.ID, Token: h.Token, OccurrenceId: h.OccurrenceID, Trigger: string(h.Trigger), Attempt: int32(h.Attempt), // #nosec G115 -- bounded by the retry policy
			Due: rpc.Micros(h.Due), TaskId: h.TaskID, DelayedId: h.DelayedID, Callback: h.Callback,
			DefaultTimeoutMs: settings.HTTPRequestTimeout.Milliseconds(), HasParent: h.ParentRunID != "", ParentResult: h.ParentResult,
			AtMostOnce: h.Task != nil && h.Task.AtMostOnce,
		})
		if size += h.Size(); size >= maxDispatch || i == len(runs)-1 {
			s.send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: msg}})
			msg, size = new(rpc.Dispatch), 0
		}
	}
	return true
}

func (s *Session) cancel(h store.Held, reason string) {
	s.send(cancelMessage(h, reason))
}

func cancelMessage(h store.Held, reason string) *rpc.MasterMessage {
	return &rpc.MasterMessage{Kind: &rpc.MasterMessage_Cancel{Cancel: &rpc.Cancel{RunId: h.RunID, Token: h.Token, Reason: reason}}}
}

// confirm tells the worker that outcomes are stored.
func (s *Session) confirm(held []store.Held) {
	msg := &rpc.Confirm{Runs: make([]*rpc.Held, len(held))}
	for i, h := range held {
		msg.Runs[i] = &rpc.Held{RunId: h.RunID, Token: h.Token}
	}
	s.send(&rpc.MasterMessage{Kind: &rpc.MasterMessage_Confirm{Confirm: msg}})
}

// send queues a message. It never waits: what cannot be queued closes the stream, and the worker asks again on its next.
func (s *Session) send(m *rpc.MasterMessage) {
	select {
	case s.out <- m:
	case <-s.closed:
	default:
		s.close(core.Unavailable("the worker does not read its stream"))
	}
}

func (s *Session) close(reason error) {
	s.closing.Do(func() {
		s.reason = reason
		close(s.closed)
	})
}

// settle takes a run off the list when its outcome has come, and frees its slot.
func (s *Session) settle(outcomes []*rpc.Outcome) {
	s.fleet.mu.Lock()
	for _, o := range outcomes {
		if g := s.given[o.RunId]; g != nil && g.token == o.Token {
			delete(s.given, o.RunId)
			s.taken--
		}
	}
	s.fleet.mu.Unlock()
	s.fleet.opts.Changed()
}

// list compares a heartbeat with what the worker was given, and takes off the list what never reached it.
func (s *Session) list(held []*rpc.Held, draining bool) (missing []store.Held, running int) {
	now := time.Now()
	has := make(map[string]int64, len(held))
	for _, h := range held {
		has[h.RunId] = h.Token
	}
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	s.draining = s.draining || draining
	for id, g := range s.given {
		switch {
		case has[id] == g.token:
			g.listed = now
		case draining || now.Sub(g.listed) > s.lease:
			// A worker that is stopping begins nothing more, so what it does not list it will never have.
			missing = append(missing, store.Held{RunID: id, Token: g.token})
			delete(s.given, id)
			s.taken--
		}
	}
	return missing, len(s.given)
}

// relist puts runs on the list again that could not be returned, as not listed by any heartbeat.
func (s *Session) relist(missing []store.Held) {
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	for _, h := range missing {
		s.given[h.RunID] = &given{token: h.Token}
		s.taken++
	}
}

// adopt puts the runs that a worker brought along on the list.
func (s *Session) adopt(held []store.Held, stale []store.Held) {
	gone := make(map[store.Held]bool, len(stale))
	for _, h := range stale {
		gone[h] = true
	}
	now := time.Now()
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	for _, h := range held {
		if !gone[h] {
			s.given[h.RunID] = &given{token: h.Token, listed: now}
			s.taken++
		}
	}
}
