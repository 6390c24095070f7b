//go:build !linux

package e2e

import "syscall"

// dieWithParent is of Linux only; elsewhere the processes of a test that was killed stay.
func dieWithParent() *syscall.SysProcAttr { return nil }
