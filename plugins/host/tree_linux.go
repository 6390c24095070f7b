package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/carillonhq/carillon/plugins/host/proctree"
	"github.com/carillonhq/carillon/plugins/host/supervise"
)

// supervisorPatience is how long a supervisor may take to end a tree before it is killed, and its work done for it.
const supervisorPatience = 10 * time.Second

// nursery starts supervisors from one thread that lasts as long as the host: the kernel tells a supervisor when the
// thread that started it ends, and threads of Go's otherwise come and go.
type nursery struct {
	path   string
	args   []string
	log    *slog.Logger
	starts chan func()
}

func openNursery(o *Options) *nursery {
	n := &nursery{path: "/proc/self/exe", args: []string{os.Args[0], SupervisorCommand}, log: o.Logger, starts: make(chan func())}
	if len(o.Supervisor) > 0 {
		n.path, n.args = o.Supervisor[0], o.Supervisor
	}
	go func() {
		runtime.LockOSThread()
		// Unlocked at the end, so that Go keeps the thread: its end would be told to supervisors that are still at work.
		defer runtime.UnlockOSThread()
		for start := range n.starts {
			start()
		}
	}()
	return n
}

func (n *nursery) close() { close(n.starts) }

// supervisor is one that runs, with the worker's ends of its pipes.
type supervisor struct {
	log     *slog.Logger
	mark    string
	cmd     *exec.Cmd
	control *os.File
	reports *json.Decoder
	report  *os.File
}

// plant starts a plugin under a supervisor. mark is the plugin's in its environment.
func (n *nursery) plant(ctx context.Context, spec *supervise.Spec, mark string) (*tree, error) {
	p, err := makePipes()
	if err != nil {
		return nil, fmt.Errorf("make pipes for a plugin: %w", err)
	}
	s, err := n.supervise(p, mark)
	closeAll(p.outW, p.errW)
	if err != nil {
		closeAll(p.outR, p.errR)
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}
	t := newTree(p, s.end)
	stop := context.AfterFunc(ctx, t.end)
	t.pid, err = s.begin(spec)
	stop()
	if err != nil {
		t.end()
		_ = s.cmd.Wait()
		closeAll(p.outR, p.errR, s.report)
		return nil, err
	}
	go s.attend(t)
	return t, nil
}

// supervise starts a supervisor whose standard output and error are those that the plugin will have.
func (n *nursery) supervise(p *pipes, mark string) (*supervisor, error) {
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	reportR, reportW, err := os.Pipe()
	if err != nil {
		closeAll(controlR, controlW)
		return nil, err
	}
	cmd := exec.Command(n.path) //nolint:gosec // the host's own executable
	cmd.Args = n.args
	cmd.Env = []string{marker + "=" + mark}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = p.outW, p.errW
	cmd.ExtraFiles = []*os.File{controlR, reportW} // supervise.ControlFD, supervise.ReportFD
	// A session of its own keeps a terminal's Ctrl-C from it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	n.starts <- func() { started <- cmd.Start() }
	err = <-started
	closeAll(controlR, reportW)
	if err != nil {
		closeAll(controlW, reportR)
		return nil, err
	}
	return &supervisor{log: n.log, mark: mark, cmd: cmd, control: controlW, report: reportR, reports: json.NewDecoder(reportR)}, nil
}

// begin has the supervisor start the plugin, and gives its process id.
func (s *supervisor) begin(spec *supervise.Spec) (int, error) {
	line, err := json.Marshal(spec)
	if err != nil {
		return 0, err
	}
	if _, err := s.control.Write(append(line, '\n')); err != nil {
		return 0, fmt.Errorf("tell the supervisor what to start: %w", err)
	}
	var r supervise.Report
	if err := s.reports.Decode(&r); err != nil {
		return 0, fmt.Errorf("the supervisor ended before it started the plugin: %w", err)
	}
	if r.Started == 0 {
		return 0, errors.New(strings.TrimSpace(r.Failed))
	}
	return r.Started, nil
}

// end has the supervisor kill the tree. If it does not, or cannot because something stopped it, it is killed.
func (s *supervisor) end() {
	_ = s.control.Close()
	time.AfterFunc(supervisorPatience, func() { _ = s.cmd.Process.Kill() })
}

// attend waits until the supervisor has ended, and with it the tree.
func (s *supervisor) attend(t *tree) {
	defer close(t.gone)
	var r supervise.Report
	told := s.reports.Decode(&r) == nil && r.Exited != nil
	close(t.dying)
	err := s.cmd.Wait()
	_ = s.control.Close()
	_ = s.report.Close()
	t.exit = supervise.Exit{Code: -1}
	if told {
		t.exit = *r.Exited
	}
	if err == nil {
		return
	}
	// The supervisor did not end by itself, so it left what it had not killed yet.
	found, left := proctree.KillMarked(marker, s.mark, supervisorPatience)
	s.log.Warn("the supervisor of a plugin ended before its work was done, and what it left is killed",
		"error", err, "processes", found, "left", left)
}
