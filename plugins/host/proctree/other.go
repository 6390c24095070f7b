//go:build !linux

package proctree

import "time"

// Descendants finds none.
func Descendants(int) []int { return nil }

// Measure finds nothing.
func Measure([]int) Usage { return Usage{} }

// Proportional does not know.
func Proportional([]int) (size int64, known bool) { return 0, false }

// Marked finds none.
func Marked(string, string) []int { return nil }

// KillMarked finds none.
func KillMarked(string, string, time.Duration) (found, left int) { return 0, 0 }
