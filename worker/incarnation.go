package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/wallclock"
)

// When all masters have been tried, the wait before they are tried again doubles from shortestWait to longestWait, less up
// to half of it at random. It begins anew after a stream that a master welcomed and that lived longer than longestWait. As
// long as there is a master that has not been tried the wait is the shortest: it is there so that the workers of a master
// that died do not all come to another at the same moment. And as long as a lease is trusted that runs in hand, or outcomes
// nobody has confirmed, depend on, it is stakeWait at most: masters that come back within the lease must be found within it.
const (
	shortestWait = 100 * time.Millisecond
	stakeWait    = time.Second
	longestWait  = core.RejoinEvery
)

// incarnation is a worker between one Start and its Stop.
type incarnation struct {
	opts      Options
	id        string
	startedAt time.Time
	log       *slog.Logger
	table     *table
	lease     *time.Timer // fires when what is under way must be aborted
	fetches   *fetches

	// Each of these holds at most one signal.
	reportable chan struct{} // an outcome is ready to be sent
	beatNow    chan struct{} // a heartbeat is to be sent at once: the master asks for it, or the worker begins to drain
	moved      chan struct{} // a run ended or was confirmed

	deleted   atomic.Bool // an administrator deleted this worker's node while it was running
	connected atomic.Bool
	stopping  atomic.Bool
	hurried   atomic.Bool
	closing   chan struct{} // closed when the stream is to be closed for good
	done      chan struct{} // closed when the loop has ended
	stopped   chan struct{} // closed when Stop is through
	cut       context.CancelFunc
}

// begin starts an incarnation. The context is never cancelled.
func begin(ctx context.Context, opts Options) *incarnation {
	i := &incarnation{
		opts: opts, id: uuid.NewString(), startedAt: wallclock.Now(), log: opts.Logger.With("worker", opts.Name),
		table: newTable(ctx, opts.Slots), fetches: newFetches(),
		reportable: make(chan struct{}, 1), beatNow: make(chan struct{}, 1), moved: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}), stopped: make(chan struct{}),
	}
	i.lease = time.AfterFunc(time.Hour, i.expire) // set anew by the first lease; does nothing without one
	ctx, i.cut = context.WithCancel(ctx)
	go i.loop(ctx)
	return i
}

// idle says whether the worker asks to be enabled before it is given runs. One that was deleted does: it was not to go
// on, and must not come back by itself as a new one that does.
func (i *incarnation) idle() bool { return i.opts.Idle || i.deleted.Load() }

// loop serves one stream after another until the incarnation is closed or cut.
func (i *incarnation) loop(ctx context.Context) {
	defer close(i.done)
	for rounds := 0; ; {
		began := time.Now()
		welcomed, err := i.serve(ctx, rounds)
		if core.CodeOf(err) == core.CodeNotFound || status.Code(err) == codes.NotFound {
			i.deleted.Store(true)
		}
		if welcomed && time.Since(began) > longestWait {
			rounds = 0
		}
		wait := backoff(0)
		if !i.others() {
			wait = backoff(rounds)
			rounds++
		}
		if i.table.atStake(time.Now()) {
			wait = min(wait, stakeWait)
		}
		select {
		case <-i.closing:
			return
		case <-ctx.Done():
			return
		default:
			i.complain(err, wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-i.closing:
		case <-ctx.Done():
		case <-timer.C:
			continue
		}
		timer.Stop()
		return
	}
}

// others says whether there is a master that was not tried since the last one that answered.
func (i *incarnation) others() bool {
	several, ok := i.opts.Dialer.(Several)
	return ok && several.Others()
}

func backoff(rounds int) time.Duration {
	wait := min(shortestWait<<min(rounds, 10), longestWait)
	return wait - rand.N(wait/2) // #nosec G404 -- spreads load, keeps no secret
}

// signal leaves a signal in c unless one is there.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
