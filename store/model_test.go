package store_test

import (
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
)

// model is what the store must hold, kept by the rules of the design in the plainest way. Time stands still while an
// operation runs, so even the ids of runs to be born can be foretold.
type model struct {
	tasks   map[string]*core.Task // as they stand; NextDue too
	delayed map[string]*core.DelayedTask
	open    map[string]*modelRun
	ended   map[string]core.RunState
	guards  map[string]string
	notices map[string]bool
	sent    map[string]int64 // ended runs that were sent, by task

	// The claims that processes remember, whether or not they still hold: masters' reservations and workers' runs.
	reserved map[string][]claim
	given    map[string][]claim
}

type modelRun struct {
	core.Run
	claimAt time.Time // zero while held
}

// claim is a run under the token that somebody got it with.
type claim struct {
	id    string
	token int64
}

func newModel() *model {
	return &model{
		tasks: map[string]*core.Task{}, delayed: map[string]*core.DelayedTask{}, open: map[string]*modelRun{},
		ended: map[string]core.RunState{}, guards: map[string]string{}, notices: map[string]bool{}, sent: map[string]int64{},
		reserved: map[string][]claim{}, given: map[string][]claim{},
	}
}

// plan adds a planned run.
func (m *model) plan(id string, r core.Run, fireAt time.Time) {
	r.ID, r.State, r.FireAt, r.Token, r.Holder = id, core.RunPlanned, fireAt, 0, ""
	if r.OccurrenceID == "" {
		r.OccurrenceID, r.Attempt = id, 1
	}
	m.open[id] = &modelRun{r, fireAt}
}

// holds gives the open run that a claim is good for, in one of the states; nil when there is none.
func (m *model) holds(c claim, states ...core.RunState) *modelRun {
	r := m.open[c.id]
	if r == nil || r.Token != c.token || !slices.Contains(states, r.State) {
		return nil
	}
	return r
}

// end takes a run out of the queue with all that follows.
func (m *model) end(r *modelRun, state core.RunState, retryable bool, now time.Time) {
	delete(m.open, r.ID)
	m.ended[r.ID] = state
	if m.guards[r.TaskID] == r.ID {
		delete(m.guards, r.TaskID)
	}
	if r.TaskID != "" && state.Sent() {
		m.sent[r.TaskID]++
	}
	if r.DelayedID != "" {
		m.endDelayed(r, state, retryable, now)
	} else {
		m.endTask(r, state, retryable, now)
	}
}

func (m *model) endDelayed(r *modelRun, state core.RunState, retryable bool, now time.Time) {
	d := m.delayed[r.DelayedID]
	if d.State != core.DelayedReady {
		return
	}
	switch {
	case state == core.RunCancelled:
		d.State = core.DelayedVoided
		return
	case state == core.RunSucceeded:
		d.State = core.DelayedSucceeded
	case !m.again(r, state, retryable, d.Retry, now):
		d.State = core.DelayedFailed
		m.notices[r.ID] = true
	}
	d.Runs++
}

func (m *model) endTask(r *modelRun, state core.RunState, retryable bool, now time.Time) {
	k := m.tasks[r.TaskID]
	switch {
	case state == core.RunCancelled:
	case state == core.RunSucceeded:
		for _, id := range k.Children {
			if child := m.tasks[id]; child.State == core.TaskRunning {
				m.plan(core.RunID(now, core.ChildKey(r.ID, id)), core.Run{TaskID: id, TaskVersion: child.Version, Trigger: core.TriggerParent}, now)
			}
		}
	case k.State != core.TaskRunning, state == core.RunLost && k.AtMostOnce, !m.again(r, state, retryable, k.Retry, now):
		m.notices[r.ID] = true
	}
}

// again plans the next run of an occurrence when there is to be one.
func (m *model) again(r *modelRun, state core.RunState, retryable bool, policy core.RetryPolicy, now time.Time) bool {
	next := r.Run
	at := now
	if state != core.RunLost {
		delay, ok := policy.Next(r.Retry+1, 0, 0)
		if !ok || !retryable {
			return false
		}
		at = now.Add(delay)
		next.Retry++
	}
	next.Attempt++
	next.Trigger = core.TriggerRetry
	if k := m.tasks[r.TaskID]; k != nil {
		next.TaskVersion = k.Version
	}
	m.plan(core.RunID(at, core.RetryKey(r.OccurrenceID, next.Attempt)), next, at)
	return true
}

// withdraw cancels the planned runs of a task or delayed task.
func (m *model) withdraw(of func(*modelRun) bool) {
	for id, r := range m.open {
		if r.State == core.RunPlanned && of(r) {
			delete(m.open, id)
			m.ended[id] = core.RunCancelled
		}
	}
}

// giveBack takes a dispatched run from its worker, which never had it.
func (m *model) giveBack(r *modelRun) {
	if m.guards[r.TaskID] == r.ID {
		delete(m.guards, r.TaskID)
	}
	r.State, r.Holder, r.claimAt = core.RunPlanned, "", r.FireAt
	k, d := m.tasks[r.TaskID], m.delayed[r.DelayedID]
	if k != nil && (k.State != core.TaskRunning || k.Version != r.TaskVersion) || d != nil && d.State != core.DelayedReady {
		m.withdraw(func(o *modelRun) bool { return o == r })
	}
}

// recover gives back all that an incarnation held.
func (m *model) recover(incarnation string, now time.Time) {
	for _, id := range slices.Sorted(maps.Keys(m.open)) {
		r := m.open[id]
		switch {
		case r == nil || r.Holder != incarnation:
		case r.State == core.RunPlanned:
			r.Holder, r.claimAt = "", r.FireAt
		default:
			m.end(r, core.RunLost, false, now)
		}
	}
}

// anyRun draws one of the runs, open or ended.
func (m *model) anyRun(t *rapid.T) (string, bool) {
	all := map[string]bool{}
	for id := range m.open {
		all[id] = true
	}
	for id := range m.ended {
		all[id] = true
	}
	return pick(t, "run", all)
}

// pick draws a key of a map; false when there is none.
func pick[V any](t *rapid.T, label string, from map[string]V) (string, bool) {
	if len(from) == 0 {
		return "", false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(from))).Draw(t, label), true
}

// some draws a few of a list in some order, the later ones more often.
func some[T any](t *rapid.T, label string, from []T) []T {
	var out []T
	for range min(len(from), rapid.IntRange(1, 4).Draw(t, "how many")) {
		i := rapid.IntRange(0, len(from)-1).Draw(t, label)
		out = append(out, from[max(i, rapid.IntRange(0, len(from)-1).Draw(t, label))])
	}
	return out
}

// cast are the tasks of the model: one that forbids overlap and retries and has children, one that allows overlap, one
// that asks for at most once.
func cast() []*core.Task {
	allow := testdb.Task(overlapping, retrying)
	once := testdb.Task(atMostOnce, retrying)
	forbid := testdb.Task(retrying, func(k *core.Task) { k.Children = []string{allow.ID, once.ID} })
	return []*core.Task{forbid, allow, once}
}
