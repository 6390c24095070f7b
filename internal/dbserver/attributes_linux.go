package dbserver

import "syscall"

// attributes have a process run as somebody, and stopped when this process is gone, so that a test which is killed leaves
// no server behind.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
}
