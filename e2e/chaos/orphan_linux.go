package chaos

import "syscall"

// dieWithParent has a process killed when the harness is, so that none is left behind.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
