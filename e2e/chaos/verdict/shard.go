package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// firingOf names the firing that a run is of: its occurrence, or that of the first shard of a firing to several workers.
func (j *judge) firingOf(r *evidence.Run) string {
	if t := j.tasks[r.Task]; t == nil || t.Spread == "" {
		return r.Occurrence
	}
	return core.ShardID(r.Occurrence, 0)
}

// firings are the runs of a task by the firing that they are of.
func (j *judge) firings(t *evidence.Task) map[string][]*evidence.Run {
	by := map[string][]*evidence.Run{}
	for _, r := range j.byTask[t.ID] {
		by[j.firingOf(r)] = append(by[j.firingOf(r)], r)
	}
	return by
}

// spreads checks the firings that go to several workers: each is whole, and a broadcast is on each worker that was there when
// it was planned, done by that one alone.
func (j *judge) spreads() {
	for _, t := range j.tasks {
		if t.Spread == "" {
			continue
		}
		for id, runs := range j.firings(t) {
			j.v.Figures.Spread++
			if problem := whole(id, runs); problem != "" {
				j.breach(NotWhole, 0, "firing %s of task %s (%s), due %s: %s", id, t.ID, t.Title, stamp(runs[0].Due), problem)
				continue
			}
			j.everywhere(t, id, runs)
			for _, r := range runs {
				j.inPlace(t, r)
			}
		}
	}
}

// whole says what is wrong with the shards of a firing: each number must be there, as one occurrence. A firing that found no
// worker is one run until there is one, and may end so, but is not sent.
func whole(id string, runs []*evidence.Run) string {
	total := runs[0].Shards
	seen := map[int]string{} // the occurrence of each shard
	for _, r := range runs {
		switch known := seen[r.Shard]; {
		case r.Shards != total:
			return fmt.Sprintf("%s is one of %d and %s one of %d", describe(runs[0]), total, describe(r), r.Shards)
		case r.Shards == 0 && sent(r):
			return "it went to a worker before it was one of several: " + describe(r)
		case r.Shards > 0 && (r.Shard < 0 || r.Shard >= total || r.Occurrence != core.ShardID(id, r.Shard)):
			return fmt.Sprintf("%s counts as shard %d of %d", describe(r), r.Shard, r.Shards)
		case known != "" && known != r.Occurrence:
			return fmt.Sprintf("shard %d is there as %s and as %s", r.Shard, known, r.Occurrence)
		}
		seen[r.Shard] = r.Occurrence
	}
	if n := max(total, 1); len(seen) != n {
		return fmt.Sprintf("%d of its %d runs are there", len(seen), n)
	}
	return ""
}

// everywhere holds the workers that a firing went to against those that surely were there when it was planned, and those that
// surely were not. A part of one that is sharded may have moved since, so of these only the number counts.
func (j *judge) everywhere(t *evidence.Task, id string, runs []*evidence.Run) {
	if runs[0].Shards == 0 {
		return
	}
	to := map[string]bool{}
	for _, r := range runs {
		if name, ok := core.NodeOfQueue(r.Queue); ok {
			to[name] = true
		}
	}
	first := slices.MinFunc(runs, func(a, b *evidence.Run) int { return a.PlannedAt.Compare(b.PlannedAt) }) // others are done again
	planned, there, gone := first.PlannedAt, 0, 0
	for _, w := range j.workers() {
		switch {
		case j.surelyThere(w, planned):
			if there++; t.Spread == core.RouteBroadcast && !to[w] {
				j.breach(NotWhole, 0, "firing %s of task %s (%s), planned at %s: it left worker %s out", id, t.ID, t.Title, stamp(planned), w)
			}
		case j.surelyGone(w, planned):
			if gone++; t.Spread == core.RouteBroadcast && to[w] {
				j.breach(NotWhole, 0, "firing %s of task %s (%s), planned at %s: worker %s, which it counts, was gone", id, t.ID, t.Title, stamp(planned), w)
			}
		}
	}
	n, all := runs[0].Shards, len(j.workers())
	if t.Spread == core.RouteBroadcast && len(to) != n {
		j.breach(NotWhole, 0, "firing %s of task %s (%s): %d runs went to %d workers", id, t.ID, t.Title, n, len(to))
	}
	if n < there || n > all-gone {
		j.breach(NotWhole, 0, "firing %s of task %s (%s), planned at %s: it has %d parts, and from %d to %d workers were there", id, t.ID, t.Title,
			stamp(planned), n, there, all-gone)
	}
}

