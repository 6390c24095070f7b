package sdk

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
)

// defaultGrace is what a process has to end when the worker does not say: after that go-plugin kills it.
const defaultGrace = 2 * time.Second

// graceOf reads how long a process has to end, from what its worker wrote into the environment.
func graceOf(text string) time.Duration {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 && ms <= math.MaxInt64/int64(time.Millisecond) {
		return time.Duration(ms) * time.Millisecond
	}
	return defaultGrace
}

// prepared is a task whose setup is done once.
type prepared struct {
	task Task

	mu    sync.Mutex
	setup *setup // the call that is under way or went well
}

type setup struct {
	done chan struct{}
	err  error
}

// setUp has the task set up by the first run, and waits until it is. serving is the context that Setup gets. A run that is
// cancelled meanwhile waits no longer, but the setup goes on for others.
func (p *prepared) setUp(ctx, serving context.Context) error {
	if p.task.Setup == nil {
		p.mu.Lock()
		p.setup = &setup{}
		p.mu.Unlock()
		return nil
	}
	p.mu.Lock()
	current := p.setup
	if current == nil {
		current = &setup{done: make(chan struct{})}
		p.setup = current
		go attempt(func() error { return p.task.Setup(serving) }, func(err error) { p.isSetUp(current, err) })
	}
	p.mu.Unlock()
	select {
	case <-current.done:
		return current.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *prepared) isSetUp(current *setup, err error) {
	if err != nil {
		p.mu.Lock()
		p.setup = nil
		p.mu.Unlock()
		current.err = fmt.Errorf("setup of task %q: %w", p.task.Name, err)
	}
	close(current.done)
}

// tearDown undoes the setup of a task that had a run.
func (p *prepared) tearDown(ctx context.Context) error {
	p.mu.Lock()
	begun := p.setup != nil
	p.mu.Unlock()
	if !begun || p.task.Teardown == nil {
		return nil
	}
	ended := make(chan error, 1)
	go attempt(func() error { return p.task.Teardown(ctx) }, func(err error) { ended <- err })
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the server within the grace that the worker gives the process: for half of it at most it waits for the handlers
// under way to return, then it tears the tasks down. What goes wrong is said on standard error, as no run is there to say it
// to.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop(&Cancelled{Reason: "the plugin's process ends"})
	ctx, cancel := context.WithTimeout(context.Background(), s.grace)
	defer cancel()
	returned := make(chan struct{})
	go func() {
		s.runs.Wait()
		close(returned)
	}()
	select {
	case <-returned:
	case <-time.After(s.grace / 2):
	}
	for _, name := range s.names {
		if err := s.tasks[name].tearDown(ctx); err != nil {
			_, _ = fmt.Fprintf(s.stderr, "teardown of task %q: %v\n", name, err)
		}
	}
}
