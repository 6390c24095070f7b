//go:build !skew

// Package wallclock is where Carillon reads the wall clock: every instant that is stored, sent, shown or compared with one of
// another process comes from here. Ages, timeouts and leases are measured by the monotonic clock, straight from package
// time.
//
// A build with the tag skew reads a clock that is wrong on purpose (skew.go), so that the chaos harness can show what a
// node whose clock is wrong does to the others. Any other build reads the system's, and has no way to be told otherwise.
package wallclock

import "time"

// Now is the time by this machine's wall clock.
func Now() time.Time { return time.Now() }
