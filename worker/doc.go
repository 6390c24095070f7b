// Package worker takes runs from a master over one stream, performs them and reports how they ended. It never touches the
// database: what it may do, it learns from the master; what it did, it tells the master and keeps until that is confirmed.
//
// # What a worker holds
//
// A run is held from the moment the worker takes it until the master confirms its outcome. One table, under one mutex,
// keeps every held run in one of these states:
//
//	           take                 begin                    end                  confirm
//	(master) ───────► waiting ───────────────► under way ───────────► ended ───────────────► (forgotten)
//	                     │                        │
//	                     │ drain, lease lost      │ cancel, lease lost, drain deadline, higher token:
//	                     ▼                        ▼ its context is cancelled; it is under way until it returns
//	                (forgotten)                 ended
//
//	move     who makes it                      on condition that
//	take     the receiver, at a Dispatch       a lease is trusted, the worker is not draining, and no equal or higher token is held
//	begin    whoever freed or filled a slot    slots are free, a lease is trusted, and unconfirmed outcomes are within bounds
//	end      the goroutine that performs it    the performer returned, panicked, or exited
//	confirm  the receiver, at a Confirm        run id and token are those held
//
// # What must always hold
//
//  1. At most Slots runs are under way, and of one run id at most one: a run given again with a higher token cancels the
//     older one and begins when that has returned. The older one's outcome is dropped, for its token is stale.
//  2. An outcome is kept until it is confirmed, and sent again on every new stream until then.
//  3. Hello and every heartbeat list exactly what is held, so a master may give away whatever is not listed. A heartbeat
//     that says draining is final: nothing that it does not list will ever be begun.
//  4. Nothing begins unless a lease is trusted, and nothing goes on when less than core.LeaseMargin of it is left.
//  5. A message of an old stream is never handled after the Hello of a new one: the old stream's receiver has ended by
//     then. A Dispatch that was in transit is lost on purpose, since the new master concludes from Hello what is held.
//  6. Memory is bounded: by the slots, by maxWaiting, by the bounds on unconfirmed outcomes, and by the bounds of each
//     run's log.
//
// # The lease
//
// A lease is stored by the master under the database's clock for lease_ms. The worker cannot read that clock, so it trusts
// the lease until the moment it sent the acknowledged Hello or heartbeat plus lease_ms, by its own monotonic clock: the
// lease was stored later than that, so the worker can only stop earlier than it must. When core.LeaseMargin of the trusted
// time is left, masters may soon give the runs to others: what waits is forgotten and what is under way is cancelled with
// ErrLeaseLost.
//
// A lease that the worker no longer trusts must not be renewed either, or nobody would be given its runs. So it sends a
// heartbeat only when its master asks for one, every 3 s: one that hears nothing is soon silent, and its lease in the
// database runs out a lease after it last heard its master, however well it is heard. Two messages are not asked for:
// the heartbeat that says it drains, and Hello, which no connection carries on which nothing comes back. Masters of
// earlier versions do not ask, and get a heartbeat every 3 s.
//
// A stream on which no lease was renewed for three quarters of the time until then is given up and
// another master is tried, so that a master which hangs costs no run.
//
// A run that the worker itself gave up (ErrLeaseLost, ErrStopping) is reported as lost, not as cancelled: nobody withdrew
// it, its occurrence is still owed. The token decides whether that report is still of use to the master.
//
// # What a crash or a cut does
//
//   - The stream is lost: runs go on, outcomes gather. The worker dials the next master at once (within 100 ms), and when all
//     have been tried waits for longer and longer: up to 1 s while runs depend on its lease, up to 5 s after. Its Hello says
//     to whichever master answers what it holds; the streamed log lines and unconfirmed outcomes follow.
//   - Every master is out of reach: the runs are cancelled when the lease runs out. Their outcomes are kept and reported
//     once a master answers, who refuses those that are stale.
//   - The master refuses the worker (token, name, version): the reason is logged with what to do, and the worker goes on
//     trying, since an operator may mend it. What it runs goes on until its lease runs out.
//   - Another worker of its name started later: the same. Nobody else is given what this one runs before its lease ends.
//   - An administrator deleted the worker: it joins again as idle, and is given nothing until it is enabled.
//   - The worker dies: its incarnation's lease runs out and the masters recover what it held. The next start has a new
//     incarnation and holds nothing.
//   - The performer panics: the run fails, its log holds the stack, the worker goes on.
//
// # Goroutines
//
// One loop dials and serves one stream after another; a stream has a receiver and a sender, and only the sender sends.
// Each run under way has one goroutine. Timers belong to the stream and the lease, never to a run. No lock is held
// while something is sent or performed.
package worker
