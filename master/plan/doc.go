// Package plan writes the runs of the coming instants: it takes tasks and delayed tasks that are due within the horizon
// and, in one transaction each batch, writes their runs and moves their next due instant on.
//
// A run is written at least lowWater and at most the horizon before its instant, so a master that dies leaves the others
// that long to find its runs in the queue. Any number of masters may plan at once: the transaction that moves the next
// due instant is the one that writes the runs, so an instant is planned by exactly one of them.
package plan
