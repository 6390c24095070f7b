//go:build !linux

package chaos

import "syscall"

// dieWithParent does nothing here: only Linux can.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
