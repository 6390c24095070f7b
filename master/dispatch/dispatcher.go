package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/fleet"
	"github.com/carillonhq/carillon/store"
)

const (
	// reserveEvery is the longest time between two looks into the queue.
	reserveEvery = 200 * time.Millisecond
	// perSlot is how many runs are reserved for each free slot, so that a slot that becomes free finds the next run here.
	perSlot = 4
)

// Store is what dispatching needs of the store.
type Store interface {
	Reserve(ctx context.Context, master, queue string, until time.Time, limit, room int) (runs []*store.Reserved, more bool, err error)
	Claimed(ctx context.Context, master string) ([]store.Held, error)
	Dispatch(ctx context.Context, master string, batch []store.Handout) ([]store.Handout, error)
	Release(ctx context.Context, master string, runs []*core.Run) error
	EndPlanned(ctx context.Context, master string, runs []*core.Run) error
	EndLate(ctx context.Context, master string, runs []*core.Run) (made []*core.Run, err error)
	Return(ctx context.Context, held []store.Held, route store.Route) error
	Now() time.Time
}

// Fleet is the workers that runs are given to.
type Fleet interface {
	Pick(queue string) *fleet.Session
	Unpick(s *fleet.Session)
	Free() map[string]int
}

// Options says what a Dispatcher works with. All fields are required but Batches.
type Options struct {
	Store  Store
	Fleet  Fleet
	Master string // this master's incarnation
	Route  store.Route
	Commit func(step string, rows int, took time.Duration) // notes a transaction
	Ended  func(*core.Run)                                 // notes a run that ended without being sent
	Cancel func()                                          // tells that runs under way are asked to end; the requests are in the store
	Logger *slog.Logger
	// Batches defaults to core.DefaultBatches().
	Batches core.Batches
}

// Dispatcher dispatches from Start to Stop.
type Dispatcher struct {
	opts    Options
	batches core.Batches
	memory  int           // that reserved runs may take, in bytes
	reserve chan struct{} // look into the queue now
	send    chan struct{} // look at the heap now
	stop    context.CancelFunc
	loops   sync.WaitGroup
	astray  astray

	mu   sync.Mutex
	held *held
	// taken is how many bytes of runs were taken from held that may have to go back.
	taken int
	// unreturned are runs that no worker got and that could not be given back to the queue yet.
	unreturned []store.Held
	// wanting says that the queue held more than there was room for, so that room is to be filled as it appears.
	wanting bool
	// judged is when all that wait were last looked at for those that are too late.
	judged time.Time
}

// New makes a Dispatcher.
func New(opts Options) *Dispatcher {
	b := opts.Batches.OrDefault()
	return &Dispatcher{
		opts: opts, batches: b, memory: b.ReserveMemory << 20, reserve: make(chan struct{}, 1), send: make(chan struct{}, 1), held: newHeld(),
	}
}

// Start begins to dispatch.
func (d *Dispatcher) Start(ctx context.Context) {
	ctx, d.stop = context.WithCancel(ctx)
	d.loops.Go(func() { d.reserveLoop(ctx) })
	d.loops.Go(func() { d.sendLoop(ctx) })
}

// Stop ends dispatching and gives back what is reserved, so that other masters can send it at once.
func (d *Dispatcher) Stop(ctx context.Context) error {
	d.stop()
	d.loops.Wait()
	d.mu.Lock()
	runs := d.held.drop(func(*store.Reserved) bool { return true })
	d.mu.Unlock()
	return d.release(ctx, runs)
}

// Wake tells the dispatcher that a run was planned which is to be sent at this instant.
func (d *Dispatcher) Wake(at time.Time) {
	if at.Sub(d.opts.Store.Now()) < core.LookAhead {
		signal(d.reserve)
	}
}

// Changed tells the dispatcher that slots became free, or that workers came or went.
func (d *Dispatcher) Changed() {
	signal(d.send)
	d.refill()
}

// refill has the queue looked into when there was more in it than there was room for.
func (d *Dispatcher) refill() {
	d.mu.Lock()
	wanting := d.wanting
	d.mu.Unlock()
	if wanting {
		signal(d.reserve)
	}
}

// Reserved is how many runs are in memory.
func (d *Dispatcher) Reserved() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held.len()
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

func (d *Dispatcher) reserveLoop(ctx context.Context) {
	ticker := time.NewTicker(reserveEvery)
	defer ticker.Stop()
	for {
		full, err := d.Reserve(ctx)
		if err != nil && ctx.Err() == nil {
			d.opts.Logger.Error("the queue could not be read", "error", err)
		}
		if full && err == nil {
			if ctx.Err() != nil {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-d.reserve:
		}
	}
}

// Reserve takes the runs of the look-ahead window into memory, as far as there is room for them, and gives back those of
// queues that no worker serves any more. It says whether there may be more to take at once.
func (d *Dispatcher) Reserve(ctx context.Context) (more bool, err error) {
	if err := d.retryReturns(ctx); err != nil {
		return false, err
	}
	if err := d.returnAstray(ctx); err != nil {
		return false, err
	}
	free := d.opts.Fleet.Free()
	d.mu.Lock()
	orphans := d.held.drop(func(r *store.Reserved) bool { _, served := free[r.Queue]; return !served })
	d.mu.Unlock()
	if err := d.release(ctx, orphans); err != nil {
		d.mu.Lock()
		d.held.add(orphans) // forgotten here, they would be this master's until it ends
		d.mu.Unlock()
		return false, err
	}
	wanting := len(free) == 0 // the first worker to come finds the queue as it is
	defer func() {
		d.mu.Lock()
		d.wanting = wanting
		d.mu.Unlock()
	}()
	for queue, slots := range free {
		d.mu.Lock()
		places := min(perSlot*slots-d.held.byQueue[queue], d.batches.Reserve)
		limit, room := min(places, d.held.fit(d.memory-d.taken)), d.memory-d.taken-d.held.bytes
		d.mu.Unlock()
		if limit <= 0 {
			wanting = true
			continue
		}
		began := time.Now()
		runs, left, err := d.opts.Store.Reserve(ctx, d.opts.Master, queue, d.opts.Store.Now().Add(core.LookAhead), limit, room)
		if err != nil {
			d.astray.doubt()
			return false, err
		}
		wanting = wanting || left
		if len(runs) == 0 {
			continue
		}
		d.opts.Commit("reserve", len(runs), time.Since(began))
		d.mu.Lock()
		d.held.add(runs)
		d.mu.Unlock()
		signal(d.send)
		// A batch that was full, or cut short by a guess which proved too low, is followed by another at once.
		more = more || len(runs) == limit && (limit == d.batches.Reserve || limit < places)
	}
	return more, nil
}

func (d *Dispatcher) release(ctx context.Context, held []*store.Reserved) error {
	if len(held) == 0 {
		return nil
	}
	return d.opts.Store.Release(ctx, d.opts.Master, runsOf(held))
}
