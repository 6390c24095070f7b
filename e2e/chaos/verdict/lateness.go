package verdict

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// guardPause is what a run that waits for its task's guard may take after that is free: it is claimed again behind the
// look-ahead, and then sent.
const guardPause = core.LookAhead + 2*time.Second

// queuePause is the same where firings wait, which look again after 2 s when nothing wakes them before.
const queuePause = core.LookAhead + 4*time.Second

// replaceWithin is what it may take to end a run that another one takes the place of: a master looks each second for whom to
// tell, the worker breaks it off and reports it.
const replaceWithin = 3 * time.Second

// Lateness is how late firings arrived.
type Lateness struct {
	// Calm is of those that no fault could hold up.
	Calm Spread `json:"calm"`
	// Struck is of those that a fault did hold up, by the kind of fault and where it struck: measured from the fault, or
	// from its end when nothing could stand in for what was struck and that was awaited. Those that a guard kept until then are in neither.
	Struck []Struck `json:"struck"`
}

// Spread is the spread of latenesses.
type Spread struct {
	Count int           `json:"count"`
	P50   time.Duration `json:"p50"`
	P99   time.Duration `json:"p99"`
	Max   time.Duration `json:"max"`
}

// Struck is what one kind of fault did to the firings it held up.
type Struck struct {
	Kind  evidence.Kind `json:"kind"`
	Where string        `json:"where"` // master, worker or database
	Count int           `json:"count"`
	Max   time.Duration `json:"max"`
	Worst string        `json:"worst"`
}

// struckBy tells the lines of Struck apart.
type struckBy struct {
	kind  evidence.Kind
	where string
}

// punctuality judges the first arrival of each run that was sent.
func (j *judge) punctuality() {
	var calm []time.Duration
	struck := map[struckBy]*Struck{}
	for id, came := range j.arrivals {
		r, a := j.runs[id], came[0]
		if r == nil {
			continue
		}
		if early := r.Due.Sub(a.At); early > j.b.Clocks {
			j.breach(Early, early, "%s arrived at %s, %s early", describe(r), stamp(a.At), early)
		}
		at, by, f, judged := j.promised(r, a.At)
		if !judged {
			continue
		}
		if late := a.At.Sub(by); late > 0 {
			j.breach(Late, late, "%s arrived at %s, %s after %s; it had time until %s%s", describe(r), stamp(a.At),
				a.At.Sub(at).Round(time.Millisecond), stamp(at), stamp(by), because(f))
		}
		switch {
		case f == nil && by.Equal(at.Add(j.b.Slack)):
			calm = append(calm, max(a.At.Sub(at), 0))
		case f != nil && a.At.Sub(at) > j.b.Slack && !j.waited(r, a.At):
			since := at
			if o := origin(f); o.After(at) && o.Before(a.At) {
				since = o
			}
			j.strike(struck, f, a.At.Sub(since), describe(r)+" arrived at "+stamp(a.At)+because(f))
		}
	}
	j.v.Lateness = Lateness{Calm: spread(calm)}
	for _, s := range struck {
		j.v.Lateness.Struck = append(j.v.Lateness.Struck, *s)
	}
	slices.SortFunc(j.v.Lateness.Struck, func(a, b Struck) int { return cmp.Compare(b.Max, a.Max) })
}

func (j *judge) strike(struck map[struckBy]*Struck, f *evidence.Fault, late time.Duration, text string) {
	key := struckBy{f.Kind, j.where(f)}
	s := struck[key]
	if s == nil {
		s = &Struck{Kind: key.kind, Where: key.where}
		struck[key] = s
	}
	s.Count++
	if late > s.Max {
		s.Max, s.Worst = late, text
	}
}

func (j *judge) where(f *evidence.Fault) string {
	switch {
	case f.Node == evidence.Database:
		return evidence.Database
	case j.isWorker(f.Node):
		return "worker"
	}
	return "master"
}

