package store

import (
	"context"
	"sync"
	"time"
)

// After a batch of manyWrites the next one is put off for as long as that one took, and at most for longestRest: those who
// have just been answered are about to write again, and would otherwise take turns with those who wait, half of them to a
// commit.
const (
	manyWrites  = 8
	longestRest = 2 * time.Millisecond
)

// group lets writes that arrive at about the same time share one commit. The first write starts a flush; those that
// arrive while it runs make up the next. So a lone write waits for nothing, and under load one disk write serves many.
type group[T any] struct {
	// flush stores the batch whole or not at all.
	flush func(context.Context, []T) error
	// most is how many writes may share a commit.
	most int

	mu      sync.Mutex
	pending []member[T]
	busy    bool
	idle    sync.WaitGroup
}

type member[T any] struct {
	value T
	done  chan error
}

// do stores value and returns when it is on disk, or was refused. A caller that gives up early does not learn which.
func (g *group[T]) do(ctx context.Context, value T) error {
	m := member[T]{value: value, done: make(chan error, 1)}
	g.mu.Lock()
	g.pending = append(g.pending, m)
	if !g.busy {
		g.busy = true
		g.idle.Go(g.loop)
	}
	g.mu.Unlock()
	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *group[T]) loop() {
	for {
		g.mu.Lock()
		if len(g.pending) == 0 {
			g.busy = false
			g.mu.Unlock()
			return
		}
		n := min(len(g.pending), g.most)
		batch := g.pending[:n:n]
		g.pending = g.pending[n:]
		g.mu.Unlock()
		began := time.Now()
		g.store(batch)
		if n >= manyWrites {
			time.Sleep(min(time.Since(began), longestRest))
		}
	}
}

// store flushes a batch. One that is refused is halved until the bad write stands alone, so that it fails no other. The
// writes outlive their callers' contexts: some caller may already have been answered by the time another gives up.
func (g *group[T]) store(batch []member[T]) {
	values := make([]T, len(batch))
	for i, m := range batch {
		values[i] = m.value
	}
	err := g.flush(context.Background(), values)
	if Refused(err) && len(batch) > 1 {
		half := len(batch) / 2
		g.store(batch[:half])
		g.store(batch[half:])
		return
	}
	for _, m := range batch {
		m.done <- err
	}
}

// wait returns when nothing is being stored.
func (g *group[T]) wait() { g.idle.Wait() }