// workers names all workers. On SQLite the master is one, too.
func (j *judge) workers() []string {
	var all []string
	for n := range j.e.Workers {
		all = append(all, fmt.Sprintf("w%d", n+1))
	}
	if j.e.Database == "sqlite" {
		all = append(all, "m1")
	}
	return all
}

// lookWithin is how long a master may take to see that a worker came.
const lookWithin = 2 * time.Second

// surelyThere says whether a worker took runs at an instant, and every master knew: nothing was wrong with it, with a master
// or with the database, nor had been for long.
func (j *judge) surelyThere(worker string, at time.Time) bool {
	if at.Before(j.e.Began.Add(lookWithin)) {
		return false
	}
	return !slices.ContainsFunc(j.faults, func(f *evidence.Fault) bool {
		return (f.Node == worker || !j.isWorker(f.Node)) && !f.Began.After(at) && !j.over(f).Before(at)
	})
}

// surelyGone says whether a worker had been away for longer than its lease at an instant, or had said that it goes, and every
// master knew.
func (j *judge) surelyGone(worker string, at time.Time) bool {
	away := false
	for _, f := range j.faults {
		switch {
		case f.Node == worker && (f.Kind == evidence.Kill || f.Kind == evidence.Freeze):
			away = away || at.After(f.Began.Add(j.e.Lease+j.b.Margin)) && at.Before(f.Ended.Add(-lookWithin))
		case f.Node == worker && f.Kind == evidence.Stop:
			away = away || at.After(f.Began.Add(j.b.Margin)) && at.Before(f.Ended.Add(-lookWithin))
		case !j.isWorker(f.Node) && !f.Began.After(at) && !j.over(f).Before(at):
			return false // what masters know may be old
		}
	}
	return away
}

// inPlace finds a run that another worker did than the one that it waits for; a broadcast stays with its worker for good.
func (j *judge) inPlace(t *evidence.Task, r *evidence.Run) {
	name, pinned := core.NodeOfQueue(r.Queue)
	if pinned && given(r) && r.Worker != name {
		j.breach(Displaced, 0, "%s waited for worker %s", describe(r), name)
	}
	if before := j.before(r); before != nil && t.Spread == core.RouteBroadcast && before.Queue != r.Queue {
		j.breach(Displaced, 0, "%s went to %s, and the attempt before it to %s", describe(r), r.Queue, before.Queue)
	}
}

// complete gives a run by which a firing is complete, with every part done; nil when it is not. Of several runs it is any.
func complete(runs []*evidence.Run) *evidence.Run {
	done := map[int]bool{}
	var last *evidence.Run
	for _, r := range runs {
		if r.State == string(core.RunSucceeded) {
			done[r.Shard], last = true, r
		}
	}
	if len(done) == 0 || len(done) < runs[0].Shards {
		return nil
	}
	return last
}

// abandoned says whether a run was a broadcast to a worker that was not there to take it, which is given up then.
func (j *judge) abandoned(r *evidence.Run) bool {
	t := j.tasks[r.Task]
	name, _ := core.NodeOfQueue(r.Queue)
	return t != nil && t.Spread == core.RouteBroadcast && strings.Contains(r.Reason, "was gone before it began") &&
		slices.ContainsFunc(j.faults, func(f *evidence.Fault) bool {
			mayBe := f.Node == name || !j.isWorker(f.Node) && f.Kind != evidence.Stop
			return mayBe && !f.Began.After(r.RecordedAt) && !j.over(f).Before(r.Due.Add(-core.PlanHorizon))
		})
}

// ofWorker are the times in which a broadcast may wait for its worker, which may be stopped cleanly as well.
func (j *judge) ofWorker(r *evidence.Run) []hold {
	t := j.tasks[r.Task]
	if t == nil || t.Spread != core.RouteBroadcast {
		return nil
	}
	name, _ := core.NodeOfQueue(r.Queue)
	var all []hold
	for _, f := range j.faults {
		if f.Node == name {
			all = append(all, hold{from: f.Began, until: j.over(f), fault: f})
		}
	}
	slices.SortFunc(all, func(a, b hold) int { return cmp.Compare(a.fault.ID, b.fault.ID) })
	return all
}
