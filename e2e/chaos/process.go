package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// restartAfter is how long a process that ended by itself stays down, as with a supervisor.
const restartAfter = time.Second

// program says how a process is started.
type program struct {
	host *host // where it runs; nil on this machine
	name string
	path string
	args []string
	env  []string
	dir  string // for its log; it also runs there
	// served says whether the process does its work; it is asked again and again after a start.
	served func(ctx context.Context) bool
	// troubled hears of what the process does that nobody asked for.
	troubled func(evidence.Trouble)
}

// process is a program that is killed, frozen and started again. One that ends by itself is started again too, and told of.
type process struct {
	program
	log *logFile

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd is gone
	wanted bool          // it is to run: an end is not asked for
	busy   bool          // it has served since its start
	extra  []string      // environment of the next starts
	again  sync.WaitGroup
}

func newProcess(p program) (*process, error) {
	log, err := openLog(filepath.Join(p.dir, p.name+".log"))
	return &process{program: p, log: log}, err
}

// start starts the process; env is added to its environment.
func (p *process) start(env ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted, p.extra = true, env
	return p.launch()
}

func (p *process) launch() error {
	path, args := p.path, p.args
	if p.host != nil { // which becomes the program, under the same number
		path, args = "ip", slices.Concat([]string{"netns", "exec", p.host.namespace, path}, args)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = slices.Concat(environment(), p.env, p.extra)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = p.dir, p.log, p.log, dieWithParent()
	p.log.begin()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.ended, p.busy = cmd, make(chan struct{}), false
	p.again.Add(1)
	go p.watch(cmd, p.ended)
	return nil
}

// watch waits for the end of the process and starts it again when nobody asked for it.
func (p *process) watch(cmd *exec.Cmd, ended chan struct{}) {
	defer p.again.Done()
	_ = cmd.Wait()
	close(ended)
	p.mu.Lock()
	asked, busy := !p.wanted, p.busy
	p.mu.Unlock()
	_, panicked := p.log.state()
	if asked && !panicked {
		return
	}
	p.complain("ended by itself: "+cmd.ProcessState.String(), !busy && !panicked)
	time.Sleep(restartAfter)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted && p.cmd == cmd {
		if err := p.launch(); err != nil {
			p.complain(err.Error(), false)
		}
	}
}

// complain tells of trouble with the process.
func (p *process) complain(what string, excused bool) {
	p.troubled(evidence.Trouble{Node: p.name, At: time.Now(), What: what, Excused: excused, Words: p.log.words()})
}

// awaitServing waits until the process serves; false says that it did not in time.
func (p *process) awaitServing(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for !p.served(ctx) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy = true
	return true
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() { p.finish(syscall.SIGKILL, time.Minute) }

// stop has the process end by itself, and kills it when it does not in time.
func (p *process) stop(within time.Duration) (clean bool) { return p.finish(syscall.SIGTERM, within) }

func (p *process) finish(signal syscall.Signal, within time.Duration) (clean bool) {
	p.mu.Lock()
	p.wanted = false
	cmd, ended := p.cmd, p.ended
	p.mu.Unlock()
	if cmd == nil {
		return true
	}
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return false
	}
	select {
	case <-ended:
		return true
	case <-time.After(within):
		_ = cmd.Process.Kill()
		<-ended
		return false
	}
}

// freeze has the process stand still, thaw lets it go on.
func (p *process) freeze() error { return p.signal(syscall.SIGSTOP) }

func (p *process) thaw() error { return p.signal(syscall.SIGCONT) }

func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return fmt.Errorf("%s does not run", p.name)
	}
	return p.cmd.Process.Signal(s)
}

// pid is the process's number.
func (p *process) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// close kills the process for good.
func (p *process) close() {
	p.kill()
	p.again.Wait()
	_ = p.log.file.Close()
}

// environment is this process's own without what configures carillon.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, "CARILLON_") || strings.HasPrefix(pair, "SMCORE_")
	})
}
