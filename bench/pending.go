package bench

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	farAhead = 30 * 24 * time.Hour
	restarts = 5
)

// pending is many delayed tasks far ahead: what they cost in memory and at a start.
func (r *runner) pending() scenario {
	return scenario{ScenarioPending, fmt.Sprintf("%d delayed tasks pending, due in 30 days", r.Count), r.measurePending}
}

func (r *runner) measurePending(ctx context.Context, srv *server, result *Result) error {
	p := &Pending{Count: r.Count, StartNew: millis(srv.process.start)}
	result.Pending = p
	var err error
	if p.StartEmpty, p.MemoryEmpty, err = r.restart(ctx, srv); err != nil {
		return err
	}
	// The warm-up leaves behind what any load does: connections, buffers, a grown heap.
	if _, err := r.createFar(ctx, srv, r.warmDelayed(r.Count)); err != nil {
		return err
	}
	if p.MemoryBefore, err = r.settled(ctx, srv); err != nil {
		return err
	}
	r.say("  creating %d", r.Count)
	created, err := r.createFar(ctx, srv, r.delayedOrder("pending", r.Count, 0, atOnce))
	if err != nil {
		return err
	}
	result.Creations = created.creations()
	if p.MemoryAfter, err = r.settled(ctx, srv); err != nil {
		return err
	}
	p.StartFull, p.MemoryFull, err = r.restart(ctx, srv)
	return err
}

// createFar creates what is ordered, due so far ahead that nothing calls back.
func (r *runner) createFar(ctx context.Context, srv *server, o order) (*placed, error) {
	ctx, stop := srv.watch(ctx)
	defer stop()
	return r.create(ctx, srv, o, time.Now().Add(farAhead))
}

// restart starts the server anew several times. It gives the median time of a start in milliseconds, and the memory that
// the last one took.
func (r *runner) restart(ctx context.Context, srv *server) (start float64, memory int64, err error) {
	var starts []time.Duration
	for range restarts {
		if err := srv.end(ctx); err != nil {
			return 0, 0, err
		}
		if err := srv.begin(ctx, r.transport); err != nil {
			return 0, 0, err
		}
		starts = append(starts, srv.process.start)
	}
	slices.Sort(starts)
	memory, err = r.settled(ctx, srv)
	return millis(nearest(starts, 0.5)), memory, err
}

// settled gives the resident memory of the server in bytes, after a while for it to settle.
func (r *runner) settled(ctx context.Context, srv *server) (int64, error) {
	err := sleep(ctx, r.pace.settle)
	return srv.usage().resident, err
}
