package e2e

import "syscall"

// dieWithParent has a process killed when the tests are, so that a test that hangs leaves none behind.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
