package core

import (
	"cmp"
	"time"
)

// Batches says how much a master does in one transaction at most, and how much it holds for the transactions to come. What
// comes first of a batch waits for the rest of it: a larger one costs less for each row and holds its locks, and on SQLite
// the only writer, for longer. A value of 0 stands for the default.
type Batches struct {
	Plan     int // tasks, or delayed tasks, that are planned
	Create   int // creations of delayed tasks that share a commit
	Reserve  int // runs that are reserved of a queue
	Dispatch int // runs that are dispatched
	Record   int // outcomes that are recorded
	// RecordWait is how long the first outcome of a batch waits for others.
	RecordWait time.Duration
	Retain     int // rows of the history that are deleted
	// ReserveMemory bounds what reserved runs take in memory, in MiB.
	ReserveMemory int
}

// The bounds of Batches. MaxBatch rows took some two seconds of a busy machine in a step; a transaction has ten, as long as a lease.
const (
	MaxBatch      = 5000
	MinRecordWait = time.Millisecond
	// MaxRecordWait is half of the 100 ms within which an outcome is to be on record.
	MaxRecordWait = 50 * time.Millisecond
	// MinReserveMemory has room for the largest run: one that does not fit would never be reserved.
	MinReserveMemory = 8
	MaxReserveMemory = 1024
)

// DefaultBatches are the batches of a master that was told nothing.
func DefaultBatches() Batches {
	const (
		// Against ten rows in a transaction, a hundred cost a half to a fifth for each, 500 a little less or the same, and more
		// than 500 gain nothing (BenchmarkLife of package store; docs/databases.md).
		rows = 500
		// Everyone in a batch of creations is a caller who waits for it.
		callers = 256
	)
	return Batches{
		Plan: rows, Create: callers, Reserve: rows, Dispatch: rows, Record: rows, Retain: rows,
		// Short beside the 100 ms, and long beside the millisecond or less between two outcomes where thousands a second come.
		RecordWait: 5 * time.Millisecond,
		// Some 80,000 runs with small bodies, which is more than four for each slot of most fleets: it bounds large bodies.
		ReserveMemory: 64,
	}
}

// OrDefault is b with the default of each value that is not positive.
func (b Batches) OrDefault() Batches {
	d := DefaultBatches()
	return Batches{
		Plan: cmp.Or(max(b.Plan, 0), d.Plan), Create: cmp.Or(max(b.Create, 0), d.Create), Reserve: cmp.Or(max(b.Reserve, 0), d.Reserve),
		Dispatch: cmp.Or(max(b.Dispatch, 0), d.Dispatch), Record: cmp.Or(max(b.Record, 0), d.Record),
		RecordWait: cmp.Or(max(b.RecordWait, 0), d.RecordWait), Retain: cmp.Or(max(b.Retain, 0), d.Retain),
		ReserveMemory: cmp.Or(max(b.ReserveMemory, 0), d.ReserveMemory),
	}
}
