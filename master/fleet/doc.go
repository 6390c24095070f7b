// Package fleet keeps a master's side of its workers' streams: who is connected, what each was given, whose slots are
// free, and that leases are renewed.
//
// # A worker's session
//
//	Hello ─→ registered, its lease stored ─→ what it says it holds settled with the store ─→ Welcome ─→ takes runs
//	stream lost    ─→ takes no more; what it has stays its own until its lease runs out, so that it may come back
//	draining       ─→ takes no more; ends by closing the stream, and its lease ends with it
//	lease given up ─→ the session is closed: what the worker had was given on, and it must say hello anew
//	name taken     ─→ the session is closed, here or at another master: the younger worker of a name has it
//	node deleted   ─→ the session is closed: the worker joins again as a new one, idle
//
// A worker that is idle, draining or disabled keeps its session and is given nothing. What administrators say of it stands
// in its row, which any master may have written; Follow puts it in force.
//
// # The lease of a worker
//
//	Ask sent ─→ heard by the worker ─→ its heartbeat arrives ─→ stored: the lease ends one lease later ─→ acknowledged
//
// Each arrow may be the last one. When Ask is not heard there is no heartbeat; when the heartbeat does not arrive or is not
// stored, there is no lease; when the acknowledgement is not heard, the worker trusts the lease before. Two things follow:
//
//   - The worker stops before the database gives up its runs. It counts its lease from when it sent the heartbeat, the
//     database from when that arrived, and the worker only if it knows that it is stored.
//   - The database does not trust the worker for longer than a lease after the worker last heard its master, give or take the
//     way of a message. A heartbeat that came unasked would prove only that the worker is heard, and keep its runs from
//     others as long as the network fails in the other direction alone.
//
// Joining counts as being asked: no Hello comes over a connection on which the worker hears nothing. So does the one
// heartbeat by which a worker says that it drains. A worker of an earlier version does not know Ask and sends heartbeats by
// its own timer; the second rule does not hold for it.
//
// # What is stored when
//
// Outcomes, heartbeats and notes (a run began, lines of its log) are stored off the streams' readers, each kind in batches
// from all workers. Notes of a run are stored before its outcome is handed on, or lost.
//
// A run is on a session's list from the moment it is given until its outcome arrives. One that the worker's heartbeats
// do not list for a whole lease never reached it, and goes back to the queue. So does one that the store says the worker
// has, and that neither it nor its session knows of: another master gave it, on a stream that was no longer there.
//
// Nothing here decides by local time that a worker is dead: only that one is not to be waited for on this stream.
package fleet
