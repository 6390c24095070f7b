//go:build unix && !linux

package dbserver

import "syscall"

// attributes have a process run as somebody.
func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}
