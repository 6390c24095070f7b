package verdict

import (
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// deliveries holds what arrived against the records: each request belongs to a run that was sent and not yet recorded, goes
// by the key and number of its occurrence, and is repeated only around faults.
func (j *judge) deliveries() {
	for id, came := range j.arrivals {
		r := j.runs[id]
		if r == nil {
			j.breach(Denied, 0, "a request at %s to %s names run %q, which is nowhere recorded", stamp(came[0].At), came[0].Path, id)
			continue
		}
		for _, a := range came {
			if a.Key != r.Occurrence || a.Attempt != r.Attempt || a.Task != r.Task || a.Delayed != r.Delayed || a.Shard != r.Shard || a.Shards != r.Shards {
				j.breach(WrongKey, 0, "%s is attempt %d of occurrence %s, shard %d of %d; it arrived at %s as attempt %d of %s, shard %d of %d, task %q, delayed task %q",
					describe(r), r.Attempt, r.Occurrence, r.Shard, r.Shards, stamp(a.At), a.Attempt, a.Key, a.Shard, a.Shards, a.Task, a.Delayed)
			}
			if j.valid(r, a.At) && given(r) {
				j.letGo(r, a)
				continue
			}
			if j.wakes(a.At) {
				j.woken[a] = true
				continue
			}
			j.breach(Denied, a.At.Sub(r.RecordedAt), "%s arrived at %s", describe(r), stamp(a.At))
		}
	}
	for _, runs := range j.occurrences {
		j.repeats(runs)
	}
}

// letGo checks that a worker let go of a run when it was given up: it does so by its own clock, a while before masters may
// give the run to another. One that stands still cannot.
func (j *judge) letGo(r *evidence.Run, a *evidence.Arrival) {
	if r.RecordedAt.IsZero() || !j.open(a, r.RecordedAt.Add(j.b.Clocks)) {
		return
	}
	if j.stalled(r) {
		j.woken[a] = true
		return
	}
	j.breach(Unheld, a.Ended.Sub(r.RecordedAt), "%s: its request went on from %s to %s", describe(r), stamp(a.At), stamp(a.Ended))
}

// valid says whether a run's token may have been valid at an instant: it is until the run is recorded.
func (j *judge) valid(r *evidence.Run, at time.Time) bool {
	return r.RecordedAt.IsZero() || !r.RecordedAt.Add(j.b.Clocks).Before(at)
}

// repeats looks for a fault behind each delivery of an occurrence that the retry policy did not ask for.
func (j *judge) repeats(runs []*evidence.Run) {
	var earlier *evidence.Arrival // that the next one repeats
	for i, r := range runs {
		if i > 0 && runs[i-1].State != string(core.RunLost) {
			earlier = nil // a retry
		}
		for _, a := range j.arrivals[r.ID] {
			if earlier != nil {
				j.repeat(r, earlier, a)
			}
			earlier = a
		}
	}
}

func (j *judge) repeat(r *evidence.Run, earlier, again *evidence.Arrival) {
	t := j.tasks[r.Task]
	switch {
	case strings.HasPrefix(again.Path, "/reset"):
		j.v.Figures.RepeatsByTarget++
	case t != nil && t.Once:
		j.breach(RepeatOnce, 0, "%s arrived at %s, after %s", describe(r), stamp(again.At), stamp(earlier.At))
	case !j.around(earlier.At, again.At):
		j.breach(RepeatAlone, 0, "%s arrived at %s, after %s under the same key", describe(r), stamp(again.At), stamp(earlier.At))
	default:
		j.v.Figures.Repeats++
	}
}
