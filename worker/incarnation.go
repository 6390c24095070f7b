package worker

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// The wait between two tries to reach a master doubles from shortestWait to longestWait, less up to half of it at random.
// It begins anew after a stream that lived longer than longestWait.
const (
	shortestWait = 100 * time.Millisecond
	longestWait  = 5 * time.Second
)

// incarnation is a worker between one Start and its Stop.
type incarnation struct {
	opts      Options
	id        string
	startedAt time.Time
	log       *slog.Logger
	table     *table
	lease     *time.Timer // fires when what is under way must be aborted

	// Each of these holds at most one signal.
	reportable chan struct{} // an outcome is ready to be sent
	beatNow    chan struct{} // a heartbeat is to be sent at once
	moved      chan struct{} // a run ended or was confirmed

	connected atomic.Bool
	stopping  atomic.Bool
	closing   chan struct{} // closed when the stream is to be closed for good
	done      chan struct{} // closed when the loop has ended
	stopped   chan struct{} // closed when Stop is through
	cut       context.CancelFunc
}

// begin starts an incarnation. The context is never cancelled.
func begin(ctx context.Context, opts Options) *incarnation {
	i := &incarnation{
		opts: opts, id: uuid.NewString(), startedAt: time.Now(), log: opts.Logger.With("worker", opts.Name),
		table:      newTable(ctx, opts.Slots),
		reportable: make(chan struct{}, 1), beatNow: make(chan struct{}, 1), moved: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}), stopped: make(chan struct{}),
	}
	i.lease = time.AfterFunc(time.Hour, i.expire) // set anew by the first lease; does nothing without one
	ctx, i.cut = context.WithCancel(ctx)
	go i.loop(ctx)
	return i
}

// loop serves one stream after another until the incarnation is closed or cut.
func (i *incarnation) loop(ctx context.Context) {
	defer close(i.done)
	for tries := 0; ; tries++ {
		began := time.Now()
		err := i.serve(ctx)
		if time.Since(began) > longestWait {
			tries = 0
		}
		wait := backoff(tries)
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

func backoff(tries int) time.Duration {
	wait := min(shortestWait<<min(tries, 10), longestWait)
	return wait - rand.N(wait/2) // #nosec G404 -- spreads load, keeps no secret
}

// signal leaves a signal in c unless one is there.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
