package host

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// state is where a process stands; see the package comment.
type state int

const (
	starting state = iota
	warm
	retired
	ending
)

// errClosed is why nothing runs any more.
var errClosed = errors.New("the worker ends its plugins")

// pool has all processes of a host.
type pool struct {
	host *Host

	mu        sync.Mutex
	closed    bool
	processes []*process
	started   int           // counted for names
	changed   chan struct{} // closed when a run or a process has ended
}

func newPool(h *Host) *pool { return &pool{host: h, changed: make(chan struct{})} }

// join puts a run into a process that has room for it, or starts one. It returns when the process is warm; the run must
// leave it.
func (l *pool) join(ctx context.Context, a *attempt, pkg *installed) (*process, error) {
	p, err := l.enter(ctx, a, pkg)
	if err != nil {
		return nil, err
	}
	select {
	case <-p.ready:
		err = p.err
	case <-ctx.Done():
	}
	if ctx.Err() != nil { // also when both have come
		err = context.Cause(ctx)
	}
	if err != nil {
		p.output.leave(a)
		l.leave(p)
		return nil, err
	}
	return p, nil
}

// enter waits for a place.
func (l *pool) enter(ctx context.Context, a *attempt, pkg *installed) (*process, error) {
	for {
		p, changed, err := l.try(a, pkg)
		if p != nil || err != nil {
			return p, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// try puts a run into a process that has room, or into a new one if there may be one more. Otherwise it gives what to wait
// for.
func (l *pool) try(a *attempt, pkg *installed) (p *process, changed <-chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, errClosed
	}
	for _, p := range l.processes {
		if !a.call.Isolated && p.hasRoom(pkg) {
			l.take(p, a)
			return p, nil, nil
		}
	}
	if len(l.processes) < l.host.o.MaxProcesses {
		return l.launch(a, pkg), nil, nil
	}
	l.makeRoom()
	return nil, l.changed, nil
}

// hasRoom reports whether one more run of a package may go into the process. The caller has the pool's mutex.
func (p *process) hasRoom(pkg *installed) bool {
	most := pkg.manifest.Concurrency
	return p.state <= warm && !p.isolated && p.pkg == pkg && (most == 0 || p.runs < most)
}

// launch starts a process with its first run in it. The caller has the mutex.
func (l *pool) launch(a *attempt, pkg *installed) *process {
	l.started++
	h := l.host
	p := &process{
		host: h, pkg: pkg, number: l.started, dir: filepath.Join(h.places.run, strconv.Itoa(l.started)),
		limits: least(pkg.manifest.Limits, h.o.Limits), isolated: a.call.Isolated, greeting: newGreeting(),
		output: newOutput(h.o.Logger.With("package", pkg.name(), "process", l.started)),
		ready:  make(chan struct{}), gone: make(chan struct{}),
	}
	h.cache.retain(pkg.digest)
	l.processes = append(l.processes, p)
	l.take(p, a)
	go p.run()
	return p
}

// take counts a run into a process. The caller has the mutex.
func (l *pool) take(p *process, a *attempt) {
	a.first = p.served == 0
	p.runs++
	p.served++
	p.output.join(a)
	if p.state == warm && p.served >= l.host.o.MaxRuns {
		l.retire(p, "it had its runs")
	}
}

// leave counts a run out of a process.
func (l *pool) leave(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.runs--
	if p.runs == 0 {
		p.idle = time.Now()
		l.dismiss(p)
	}
	l.tell()
}

// tell wakes the runs that wait for a place. The caller has the mutex.
func (l *pool) tell() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// warm notes that a process has started.
func (l *pool) warm(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.state = warm
	switch {
	case l.closed:
		l.retire(p, errClosed.Error())
	case p.isolated:
		p.state = retired
	case p.served >= l.host.o.MaxRuns:
		l.retire(p, "it had its runs")
	}
	l.dismiss(p)
}

// retire has a process take no more runs, and exit after those that it has. The caller has the mutex.
func (l *pool) retire(p *process, why string) {
	l.host.o.Logger.Info("a plugin's process is retired", "package", p.pkg.name(), "process", p.number, "because", why, "runs", p.served)
	p.state = retired
	l.dismiss(p)
}

// dismiss has a retired process exit when it has no runs. The caller has the mutex.
func (l *pool) dismiss(p *process) {
	if p.state == retired && p.runs == 0 {
		p.state = ending
		p.stop()
	}
}

// makeRoom retires the process that is idle for longest, if none is about to end already. The caller has the mutex.
func (l *pool) makeRoom() {
	var oldest *process
	for _, p := range l.processes {
		if p.state == ending {
			return
		}
		if p.state == warm && p.runs == 0 && (oldest == nil || p.idle.Before(oldest.idle)) {
			oldest = p
		}
	}
	if oldest != nil {
		l.retire(oldest, "its place is needed")
	}
}

// condemned notes that a process takes no more runs, for it is being killed.
func (l *pool) condemned(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p.state = ending
}

// buried forgets a process that is gone.
func (l *pool) buried(p *process) {
	l.mu.Lock()
	l.processes = slices.DeleteFunc(l.processes, func(other *process) bool { return other == p })
	p.state = ending
	l.tell()
	l.mu.Unlock()
	l.host.cache.release(p.pkg.digest)
}

// close ends all processes: those with runs are killed at once, the others when the most that they have then is over. It
// returns when they are gone.
func (l *pool) close() {
	l.mu.Lock()
	l.closed = true
	all := slices.Clone(l.processes)
	for _, p := range all {
		switch {
		case p.runs > 0 || p.state == starting:
			p.kill(death{why: errClosed})
		case p.state == warm:
			l.retire(p, errClosed.Error())
		}
	}
	l.tell()
	l.mu.Unlock()
	defer time.AfterFunc(min(l.host.o.Grace, closeGrace)+exitTime, func() {
		for _, p := range all {
			p.kill(death{why: errClosed})
		}
	}).Stop()
	for _, p := range all {
		<-p.gone
	}
}
