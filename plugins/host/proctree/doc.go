// Package proctree looks at processes through Linux's /proc: who descends from whom, what they use, and what their environment
// says. On other systems it sees none.
//
// What it gives is already past when it returns: processes end and begin meanwhile. Who must find all looks again
// until none is left.
package proctree

import "time"

// Usage is what processes use together.
type Usage struct {
	// Resident is memory in bytes. What several of them share counts for each.
	Resident int64
	// CPU is the most that one of them has used since it began.
	CPU time.Duration
	// Tasks is the number of processes and their threads.
	Tasks int
}
