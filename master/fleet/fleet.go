package fleet

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/join"
	"github.com/carillonhq/carillon/master/record"
	"github.com/carillonhq/carillon/store"
)

// Store is what the fleet needs of the store.
type Store interface {
	Join(ctx context.Context, n *core.Node, host string, lease time.Duration) (elder *core.Node, err error)
	Nodes(ctx context.Context) ([]core.Node, error)
	Renew(ctx context.Context, beats []store.Beat) (gone []string, err error)
	Expire(ctx context.Context, incarnation string) error
	Reconcile(ctx context.Context, incarnation string, held []store.Held, route store.Route) (stale []store.Held, err error)
	Given(ctx context.Context, incarnation string, age time.Duration) ([]store.Held, error)
	Return(ctx context.Context, held []store.Held, route store.Route) error
	TakeNotes(ctx context.Context, notes []store.Note) error
	PluginChunk(ctx context.Context, digest string, number int) (data []byte, chunks int, size int64, err error)
}

// Plugins are the packages that there are.
type Plugins interface {
	// Resolve gives the version of a package that a run has which is sent now, and the digest of its file.
	Resolve(ctx context.Context, call core.PluginCall) (version, digest string, err error)
}

// Recorder takes the outcomes that workers report.
type Recorder interface {
	Submit(ctx context.Context, rep record.Report) error
}

// Settings are the settings that workers are told.
type Settings interface {
	Current(ctx context.Context) (core.Settings, error)
}

// Options says what a Fleet works with. All fields are required.
type Options struct {
	Store    Store
	Recorder Recorder
	Settings Settings
	Plugins  Plugins
	Route    store.Route
	Master   core.Node // this master
	Version  string
	// Admit says whether a join token is accepted.
	Admit func(ctx context.Context, token string) (join.Admission, error)
	// Changed is called when a slot became free or a worker came or went, Members when the store knows of a worker that
	// joined, began to drain, left or was changed by an administrator. They must not block.
	Changed func()
	Members func()
	Logger  *slog.Logger
}

// Fleet is the workers connected to this master.
type Fleet struct {
	opts    Options
	beats   chan beat
	notes   *notes
	joining chan struct{} // holds one for each worker whose hello is being settled
	plain   sync.Once     // for the word that workers join without TLS

	mu       sync.Mutex
	sessions map[string]*Session // by incarnation
	serving  sync.WaitGroup
	stopping bool
	stopped  chan struct{} // closed when stopping is set
}

// New makes a Fleet. Its Run must be running for leases to be renewed and notes to be stored.
func New(opts Options) *Fleet {
	return &Fleet{
		opts: opts, beats: make(chan beat, 256), notes: newNotes(opts.Store.TakeNotes, opts.Logger),
		joining: make(chan struct{}, maxJoining), sessions: map[string]*Session{}, stopped: make(chan struct{}),
	}
}

// Pick takes a slot of a worker that serves a queue. Among those with free slots the share of each follows its weight
// and how much of it is free (smooth weighted round robin). It gives nil when no slot is free.
func (f *Fleet) Pick(queue string) *Session {
	f.mu.Lock()
	defer f.mu.Unlock()
	var best *Session
	total := 0.0
	for _, s := range f.sessions {
		free := s.node.Slots - s.taken
		if free <= 0 || !s.takes() || !s.queues[queue] {
			continue
		}
		share := float64(s.node.Weight) * float64(free) / float64(s.node.Slots)
		total += share
		s.credit += share
		if best == nil || s.credit > best.credit || s.credit == best.credit && s.node.Name < best.node.Name {
			best = s
		}
	}
	if best != nil {
		best.credit -= total
		best.taken++
	}
	return best
}

// Unpick gives a slot back that was not used.
func (f *Fleet) Unpick(s *Session) {
	f.mu.Lock()
	s.taken--
	f.mu.Unlock()
}

// Free gives the free slots of each queue that connected workers serve.
func (f *Fleet) Free() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	free := map[string]int{}
	for _, s := range f.sessions {
		if !s.takes() {
			continue
		}
		for q := range s.queues {
			free[q] += max(s.node.Slots-s.taken, 0)
		}
	}
	return free
}

// InFlight is how many runs connected workers have, and Workers how many are connected.
func (f *Fleet) InFlight() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, s := range f.sessions {
		n += len(s.given)
	}
	return n
}

// Workers is how many workers are connected.
func (f *Fleet) Workers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sessions)
}

// Hosts says whether a worker of this incarnation is connected that lives in the master's process.
func (f *Fleet) Hosts(incarnation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.sessions[incarnation]
	return s != nil && s.host != ""
}

// oust takes the streams of a worker's name out of the fleet before a new one is served: its own older stream, or that of
// a worker that started earlier. From then on nothing is given to them, so that what the store says of the worker holds
// still while it is settled. A name that a younger worker has is refused.
func (f *Fleet) oust(node *core.Node, host string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.oustLocked(node, host)
}

func (f *Fleet) oustLocked(node *core.Node, host string) error {
	if f.stopping {
		return errStopping()
	}
	for _, other := range f.sessions {
		if other.node.Name != node.Name {
			continue
		}
		if other.host != "" && host == "" {
			return core.Conflict("the name %s is that of a worker inside a master's own process: give this worker another by --name", node.Name)
		}
		reason := core.Conflict("another stream took this worker's place")
		if other.node.Incarnation != node.Incarnation {
			if other.node.StartedAfter(node) {
				return core.Conflict("a worker named %s that started later is alive: give this one another name by --name", node.Name)
			}
			reason = errFenced(node.Name)
		}
		f.drop(other)
		other.close(reason)
	}
	return nil
}

// add lets a session take runs. Ousting and adding are one step, so that a stop or another stream of the same name comes
// before both or after both.
func (f *Fleet) add(s *Session) error {
	f.mu.Lock()
	err := f.oustLocked(&s.node, s.host)
	if err == nil {
		f.sessions[s.node.Incarnation] = s
	}
	f.mu.Unlock()
	if err == nil {
		f.opts.Changed()
		f.opts.Members()
	}
	return err
}

// drop takes a session out, under the mutex.
func (f *Fleet) drop(s *Session) {
	s.dead = true
	if f.sessions[s.node.Incarnation] == s {
		delete(f.sessions, s.node.Incarnation)
	}
}

func (f *Fleet) remove(s *Session) {
	f.mu.Lock()
	f.drop(s)
	f.mu.Unlock()
	f.opts.Changed()
}

// Stop closes all streams; their workers go to another master, or wait for this one to come back.
func (f *Fleet) Stop() {
	f.mu.Lock()
	if !f.stopping {
		f.stopping = true
		close(f.stopped)
	}
	var all []*Session
	for _, s := range f.sessions {
		all = append(all, s)
	}
	f.mu.Unlock()
	for _, s := range all {
		s.close(errStopping())
	}
	f.serving.Wait()
}

func errStopping() error { return core.Unavailable("this master is stopping") }
