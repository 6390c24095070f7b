package supervise

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/carillonhq/carillon/plugins/host/proctree"
)

// supervisorFiles is how many files the supervisor must be able to open itself.
const supervisorFiles = 64

// roomForTasks is how many tasks a user of plugins may get at least while one of them runs.
const roomForTasks = 4096

// limitBoth sets the limits that this process can bear itself, so that the plugin inherits them.
func (s *supervisor) limitBoth() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	if most := s.spec.Limits.OpenFiles; most > 0 {
		if err := lower(syscall.RLIMIT_NOFILE, uint64(max(most, supervisorFiles))); err != nil {
			return fmt.Errorf("limit open files: %w", err)
		}
	}
	// The kernel counts all tasks of a user, of whatever plugin. So this is only to stop those that multiply faster than the
	// watch can count them, and only where plugins have a user of their own; the supervisor, which is root, it does not
	// bind.
	if most := s.spec.Limits.Processes; most > 0 && s.spec.As != nil {
		if err := lower(unix.RLIMIT_NPROC, uint64(proctree.TasksOf(s.spec.As.UID)+max(4*most, roomForTasks))); err != nil {
			return fmt.Errorf("limit processes: %w", err)
		}
	}
	return nil
}

// cpuGrace is how many seconds a process has between SIGXCPU, which it may heed, and its end.
const cpuGrace = 2

// needsStage reports whether there are limits that the supervisor could not bear.
func (l Limits) needsStage() bool { return l.CPUSeconds > 0 || l.AddressSpace > 0 }

// limitPlugin sets the limits that only the plugin can bear.
func (l Limits) limitPlugin() error {
	if l.CPUSeconds > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{
			Cur: uint64(l.CPUSeconds), Max: uint64(l.CPUSeconds) + cpuGrace,
		}); err != nil {
			return fmt.Errorf("limit CPU time: %w", err)
		}
	}
	if l.AddressSpace > 0 {
		if err := lower(syscall.RLIMIT_AS, uint64(l.AddressSpace)); err != nil {
			return fmt.Errorf("limit address space: %w", err)
		}
	}
	return nil
}

// lower sets a limit of this process, unless it is lower already.
func lower(resource int, most uint64) error {
	var now syscall.Rlimit
	if err := syscall.Getrlimit(resource, &now); err != nil {
		return err
	}
	most = min(most, now.Max)
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most})
}
