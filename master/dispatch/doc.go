// Package dispatch sends runs at their instants. One goroutine reserves the runs of the next seconds into a heap; one
// waits for the earliest of them, takes a worker's slot for each that is due, commits the batch as dispatched, and hands
// the runs out.
//
//	store ──Reserve──▶ heap, by instant ──due──▶ ready, by queue ──slot──▶ Dispatch committed ──▶ worker's stream
//	                                                   └─ too late ──▶ missed
//
// What is in memory is bounded by the slots of the workers that are connected and by Batches.ReserveMemory, whatever waits in the
// database. A reservation is only a mark: a run that was withdrawn, or given on because this master was taken for dead,
// fails at the commit and is sent by nobody. A run in memory when the process dies is reserved by an incarnation whose
// lease runs out, and free again. A mark whose commit was not answered, because the connection broke amid it, may be there and
// not in memory: the runs of such marks go back to the queue (astray.go).
package dispatch
