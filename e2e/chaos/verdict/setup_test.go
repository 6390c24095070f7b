package verdict

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/e2e/chaos/evidence"
)

// noon is when the run of the tests begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is an instant so many seconds after noon.
func at(seconds float64) time.Time {
	return noon.Add(time.Duration(seconds * float64(time.Second))).Round(time.Microsecond)
}

const ms = time.Millisecond

// sound is the evidence of a run in which all went as it must: a parent that forbids overlap fires every 5 s for a minute
// and its child after it; a task that asks for at most once fires every 10 s; delayed tasks succeed, fail after two
// retries, and come to a target that breaks connections. At 30 s worker w1 is killed amid a run of the parent, which w2
// does again at 41 s; until then the parent's firings are conflicts.
func sound() *evidence.Evidence {
	e := &evidence.Evidence{
		Database: "postgres", Seed: 1, Masters: 3, Workers: 4, Began: noon, Calmed: at(70), Ended: at(90), Settled: true, Lease: core.Lease,
		Faults: []evidence.Fault{{ID: 1, Kind: evidence.Kill, Node: "w1", Text: "w1 killed, back after 3 s", Began: at(30.01), Ended: at(33)}},
		Tasks: []evidence.Task{
			{ID: "parent", Title: "parent", Path: "/slow/100", Every: 5, Overlap: core.OverlapForbid, Child: "child", Moves: moves(0.5, 61)},
			{ID: "child", Title: "child", Path: "/ok", Overlap: core.OverlapAllow},
			{ID: "once", Title: "once", Path: "/ok", Every: 10, Once: true, Overlap: core.OverlapAllow, Moves: moves(0.5, 61)},
		},
		KnownTasks: []evidence.KnownTask{{ID: "parent"}, {ID: "child"}, {ID: "once"}},
	}
	for second := 5.0; second <= 60; second += 5 {
		r := first("parent", at(second))
		if second == 35 || second == 40 {
			end(r, core.RunConflict, r.Due.Add(3*ms))
			e.Runs = append(e.Runs, *r)
			continue
		}
		r.Worker = "w1"
		deliver(e, r, 5*ms, 100*ms)
		if second == 30 {
			lose(e, r, at(40.5))
			r = again(r, core.RunSucceeded)
			r.DispatchedAt = at(40.8)
			deliver(e, r, 10810*ms, 100*ms)
		}
		child := evidence.Run{ID: "c-" + r.ID, Task: "child", Occurrence: "c-" + r.ID, Parent: r.ID, Trigger: string(core.TriggerParent), Attempt: 1,
			State: string(core.RunSucceeded), Due: r.RecordedAt, Worker: "w2", Count: 1}
		deliver(e, &child, 5*ms, ms)
	}
	for second := 10.0; second <= 60; second += 10 {
		deliver(e, first("once", at(second)), 5*ms, ms)
	}
	delay(e, "good", "/ok", core.RunSucceeded)
	delay(e, "bad", "/bad", core.RunFailed, core.RunFailed, core.RunFailed)
	delay(e, "broken", "/reset", core.RunFailed)
	return e
}

func moves(start, stop float64) []evidence.Move {
	return []evidence.Move{
		{Starts: true, Asked: at(start), Answered: at(start + 0.02), Answer: evidence.Acknowledged},
		{Asked: at(stop), Answered: at(stop + 0.02), Answer: evidence.Acknowledged},
	}
}

// first is the first run of an occurrence of a task.
func first(task string, due time.Time) *evidence.Run {
	id := fmt.Sprintf("%s@%d", task, int(due.Sub(noon).Seconds()))
	return &evidence.Run{ID: id, Task: task, Occurrence: id, Trigger: string(core.TriggerSchedule), Attempt: 1, State: string(core.RunSucceeded),
		Worker: "w2", Due: due, PlannedAt: due.Add(-10 * time.Second), Count: 1}
}

// again is the next attempt after r.
func again(r *evidence.Run, state core.RunState) *evidence.Run {
	next := *r
	next.ID, next.Trigger, next.State, next.Worker = fmt.Sprintf("%s.%d", r.Occurrence, r.Attempt+1), string(core.TriggerRetry), string(state), "w2"
	next.Attempt, next.DispatchedAt, next.RecordedAt, next.Reason = r.Attempt+1, time.Time{}, time.Time{}, ""
	return &next
}

