// Package chaos breaks a cluster of real processes on purpose and finds out whether it kept its promises. It is what
// `make chaos` runs.
//
// # The cluster
//
// Masters, workers and a sink, each a process of its own, on a database server that the harness starts (internal/dbserver)
// and nobody else uses; or on SQLite one `carillon serve` with workers beside it. Each worker reaches each master through a
// proxy of its own, and each master the database through another, so that any of them can be cut off from any other without
// privileges (proxy.go). With -netns, as root, each process has a network namespace of its own in the place of the proxies, and a
// router between them drops what is cut (network.go). Callers and callbacks are never cut.
//
// # The load
//
// Tasks that fire every second to every ten, of every kind (load_kind.go): under each overlap policy and each misfire policy,
// to one worker or to all, some with retries, with a child and a grandchild, some whose target is slow or dead; some of them
// paused, resumed, stopped and started all the while; and delayed tasks at a steady rate.
// Everything goes through the public API of any master, and to another when a call fails. What is acknowledged is noted.
//
// # The faults
//
// The seed deals them from a shuffled deck, so that a run long enough has had each kind (plan.go). They overlap at times,
// but leave one master and one worker unharmed, where there are several: what is promised after one death is not promised
// when nobody is left. The plan follows from the seed alone; what comes of it also depends on the machine.
//
// # The verdict
//
// When the time is over all faults are undone, the load ends, and once every run has its outcome what was asked for, what
// arrived at the sink and what the cluster recorded are held against each other (package verdict).
package chaos
