package supervise

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Main supervises one plugin and returns the exit status of the supervisor's own process, which does nothing else. args
// are those of the command line that lead here, without the program's name: with one more argument they make the same
// program a stage.
func Main(args []string) int {
	if len(args) > 0 && args[len(args)-1] == stageArg {
		return stage()
	}
	// The kernel kills the plugin when the thread that started it ends, so that thread must last.
	runtime.LockOSThread()
	control, report := os.NewFile(ControlFD, "control"), os.NewFile(ReportFD, "report")
	if _, err := report.Stat(); err != nil {
		fmt.Fprintln(os.Stderr, "this command belongs to `carillon worker`, which starts it by itself")
		return 2
	}
	tell := json.NewEncoder(report)
	ended := asked(control)
	s, err := prepare(control, ended)
	if err == nil {
		s.args = args
		err = s.start()
	}
	if err != nil {
		_ = tell.Encode(Report{Failed: err.Error()})
		return 1
	}
	_ = tell.Encode(Report{Started: s.pid})
	s.attend(ended.over, tell)
	return 0
}

// asked listens for what ends the tree. Other signals to end mean nothing to a supervisor, which has work to do until the
// tree is gone; they are taken and not ignored, for the plugin would inherit that.
func asked(control *os.File) *ending {
	e := &ending{line: make(chan []byte, 1), over: make(chan struct{})}
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		r := bufio.NewReader(control)
		line, err := r.ReadBytes('\n')
		if err == nil {
			e.line <- line
			_, _ = io.Copy(io.Discard, r)
		}
	}()
	go func() {
		defer close(e.over)
		select {
		case <-told:
		case <-closed:
		}
	}()
	return e
}

type ending struct {
	line chan []byte   // the spec
	over chan struct{} // closed when all is to be killed
}

// prepare makes this process one that can supervise, and waits for what it is to start.
func prepare(control *os.File, e *ending) (*supervisor, error) {
	if err := closeOnExec(int(control.Fd())); err != nil {
		return nil, fmt.Errorf("close what the worker has open: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("become the parent of orphans: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("forbid new privileges: %w", err)
	}
	select {
	case line := <-e.line:
		spec, err := readSpec(line)
		if err != nil {
			return nil, err
		}
		return &supervisor{spec: spec}, nil
	case <-e.over:
		return nil, errors.New("the worker is gone")
	}
}

// closeOnExec keeps descriptors from a number on from what is started: the worker may have got some from who started it.
func closeOnExec(from int) error {
	err := unix.CloseRange(uint(from), ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	// A kernel before 5.11.
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // only read
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		var fd int
		if _, bad := fmt.Sscan(name, &fd); bad == nil && fd >= from {
			unix.CloseOnExec(fd)
		}
	}
	return err
}
