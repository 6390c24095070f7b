package verdict

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

func TestPoliciesThatAreKept(t *testing.T) {
	t.Parallel()
	require.Empty(t, broken(t, policied()))
	f := Judge(policied(), Bounds{}).Figures
	require.Equal(t, []int{12, 9, 5, 3, 6}, []int{f.Spread, f.Waited, f.Replaced, f.MadeUp, f.Missed})
}

// undeliver takes a run's requests away.
func undeliver(e *evidence.Evidence, id string) {
	e.Arrivals = slices.DeleteFunc(e.Arrivals, of(id))
}

// each changes all runs of a firing.
func each(e *evidence.Evidence, firing string, change func(*evidence.Run)) {
	for i := range e.Runs {
		if strings.HasPrefix(e.Runs[i].ID, firing+"-") {
			change(&e.Runs[i])
		}
	}
}

// move has a run be in force, and its request arrive, at another time.
func move(e *evidence.Evidence, id string, by time.Duration) {
	r, a := run(e, id), arrival(e, id)
	r.DispatchedAt, r.RecordedAt = r.DispatchedAt.Add(by), r.RecordedAt.Add(by)
	a.At, a.Ended = a.At.Add(by), a.Ended.Add(by)
}

// childless drops the child of a run.
func childless(e *evidence.Evidence, id string) { drop(e, "c-"+id) }

