// Package store keeps everything Carillon must not forget in a SQL database, and is the only package that knows gorm.
//
// The store is the judge of all that processes could disagree about: each move of a run, a task or a lease is one
// transaction whose statements name the state and the token they expect, so a process that is late, cut off or back from
// the dead changes nothing. What belongs together is written together:
//
//	PlanTasks, PlanDelayed   runs of the coming instants, and the next instant not yet planned
//	Reserve                  planned, free        → planned, held by a master     (token raised)
//	Dispatch                 planned, held        → dispatched, held by a worker  (overlap guard taken)
//	                                              → conflict, in the history      (guard was taken)
//	Return                   dispatched           → planned, free                 (the worker never had it)
//	Record                   dispatched, running  → an outcome in the history, with counters, guard, retry and children
//	Recover                  held by a dead one   → free again, or lost with a recovery run
//
// A crash between any two of them leaves rows that the lease of the dead process gives back.
package store