// deliver has a run arrive so long after its due instant, its target take a while, and both recorded.
func deliver(e *evidence.Evidence, r *evidence.Run, after, busy time.Duration) {
	a := evidence.Arrival{At: r.Due.Add(after), Key: r.Occurrence, Run: r.ID, Attempt: r.Attempt, Due: r.Due, Task: r.Task, Delayed: r.Delayed,
		Shard: r.Shard, Shards: r.Shards}
	a.Ended = a.At.Add(busy)
	if r.DispatchedAt.IsZero() {
		r.DispatchedAt = a.At.Add(-2 * ms)
	}
	r.RecordedAt = a.Ended.Add(5 * ms)
	a.Path = (&judge{tasks: index(e)}).path(r)
	e.Arrivals, e.Runs = append(e.Arrivals, a), append(e.Runs, *r)
}

func index(e *evidence.Evidence) map[string]*evidence.Task {
	all := map[string]*evidence.Task{}
	for i := range e.Tasks {
		all[e.Tasks[i].ID] = &e.Tasks[i]
	}
	return all
}

// lose makes the last run delivered one that was lost with its worker.
func lose(e *evidence.Evidence, r *evidence.Run, recorded time.Time) {
	last, came := &e.Runs[len(e.Runs)-1], &e.Arrivals[len(e.Arrivals)-1]
	last.State, last.RecordedAt, last.Reason = string(core.RunLost), recorded, "the worker went away without an outcome"
	came.Ended, came.GivenUp = at(30.02), true
	*r = *last
}

// delay adds a delayed task due at 20 s whose attempts ended in these states, 2 s apart.
func delay(e *evidence.Evidence, id, path string, states ...core.RunState) {
	end := core.DelayedFailed
	if states[len(states)-1] == core.RunSucceeded {
		end = core.DelayedSucceeded
	}
	e.Delayed = append(e.Delayed, evidence.Delayed{Key: "key-" + id, ID: id, Path: path, Delay: 10 * time.Second, Retries: len(states) - 1,
		Asked: at(10), Answered: at(10.1), Answer: evidence.Acknowledged, Tries: 1})
	e.KnownDelayed = append(e.KnownDelayed, evidence.KnownDelay{ID: id, Key: "key-" + id, State: string(end), Due: at(20.05)})
	r := &evidence.Run{ID: id + ".1", Delayed: id, Occurrence: id + ".1", Trigger: string(core.TriggerDelayed), Attempt: 1, Due: at(20.05), Worker: "w3", Count: 1}
	for i, state := range states {
		if i > 0 {
			r = again(r, state)
			r.Retry, r.Due = i, r.Due.Add(2*time.Second)
		}
		r.State = string(state)
		deliver(e, r, 5*ms, ms)
		e.Arrivals[len(e.Arrivals)-1].Path = path
	}
}

// end gives a run that was not sent its state.
func end(r *evidence.Run, state core.RunState, recorded time.Time) {
	r.State, r.Worker, r.DispatchedAt, r.RecordedAt = string(state), "", time.Time{}, recorded
}

// run and arrival find what the breaks are made to.
func run(e *evidence.Evidence, id string) *evidence.Run {
	return &e.Runs[slices.IndexFunc(e.Runs, func(r evidence.Run) bool { return r.ID == id })]
}

func arrival(e *evidence.Evidence, run string) *evidence.Arrival {
	return &e.Arrivals[slices.IndexFunc(e.Arrivals, func(a evidence.Arrival) bool { return a.Run == run })]
}

func drop(e *evidence.Evidence, id string) {
	e.Runs = slices.DeleteFunc(e.Runs, func(r evidence.Run) bool { return r.ID == id || r.Parent == id })
	e.Arrivals = slices.DeleteFunc(e.Arrivals, func(a evidence.Arrival) bool { return a.Run == id || a.Run == "c-"+id })
}

// broken gives the rules that evidence breaks, each once.
func broken(t *testing.T, e *evidence.Evidence) []Rule {
	t.Helper()
	var rules []Rule
	for _, b := range Judge(e, Bounds{}).Breaches {
		t.Logf("%s: %s", b.Rule, b.Text)
		if !slices.Contains(rules, b.Rule) {
			rules = append(rules, b.Rule)
		}
	}
	return rules
}

func TestSoundEvidenceBreaksNoRule(t *testing.T) {
	t.Parallel()
	v := Judge(sound(), Bounds{})
	require.Empty(t, v.Breaches)
	require.Equal(t, Figures{
		Creations: 6, Firings: 12 + 10 + 6 + 3, Occurrences: 12 + 10 + 6 + 3, Runs: 13 + 10 + 6 + 5, Arrivals: 11 + 10 + 6 + 5,
		Outcomes: map[string]int{"succeeded": 10 + 10 + 6 + 1, "failed": 4, "lost": 1, "conflict": 2}, Repeats: 1,
	}, v.Figures)
	require.Len(t, v.Lateness.Struck, 1)
	require.Equal(t, 10800*ms, v.Lateness.Struck[0].Max, "from the fault on")
	require.Equal(t, 5*ms, v.Lateness.Calm.P99)
}
