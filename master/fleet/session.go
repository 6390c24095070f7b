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
	fleet *Fleet
	node  core.Node     // State, Weight, Labels and Admin under the fleet's mutex
	host  string        // the master whose process the worker lives in; "" for its own process
	lease time.Duration // told to the worker, which trusts it until it says hello again
	first []*rpc.MasterMessage
	told  bool // Run's alone: Members was called because the worker drains
	out   chan *rpc.MasterMessage

	fetches chan *rpc.Fetch         // pieces of packages that the worker asked for
	chunks  chan *rpc.MasterMessage // the answers, one at a time

	joined time.Time
	swept  time.Time // when what was lost on earlier streams was last looked for; the receiver's own

	closing sync.Once
	closed  chan struct{}
	reason  error

	// Under the fleet's mutex:
	queues   map[string]bool
	taken    int // slots picked or given
	credit   float64
	draining bool
	dead     bool                  // out of the fleet: nothing may be given any more
	given    map[string]*given     // by run id
	early    map[store.Held]string // why runs are to be ended that are not given yet
}

// given is a run that the worker has as far as this stream knows.
type given struct {
	token  int64
	listed time.Time // when it was given, or last listed in a heartbeat
	// cancelled says that the worker was told, on this stream, to end the run.
	cancelled bool
}

func newSession(f *Fleet, node core.Node, host string) *Session {
	s := &Session{
		fleet: f, node: node, host: host, joined: time.Now(),
		out: make(chan *rpc.MasterMessage, outDepth), fetches: make(chan *rpc.Fetch, rpc.MaxFetches), chunks: make(chan *rpc.MasterMessage), closed: make(chan struct{}), given: map[string]*given{}, early: map[store.Held]string{},
	}
	s.serve()
	return s
}

// serve sets the queues that the worker serves, by its labels in force.
func (s *Session) serve() {
	s.queues = map[string]bool{}
	for _, q := range s.node.Queues() {
		s.queues[q] = true
	}
}

// takes says whether the worker may be given runs: neither it nor an administrator is against it.
func (s *Session) takes() bool { return !s.draining && s.node.State == core.NodeEnabled }

// Worker is the worker's name.
func (s *Session) Worker() string { return s.node.Name }

// Incarnation is the worker's incarnation.
func (s *Session) Incarnation() string { return s.node.Incarnation }

// Give sends runs to the worker. Their slots were taken by Pick and their dispatch is committed. It gives false when the
// worker's stream ended or it may take no more: then nothing was sent, and the runs must be returned to the queue.
func (s *Session) Give(runs []store.Handout) bool {
	messages := s.fleet.dispatchMessages(runs)
	now := time.Now()
	s.fleet.mu.Lock()
	defer s.fleet.mu.Unlock()
	if s.dead || !s.takes() {
		return false
	}
	// Under the mutex, so that no request to end a run gets on the stream before the run. Nothing here waits.
	for _, m := range messages {
		s.send(m)
	}
	for _, r := range runs {
		s.given[r.ID] = &given{token: r.Token, listed: now}
		s.cancelEarlyLocked(store.Held{RunID: r.ID, Token: r.Token})
	}
	return true
}

// dispatchTimeout bounds what has to be read for runs that are given to a worker. What they need is mostly in memory.
const dispatchTimeout = 2 * time.Second

// dispatchMessages makes the messages that give runs to a worker, each of about maxDispatch at most.
func (f *Fleet) dispatchMessages(runs []store.Handout) (messages []*rpc.MasterMessage) {
	ctx, cancel := context.WithTimeout(context.Background(), dispatchTimeout)
	defer cancel()
	settings, err := f.opts.Settings.Current(ctx)
	if err != nil {
		settings.HTTPRequestTimeout, settings.ImagePullPolicy = core.DefaultRequestTTL, core.PullAlways
	}
	calls := f.pluginCalls(settings.ImagePullPolicy)
	msg, size := new(rpc.Dispatch), 0
	for i, h := range runs {
		msg.Runs = append(msg.Runs, &rpc.Run{
			Id: h.ID, Token: h.Token, OccurrenceId: h.OccurrenceID, Trigger: string(h.Trigger), Attempt: int32(h.Attempt), // #nosec G115 -- bounded by the retry policy
			Due: rpc.Micros(h.Due), TaskId: h.TaskID, DelayedId: h.DelayedID, Callback: h.Callback,
			DefaultTimeoutMs: settings.HTTPRequestTimeout.Milliseconds(), HasParent: h.ParentRunID != "", ParentResult: h.ParentResult,
			AtMostOnce: h.Task != nil && h.Task.AtMostOnce, Shard: int32(h.Shard), Shards: int32(h.Shards), // #nosec G115 -- bounded by core.MaxShards
			Plugin: calls.of(ctx, h.Task),
		})
		if size += h.Size(); size >= maxDispatch || i == len(runs)-1 {
			messages = append(messages, &rpc.MasterMessage{Kind: &rpc.MasterMessage_Dispatch{Dispatch: msg}})
			msg, size = new(rpc.Dispatch), 0
		}
	}
	return messages
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