func policyBreaches() map[string]spoilt {
	return map[string]spoilt{
		// What waits.
		"queued firings that pass each other": {func(e *evidence.Evidence) {
			a, b := run(e, "queue@10"), run(e, "queue@20")
			x, y := arrival(e, "queue@10"), arrival(e, "queue@20")
			a.DispatchedAt, a.RecordedAt, b.DispatchedAt, b.RecordedAt = b.DispatchedAt, b.RecordedAt, a.DispatchedAt, a.RecordedAt
			x.At, x.Ended, y.At, y.Ended = y.At.Add(3*ms), y.Ended, x.At, x.Ended
			b.DispatchedAt, y.At = at(20.001), at(20.003)
			run(e, "queue@5").RecordedAt, arrival(e, "queue@5").Ended = at(17), at(16.9)
		}, []Rule{OutOfOrder}},
		"a firing that waits comes before the other has ended": {func(e *evidence.Evidence) {
			run(e, "queue@10").DispatchedAt, arrival(e, "queue@10").At = at(16), at(16.6)
			arrival(e, "queue@5").Ended = at(16.5)
		}, []Rule{Overlap}},
		"a firing is turned away though there is room": {func(e *evidence.Evidence) {
			end(run(e, "queue@55"), core.RunConflict, at(55.01))
		}, []Rule{WrongEnd}},
		"a firing that waits is forgotten for a while": {func(e *evidence.Evidence) {
			move(e, "queue@45", 9*time.Second)
		}, []Rule{Late}},

		// What is replaced.
		"a firing and the one that takes its place at once": {func(e *evidence.Evidence) {
			arrival(e, "replace@10").Ended, run(e, "replace@10").RecordedAt = at(20.9), at(20.9)
		}, []Rule{Overlap}},
		"a firing that is not ended for the next": {func(e *evidence.Evidence) {
			arrival(e, "replace@10").Ended, run(e, "replace@10").RecordedAt = at(29), at(29)
			run(e, "replace@10").State, run(e, "replace@10").Reason = string(core.RunSucceeded), ""
			move(e, "replace@20", 9*time.Second)
			run(e, "replace@20").RecordedAt, arrival(e, "replace@20").Ended = at(30.1), at(30.09)
		}, []Rule{Late}},
		"ended for nothing": {func(e *evidence.Evidence) { run(e, "replace@10").Reason = "cancelled" }, []Rule{WrongEnd}},
		"ended for an earlier one": {func(e *evidence.Evidence) {
			run(e, "replace@50").Reason = "run replace@20 of the task took its place"
		}, []Rule{WrongEnd}},
		"ended for one that is not there": {func(e *evidence.Evidence) {
			run(e, "replace@50").Reason = "run x of the task took its place"
		}, []Rule{WrongEnd}},
		"skipped for nothing":                   {func(e *evidence.Evidence) { run(e, "replace@40").Reason = "" }, []Rule{WrongEnd}},
		"turned away where the next is to come": {func(e *evidence.Evidence) { run(e, "replace@40").State = string(core.RunConflict) }, []Rule{WrongEnd}},
		"a firing that was cancelled before it was sent arrives": {func(e *evidence.Evidence) {
			run(e, "replace@10").DispatchedAt = time.Time{}
		}, []Rule{Denied}},

		// What goes to several workers.
		"a part is missing": {func(e *evidence.Evidence) {
			drop(e, "sharded@20-001")
		}, []Rule{NotWhole, FiringUnasked}},
		"a part is there twice": {func(e *evidence.Evidence) {
			r := *run(e, "sharded@20-001")
			r.ID, r.Occurrence, r.RecordedAt = "sharded@20-00x", "sharded@20-00x", time.Time{}
			deliver(e, &r, 6*ms, 2*time.Second)
		}, []Rule{NotWhole}},
		"parts of different wholes": {func(e *evidence.Evidence) {
			run(e, "sharded@20-001").Shards, arrival(e, "sharded@20-001").Shards = 3, 3
		}, []Rule{NotWhole}},
		"a part under another's number": {func(e *evidence.Evidence) {
			arrival(e, "sharded@20-001").Shard = 2
		}, []Rule{WrongKey}},
		"too few parts": {func(e *evidence.Evidence) {
			drop(e, "sharded@20-003")
			bear(e, run(e, "sharded@20-002"))
			each(e, "sharded@20", func(r *evidence.Run) { r.Shards, arrival(e, r.ID).Shards = 3, 3 })
		}, []Rule{NotWhole}},
		"a broadcast that leaves a worker out": {func(e *evidence.Evidence) {
			drop(e, "broadcast@20-003")
			bear(e, run(e, "broadcast@20-002"))
			each(e, "broadcast@20", func(r *evidence.Run) { r.Shards, arrival(e, r.ID).Shards = 3, 3 })
		}, []Rule{NotWhole}},
		"a broadcast that counts a worker which is gone": {func(e *evidence.Evidence) {
			run(e, "broadcast@60-002").Queue, run(e, "broadcast@60-002").Worker = "node:w4", "w4"
		}, []Rule{NotWhole}},
		"a broadcast that is sent before its workers are known": {func(e *evidence.Evidence) {
			drop(e, "broadcast@60-001")
			drop(e, "broadcast@60-002")
			bear(e, run(e, "broadcast@60-000"))
			each(e, "broadcast@60", func(r *evidence.Run) { r.Shards, arrival(e, r.ID).Shards = 0, 0 })
		}, []Rule{NotWhole}},
		"a broadcast that another worker does": {func(e *evidence.Evidence) {
			run(e, "broadcast@20-001").Worker = "w3"
		}, []Rule{Displaced}},
		"a broadcast that goes to another worker when its own died": {func(e *evidence.Evidence) {
			e.Tasks[3].Spread = core.RouteBroadcast
		}, []Rule{Displaced}},
		"a broadcast given up though its worker is there": {func(e *evidence.Evidence) {
			childless(e, "broadcast@20-003")
			end(run(e, "broadcast@20-001"), core.RunCancelled, at(30.5))
			run(e, "broadcast@20-001").Reason = "worker w2 was gone before it began"
			undeliver(e, "broadcast@20-001")
		}, []Rule{WrongEnd}},
		"two firings in parts at once": {func(e *evidence.Evidence) {
			run(e, "sharded@10-002").RecordedAt, arrival(e, "sharded@10-002").Ended = at(21), at(20.99)
		}, []Rule{Overlap}},
		"a firing between the parts of another": {func(e *evidence.Evidence) {
			for n, late := range []float64{0, 0, 0, 14} {
				move(e, "sharded@10-00"+string(rune('0'+n)), time.Duration(late)*time.Second)
			}
			childless(e, "sharded@10-003")
			bear(e, run(e, "sharded@10-003"))
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Freeze, Node: "w4", Began: at(14), Ended: at(24)})
		}, []Rule{Overlap, Late}},
		"a firing in parts without its child": {func(e *evidence.Evidence) { childless(e, "sharded@20-003") }, []Rule{FiringLost}},
		"a child for each part":               {func(e *evidence.Evidence) { bear(e, run(e, "sharded@20-001")) }, []Rule{FiringDoubled}},
		"a child of a firing that is not complete": {func(e *evidence.Evidence) {
			bear(e, run(e, "broadcast@40-001"))
		}, []Rule{FiringUnasked}},

		// What is too late.
		"more is made up for than the task says": {func(e *evidence.Evidence) {
			r := run(e, "fire_once@66")
			r.LastDue, r.Count = r.Due, 1
			late := first("fire_once", at(68))
			late.FireAt = at(77.01)
			deliver(e, late, 9020*ms, ms)
		}, []Rule{MadeUp}},
		"something is made up for that is not to be": {func(e *evidence.Evidence) {
			e.Tasks[slices.IndexFunc(e.Tasks, func(t evidence.Task) bool { return t.ID == "fire_once" })].Misfire = core.MisfireSkip
		}, []Rule{MadeUp}},
		"nothing is made up for": {func(e *evidence.Evidence) {
			e.Tasks[slices.IndexFunc(e.Tasks, func(t evidence.Task) bool { return t.ID == "skip" })].Misfire = core.MisfireFireOnce
		}, []Rule{MadeUp}},
		"made up for though in time": {func(e *evidence.Evidence) { run(e, "fire_once@74").FireAt = at(77.01) }, []Rule{MadeUp}},
		"sent though too late": {func(e *evidence.Evidence) {
			run(e, "fire_once@70").FireAt = at(70)
			move(e, "fire_once@70", 2*time.Second)
		}, []Rule{MadeUp}},
		"missed with nothing in the way": {func(e *evidence.Evidence) {
			drop(e, "skip@82")
			r := first("skip", at(82))
			end(r, core.RunMissed, at(88.01))
			e.Runs = append(e.Runs, *r)
			e.Faults[1].Ended = at(66)
			for _, id := range []string{"skip@66", "fire_once@66", "catch_up@66", "fire_once@70", "catch_up@68", "catch_up@70"} {
				drop(e, id)
			}
			e.Tasks = slices.DeleteFunc(e.Tasks, func(t evidence.Task) bool { return t.MisfireAfter > 0 && t.ID != "skip" })
			e.Tasks[len(e.Tasks)-1].Moves = moves(76.5, 85)
			e.Runs = slices.DeleteFunc(e.Runs, func(r evidence.Run) bool { return r.Task == "skip" && r.Due.Before(at(77)) })
			e.Arrivals = slices.DeleteFunc(e.Arrivals, func(a evidence.Arrival) bool { return a.Task == "skip" && a.Due.Before(at(77)) })
		}, []Rule{WrongEnd}},

		// What is tried again.
		"a task's retry is missing": {func(e *evidence.Evidence) {
			e.Runs = slices.DeleteFunc(e.Runs, func(r evidence.Run) bool {
				return r.ID == "flaky@40.2" || r.Parent == "flaky@40.2"
			})
			undeliver(e, "flaky@40.2")
			undeliver(e, "c-flaky@40.2")
		}, []Rule{FiringLost}},
		"a retry beyond the last": {func(e *evidence.Evidence) { run(e, "flaky@40.2").Retry = 3 }, []Rule{FiringDoubled}},
	}
}

