package verdict

import (
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// policied is the evidence of a run in which all went as it must, of tasks with each policy. Worker w4 is killed at 31 s and
// back at 60 s; the database is away from 64.5 s to 77 s.
func policied() *evidence.Evidence {
	e := &evidence.Evidence{
		Database: "postgres", Seed: 1, Masters: 3, Workers: 4, Began: noon, Calmed: at(90), Ended: at(120), Settled: true, Lease: core.Lease,
		Faults: []evidence.Fault{
			{ID: 1, Kind: evidence.Kill, Node: "w4", Text: "w4 killed", Began: at(31), Ended: at(60)},
			{ID: 2, Kind: evidence.Restart, Node: evidence.Database, Text: "the database is away", Began: at(64.5), Ended: at(77), Whole: true},
		},
		Tasks: []evidence.Task{
			{ID: "queue", Path: "/slow/12000", Every: 5, Overlap: core.OverlapQueue, Waiting: 1, Moves: moves(0.5, 61)},
			{ID: "replace", Path: "/slow/15000", Every: 10, Overlap: core.OverlapReplace, Moves: moves(0.5, 61)},
			{ID: "broadcast", Path: "/slow/100", Every: 10, Overlap: core.OverlapForbid, Spread: core.RouteBroadcast, Child: "child", Moves: moves(0.5, 61)},
			{ID: "sharded", Path: "/slow/2000", Every: 10, Overlap: core.OverlapForbid, Spread: core.RouteSharded, Child: "child", Moves: moves(0.5, 61)},
			{ID: "flaky", Path: "/flaky", Every: 20, Overlap: core.OverlapAllow, Retries: 2, Child: "child", Moves: moves(0.5, 61)},
			{ID: "child", Path: "/ok", Overlap: core.OverlapAllow},
		},
	}
	for _, misfire := range []core.Misfire{core.MisfireSkip, core.MisfireFireOnce, core.MisfireCatchUp} {
		e.Tasks = append(e.Tasks, evidence.Task{ID: string(misfire), Path: "/ok", Every: 2, Overlap: core.OverlapAllow, Misfire: misfire,
			MisfireAfter: 6 * time.Second, Moves: moves(60.5, 85)})
	}
	e.Tasks[len(e.Tasks)-1].CatchUp = 2
	for i := range e.Tasks {
		e.Tasks[i].Title = e.Tasks[i].ID
		e.KnownTasks = append(e.KnownTasks, evidence.KnownTask{ID: e.Tasks[i].ID})
	}
	queue(e)
	replace(e)
	for second := 10.0; second <= 60; second += 10 {
		broadcast(e, second)
		sharded(e, second)
	}
	for second := 20.0; second <= 60; second += 20 {
		r := first("flaky", at(second))
		r.State = string(core.RunFailed)
		deliver(e, r, 5*ms, ms)
		r = again(r, core.RunSucceeded)
		r.Retry, r.Due = 1, at(second+1)
		deliver(e, r, 5*ms, ms)
		bear(e, r)
	}
	misfire(e, "skip", 66, 68, 70)
	misfire(e, "fire_once", 66, 68)
	misfire(e, "catch_up", 66)
	return e
}

// queue has a firing every 5 s that takes 12 s: the next waits, and those that come while it does are turned away.
func queue(e *evidence.Evidence) {
	busy, waits := at(0), (*evidence.Run)(nil)
	begin := func(r *evidence.Run, after time.Duration) {
		r.DispatchedAt = r.Due.Add(after)
		deliver(e, r, after+2*ms, 12*time.Second)
		busy = e.Runs[len(e.Runs)-1].RecordedAt
	}
	for second := 5.0; second <= 60; second += 5 {
		r := first("queue", at(second))
		if waits != nil && busy.Before(r.Due) {
			waits.FireAt = busy.Add(10 * ms)
			begin(waits, busy.Add(20*ms).Sub(waits.Due))
			waits = nil
		}
		switch {
		case busy.Before(r.Due):
			begin(r, 0)
		case waits == nil:
			waits = r
		default:
			end(r, core.RunConflict, r.Due.Add(3*ms))
			e.Runs = append(e.Runs, *r)
		}
	}
	end(waits, core.RunCancelled, at(61.01)) // with its task
	e.Runs = append(e.Runs, *waits)
}

// replace has a firing every 10 s that takes 15 s, each but the last ended by the next. That of 40 s is still waiting when that of
// 50 s comes, for the worker of the one before it is dead.
func replace(e *evidence.Evidence) {
	for second := 10.0; second <= 60; second += 10 {
		r := first("replace", at(second))
		next := fmt.Sprintf("run replace@%d of the task took its place", int(second)+10)
		after, busy := 200*ms, 9900*ms
		switch second {
		case 30:
			r.Worker, busy = "w4", 11*time.Second
		case 40:
			r.Reason = next + " before it began"
			end(r, core.RunSkipped, at(50))
			e.Runs = append(e.Runs, *r)
			continue
		case 60:
			busy, next = 15*time.Second, ""
		}
		r.FireAt, r.Reason = r.Due.Add(after-20*ms), next
		if r.State = string(core.RunCancelled); next == "" {
			r.State = string(core.RunSucceeded)
		}
		deliver(e, r, after, busy)
		e.Arrivals[len(e.Arrivals)-1].GivenUp = next != ""
	}
}

// broadcast adds a firing to all workers. That of 40 s is given up for w4, and those after it leave it out.
func broadcast(e *evidence.Evidence, second float64) {
	workers := []string{"w1", "w2", "w3", "w4"}
	if second > 40 {
		workers = workers[:3]
	}
	var last *evidence.Run
	for i, w := range workers {
		r := shard("broadcast", at(second), i, len(workers), w)
		if second == 40 && w == "w4" {
			r.Reason = "worker w4 was gone before it began, and a broadcast goes to no other in its place"
			end(r, core.RunCancelled, at(50.5))
			e.Runs = append(e.Runs, *r)
			return
		}
		deliver(e, r, 5*ms, 100*ms)
		last = r
	}
	bear(e, last)
}

// sharded adds a firing in parts. Of that of 30 s w4 dies with its part, which w2 does again; that of 40 s is turned away by it.
func sharded(e *evidence.Evidence, second float64) {
	workers := []string{"w1", "w2", "w3", "w4"}
	if second > 40 {
		workers = []string{"w1", "w2", "w3"}
	}
	var last *evidence.Run
	for i, w := range workers {
		r := shard("sharded", at(second), i, len(workers), w)
		switch {
		case second == 40:
			end(r, core.RunConflict, r.Due.Add(3*ms))
			e.Runs = append(e.Runs, *r)
			continue
		case second == 30 && w == "w4":
			deliver(e, r, 5*ms, 995*ms)
			gone, came := &e.Runs[len(e.Runs)-1], &e.Arrivals[len(e.Arrivals)-1]
			gone.State, gone.RecordedAt, came.GivenUp = string(core.RunLost), at(41.5), true
			r = again(r, core.RunSucceeded)
			r.Queue, r.FireAt = "node:w2", at(41.5)
			deliver(e, r, 11600*ms, 2*time.Second)
		default:
			deliver(e, r, 5*ms, 2*time.Second)
		}
		last = r
	}
	if last != nil {
		bear(e, last)
	}
}

// shard is a run of a firing that goes to several workers.
func shard(task string, due time.Time, n, total int, worker string) *evidence.Run {
	r := first(task, due)
	r.ID = fmt.Sprintf("%s-%03x", r.ID, n)
	r.Occurrence, r.Shard, r.Shards, r.Worker, r.Queue = r.ID, n, total, worker, "node:"+worker
	return r
}

// bear adds the child of a run.
func bear(e *evidence.Evidence, r *evidence.Run) {
	child := evidence.Run{ID: "c-" + r.ID, Task: "child", Occurrence: "c-" + r.ID, Parent: r.ID, Trigger: string(core.TriggerParent), Attempt: 1,
		State: string(core.RunSucceeded), Due: r.RecordedAt, Worker: "w2", Count: 1}
	deliver(e, &child, 5*ms, ms)
}

// misfire adds the firings of a task with a misfire policy, every 2 s. Those from 66 s to 70 s are too late when the database is
// back: some are missed, the others made up for.
func misfire(e *evidence.Evidence, task string, missed ...float64) {
	for second := 62.0; second <= 84; second += 2 {
		r := first(task, at(second))
		switch {
		case second <= missed[len(missed)-1] && second > 64:
			continue
		case second <= 70 && second > 64:
			r.FireAt = at(77.01)
			deliver(e, r, 77020*ms-time.Duration(second)*time.Second, ms)
		case second <= 76 && second > 64:
			deliver(e, r, 77030*ms-time.Duration(second)*time.Second, ms)
		default:
			deliver(e, r, 5*ms, ms)
		}
	}
	r := first(task, at(missed[0]))
	r.Count, r.LastDue = len(missed), at(missed[len(missed)-1])
	end(r, core.RunMissed, at(77.01))
	e.Runs = append(e.Runs, *r)
}
