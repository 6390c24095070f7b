//go:build unix && !linux

package host

import (
	"os"
	"syscall"
)

// attributes have a process lead a session and a process group of its own.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
