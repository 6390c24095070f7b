// Package bench measures a Carillon from outside: how fast it accepts work, how fast and how punctually its callbacks
// arrive, and what that costs. It is what `carillon bench` runs.
//
// # Method
//
// Everything goes through the public API, one acknowledged creation per request, over kept-alive connections. The
// callbacks go to a sink of the benchmark's own on loopback, a bare net/http server that answers "success" and notes when
// each one arrived first and how often it came again. What a callback belongs to is in its path (/sink/17), and for tasks
// that fire more than once also in the header Carillon-Due, so that the sink reads no body. Every creation that was
// acknowledged is expected at the sink; what is not there after a long silence counts as lost.
//
// The server is one that the benchmark starts on a scratch folder, or one that runs already. A scenario on a server of
// its own begins with an empty database.
//
// Lateness is the instant of arrival less the due instant, both by this machine's clock. Due instants are absolute. A
// server of its own is told by the setting DelayTask_DelayPattern that they are, and delayed tasks are created over the
// form API. A foreign server's settings are left alone, so there delayed tasks are created over the JSON API, which takes
// a due instant.
//
// The due instants lie far enough ahead for all creations to be over. How far is computed from a warm-up, and Options.Lead
// comes on top: by default it is longer than the horizon within which runs are planned, so that creating and planning do
// not mix in the figure for creations.
//
// Before and after each scenario a bare client posts the callbacks' bodies straight to the same sink at the same
// concurrency: an ordinary http.Client in a process of its own, while no server of the benchmark's own runs. Rates depend on
// the machine and on what else it does; their ratio to the mean of these two does so less. When the two differ much, the
// machine was not quiet, and the ratio is as uncertain as they are apart. The CPU time that each post, creation and callback
// took is steadier than any rate.
//
// # What is not measured
//
// The load and the sink share the machine with the server, so the rates are lower than those of a server alone. A network
// between them, the server's own pages, plugin tasks, retries and clusters play no part. Lateness ends at the sink: the
// records that are written of each callback are counted by the server's own metrics a second after the last arrival, and
// not read. Memory after creations holds what they left for the garbage collector too; what the pending tasks themselves
// take is the difference between two restarts. The scratch folder lies where temporary files do (TMPDIR): on a memory file
// system, syncing to disk costs nothing. If the clock is set during a run, the lateness shows it.
package bench
