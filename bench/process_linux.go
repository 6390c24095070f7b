package bench

import "syscall"

// dieWithParent has the system kill the server when the benchmark dies without a chance to do so.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
