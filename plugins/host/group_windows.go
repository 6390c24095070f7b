package host

import (
	"os"
	"syscall"
)

// attributes keep a terminal's Ctrl-C from a process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// killGroup kills the process alone: its children are not known.
func killGroup(p *os.Process) { _ = p.Kill() }
