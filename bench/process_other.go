//go:build !linux

package bench

import "syscall"

// dieWithParent is what Linux alone can do; elsewhere the server outlives a benchmark that is killed.
func dieWithParent() *syscall.SysProcAttr { return nil }