// What the policies allow is no breach.
func TestWhatPoliciesAllowIsNoBreach(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*evidence.Evidence){
		"a broadcast waits for its worker, which is stopped cleanly": func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Stop, Node: "w2", Began: at(19), Ended: at(25)})
			childless(e, "broadcast@20-003")
			move(e, "broadcast@20-001", 6*time.Second)
			bear(e, run(e, "broadcast@20-001"))
		},
		"a broadcast is given up for a worker that is stopped cleanly": func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Stop, Node: "w2", Began: at(19), Ended: at(31)})
			childless(e, "broadcast@20-003")
			end(run(e, "broadcast@20-001"), core.RunCancelled, at(30.5))
			run(e, "broadcast@20-001").Reason = "worker w2 was gone before it began"
			undeliver(e, "broadcast@20-001")
		},
		"a broadcast may leave out a worker that was cut off shortly before": func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Cut, Node: "w4", Began: at(5), Ended: at(9)})
			drop(e, "broadcast@20-003")
			bear(e, run(e, "broadcast@20-002"))
			each(e, "broadcast@20", func(r *evidence.Run) { r.Shards, arrival(e, r.ID).Shards = 3, 3 })
		},
		"a firing finds no worker and is withdrawn": func(e *evidence.Evidence) {
			r := shard("sharded", at(70), 0, 0, "")
			end(r, core.RunCancelled, at(61.01))
			e.Runs = append(e.Runs, *r)
		},
		"a part that was on its way to a worker is turned away later than the others": func(e *evidence.Evidence) {
			run(e, "sharded@40-002").RecordedAt = at(44)
		},
		"a firing whose worker is dead is replaced": func(e *evidence.Evidence) {
			run(e, "replace@30").Reason += "; the worker went away without an outcome"
		},
		"what was lost is done again in its old place, before those that wait": func(e *evidence.Evidence) {
			e.Faults[0] = evidence.Fault{ID: 1, Kind: evidence.Kill, Node: "w2", Began: at(8), Ended: at(60)}
			for i := range e.Runs {
				if e.Runs[i].Worker == "w4" {
					e.Runs[i].Worker = "w2"
				}
			}
			e.Tasks = slices.DeleteFunc(e.Tasks, func(t evidence.Task) bool { return t.ID == "broadcast" || t.ID == "sharded" })
			gone := func(task string) bool { return task == "broadcast" || task == "sharded" || task == "child" }
			e.Runs = slices.DeleteFunc(e.Runs, func(r evidence.Run) bool { return gone(r.Task) })
			e.Arrivals = slices.DeleteFunc(e.Arrivals, func(a evidence.Arrival) bool { return gone(a.Task) })
			for i := range e.Tasks {
				e.Tasks[i].Child = ""
			}
			first, again := run(e, "queue@5"), *run(e, "queue@5")
			first.State, first.RecordedAt = string(core.RunLost), at(9)
			arrival(e, "queue@5").Ended, arrival(e, "queue@5").GivenUp = at(8.1), true
			again.ID, again.Attempt, again.Trigger, again.FireAt, again.DispatchedAt = "queue@5.2", 2, string(core.TriggerRetry), at(9), at(9.1)
			again.RecordedAt, again.Worker = at(17.007), "w1"
			e.Runs = append(e.Runs, again)
			a := *arrival(e, "queue@5")
			a.At, a.Ended, a.GivenUp, a.Run, a.Attempt = at(9.11), at(17), false, again.ID, 2
			e.Arrivals = append(e.Arrivals, a)
		},
		"missed for a later firing that was withdrawn afterwards": func(e *evidence.Evidence) {
			end(run(e, "fire_once@70"), core.RunCancelled, at(77.05))
			undeliver(e, "fire_once@70")
			e.Tasks[slices.IndexFunc(e.Tasks, func(t evidence.Task) bool { return t.ID == "fire_once" })].Moves = moves(60.5, 77.03)
			for _, id := range []string{"fire_once@78", "fire_once@80", "fire_once@82", "fire_once@84"} {
				drop(e, id)
			}
		},
		"dispatched late by a master that stood still after it had judged": func(e *evidence.Evidence) {
			e.Faults = append(e.Faults, evidence.Fault{Kind: evidence.Freeze, Node: "m1", Began: at(73), Ended: at(83.5)})
			move(e, "skip@76", 7*time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := policied()
			bend(e)
			require.Empty(t, broken(t, e))
		})
	}
}