func because(f *evidence.Fault) string {
	if f == nil {
		return ", as nothing was wrong"
	}
	return ", because of fault " + strconv.Itoa(f.ID) + ": " + f.Text + " at " + stamp(f.Began)
}

// promised gives the instant that a run's lateness counts from, when it had to arrive, and the fault that gave it time. A
// run whose instant may have passed before its task was in force is not judged.
func (j *judge) promised(r *evidence.Run, arrived time.Time) (at, by time.Time, f *evidence.Fault, judged bool) {
	at = r.Due
	switch core.Trigger(r.Trigger) {
	case core.TriggerDelayed:
		if d := j.asked[r.Delayed]; d == nil {
			return at, by, nil, false
		} else if d.Answered.After(at) {
			at = d.Answered
		}
	case core.TriggerSchedule:
		if t := j.tasks[r.Task]; t == nil || !j.surely(t, at) {
			return at, by, nil, false
		}
	case core.TriggerRetry:
		if before := j.before(r); before != nil && before.State == string(core.RunLost) {
			return j.redone(r, before, arrived)
		}
	}
	by, f = j.allowed(at, arrived, slices.Concat(j.guards(r), j.ofWorker(r)))
	return at, by, f, true
}

// before is the attempt before a run.
func (j *judge) before(r *evidence.Run) *evidence.Run {
	runs := j.occurrences[r.Occurrence]
	if i := slices.Index(runs, r); i > 0 {
		return runs[i-1]
	}
	return nil
}

// redone is promised for a run that does again what was lost: any fault that may have caused the loss gives it time, and the
// one that gives the most counts.
func (j *judge) redone(r, lost *evidence.Run, arrived time.Time) (at, by time.Time, f *evidence.Fault, judged bool) {
	guards := slices.Concat(j.guards(r), j.ofWorker(r))
	for _, cause := range j.causes(lost) {
		if cause.Began.After(arrived) {
			continue
		}
		start := origin(cause)
		until, last := j.allowed(start, arrived, append(slices.Clone(guards), hold{cause.Began, j.reach(cause), cause}))
		if until.After(by) || until.Equal(by) && start.After(at) {
			at, by, f, judged = start, until, last, true
		}
	}
	return at, by, f, judged // a loss without a cause is a breach of its own
}

// guards are the times at which another firing of the task had the guard that r may have waited for. Under replace it is ended
// for a new firing, so it may keep that one for as long as this takes only.
func (j *judge) guards(r *evidence.Run) []hold {
	t := j.tasks[r.Task]
	if t == nil || !t.Overlap.Guarded() {
		return nil
	}
	turn := t.Overlap.Turn(&core.Run{Trigger: core.Trigger(r.Trigger)})
	if turn == core.TurnConflict {
		return nil
	}
	pause := guardPause
	if t.Overlap != core.OverlapForbid {
		pause = queuePause
	}
	var all []hold
	for _, other := range j.byTask[r.Task] {
		if j.firingOf(other) == j.firingOf(r) || !given(other) {
			continue
		}
		if turn == core.TurnReplace {
			asked := other.DispatchedAt
			if r.Due.After(asked) {
				asked = r.Due
			}
			all = append(all, hold{from: other.DispatchedAt, until: asked.Add(replaceWithin)}, hold{from: other.RecordedAt, until: other.RecordedAt.Add(pause)})
			continue
		}
		all = append(all, hold{from: other.DispatchedAt, until: other.RecordedAt.Add(pause)})
	}
	return all
}

// waited says whether another run of the task had the guard until shortly before r arrived.
func (j *judge) waited(r *evidence.Run, arrived time.Time) bool {
	return slices.ContainsFunc(j.guards(r), func(h hold) bool { return h.from.Before(arrived) && !h.until.Before(arrived) })
}

func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	at := func(share float64) time.Duration { return all[int(share*float64(len(all)-1))] }
	return Spread{Count: len(all), P50: at(0.5), P99: at(0.99), Max: all[len(all)-1]}
}
