// Package fleet keeps a master's side of its workers' streams: who is connected, what each was given, whose slots are
// free, and that leases are renewed.
//
// # A worker's session
//
//	Hello ─→ registered, its lease stored ─→ what it says it holds settled with the store ─→ Welcome ─→ takes runs
//	stream lost    ─→ takes no more; what it has stays its own until its lease runs out, so that it may come back
//	draining       ─→ takes no more; ends by closing the stream, and its lease ends with it
//	lease given up ─→ the session is closed: what the worker had was given on, and it must say hello anew
//
// A run is on a session's list from the moment it is given until its outcome arrives. One that the worker's heartbeats
// do not list for a whole lease never reached it, and goes back to the queue.
//
// Nothing here decides by local time that a worker is dead: only that one is not to be waited for on this stream.
package fleet
