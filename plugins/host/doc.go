// Package host runs plugins on a worker: it fetches and keeps their packages, starts their processes, has them perform
// runs, and sees to it that nothing of a process outlives its end, whatever the plugin does and however the worker dies.
//
// # A package
//
// A package is known by its digest. It moves from left to right, and one call at a time moves it, for which the others
// wait:
//
//	           fetch                    install                  first process
//	missing ───────────► cached (a file) ───────► installed ───────────────► in use
//	   ▲                   │  ▲                      │  ▲                       │
//	   └───────────────────┘  └──────────────────────┘  └───────────────────────┘
//	     digest is wrong,       an executable is not        the last run and the
//	     evicted                what it was, evicted        last process are gone
//
//	move     on condition that
//	fetch    every piece came, and the file has the digest; it goes on at the piece where it was interrupted
//	install  the file has the digest still and keeps all rules of package pack, with a trusted signature if Keys are set
//
// Installed files do not outlive the worker: each start of it installs anew what it uses, out of the file, which verifies the
// whole package. The executable is verified once more before every start of a process.
//
// # A process
//
//	           start                       Describe                   retire                     stop
//	(nothing) ───────► starting ──────────────────────────► warm ───────────────► retired ───────────────► ending
//	                       │ no handshake in time,            │ │                    │                        │
//	                       │ exits, wrong tasks               │ └────────────────────┤ crash, kill            │ exits, or is
//	                       └──────────────────────────────────┴──────────────────────┴─────────► ending ──────┴───► gone
//
//	move     who makes it                          why
//	start    a run for which no process has room   there are fewer than MaxProcesses; else an idle one is retired for it
//	retire   the pool                              it was idle for IdleTime, had MaxRuns, uses most of what it may of memory
//	                                               or CPU time, is isolated and had its run, is idle where another is to
//	                                               start, the host closes
//	stop     the pool, at the last run's end       it is retired: it is asked to exit, and has the grace to tear its tasks down
//	crash    the process                           it exited, or broke its connection
//	kill     a run, the supervisor, the pool       the run did not end in its grace; a limit was exceeded; it did not exit in
//	                                               its grace
//
// # A run
//
// A run joins a process before that has started, and leaves it when it has ended. It is under way from Start until one
// of these, of which the first counts:
//
//	the plugin sends Result          succeeded or failed by it; after a cancel succeeded or cancelled, timed out after a timeout
//	the plugin ends the call         failed: it has no result
//	the process is gone              failed, with how it exited and its last words, where it was its own doing or a limit's;
//	                                 cancelled or timed out for the run whose grace was over; lost for all others that were
//	                                 in the process that was killed for it, since nothing is known against them
//	the connection breaks            as when the process is gone, which follows, for it is killed if need be
//
// Cancel (by the context) and Timeout ask the plugin to end the run, once, with a grace. When that is over, the process is
// killed, because nothing less ends a handler that does not listen.
//
// # What must always hold
//
//  1. A run has ended only when its handler has returned or its process is gone. No run goes on after Perform returned.
//  2. A process is gone only when the plugin and all that descends from it have ended. No directory of it is left then.
//  3. A run has exactly one process, and a process never more runs than its package's concurrency.
//  4. An executable runs only out of a package whose digest the master named, with a valid signature if Keys are set.
//  5. A plugin inherits nothing: its environment is made of environment.go's list, its descriptors are three.
//  6. The cache removes nothing that is in use.
//
// # Who ends what
//
// On Linux a process is started by a supervisor (package supervise), which is the parent of all that lose theirs.
//
//   - The worker dies: its supervisors notice by a pipe and by a signal, and end their trees.
//   - A supervisor dies: the plugin has the kernel kill it; the worker looks for its descendants by a variable in their
//     environment.
//   - Both die at once: the next host in the directory looks for such processes, and removes what they left, before it
//     starts anything.
//
// A plugin that removes the variable from the environment of its children, and kills its supervisor, which Options.User
// forbids it, can leave some of them behind.
//
// On other systems there is no supervisor, and New refuses unless Options.Unsupervised says that one's own plugin is tried.
// Then it is the host's own child, and is killed with its process group, as far as the system has such. Who kills the host
// leaves it behind, Limits have no effect, User is refused, and a descendant that leaves the group is not found.
package host
