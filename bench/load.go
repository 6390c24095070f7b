package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// maxFailures is after how many failed posts a load is given up.
const maxFailures = 100

// load is many posts by many clients.
type load struct {
	clients int
	count   int
	// until ends it before count is reached. Zero: count alone does.
	until time.Time
	// client makes what one client calls for each number. It is called by that client only.
	client func() func(i int) error
}

// tally is what came of a load.
type tally struct {
	acked   []bool // by number
	done    int    // how many of them
	took    []time.Duration
	elapsed time.Duration
	failed  int
	first   error // of those that failed
}

func (t *tally) perSecond() float64 {
	if t.elapsed <= 0 {
		return 0
	}
	return float64(t.done) / t.elapsed.Seconds()
}

// run posts until all is done, the time is up, too much failed or ctx ends.
func (l load) run(ctx context.Context) *tally {
	t := &tally{acked: make([]bool, l.count), took: make([]time.Duration, l.count)}
	var (
		next, failed atomic.Int64
		once         sync.Once
		group        sync.WaitGroup
	)
	start := time.Now()
	for range min(l.clients, l.count) {
		group.Go(func() {
			post := l.client()
			began := time.Now()
			for ctx.Err() == nil && failed.Load() < maxFailures && (l.until.IsZero() || began.Before(l.until)) {
				i := int(next.Add(1)) - 1
				if i >= l.count {
					return
				}
				err := post(i)
				ended := time.Now()
				if err != nil {
					failed.Add(1)
					once.Do(func() { t.first = err })
				} else {
					t.acked[i], t.took[i] = true, ended.Sub(began)
				}
				began = ended
			}
		})
	}
	group.Wait()
	t.elapsed, t.failed = time.Since(start), int(failed.Load())
	took := t.took[:0]
	for i, ok := range t.acked {
		if ok {
			took = append(took, t.took[i])
		}
	}
	t.took, t.done = took, len(took)
	return t
}
