package store_test

import (
	"cmp"
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
	taskOf  map[string]string   // of ended runs
	missed  map[string]*stretch // by the id of their row
	guards  map[string]string   // the run or the firing that has it, by task
	whole   map[string]int      // shards that succeeded, by firing
	notices map[string]bool
	sent    map[string]int64 // ended runs that were sent, by task
	cancels map[string]bool  // runs that somebody asked to end while they were with a worker
	born    map[string]bool  // runs that the ends of one transaction led to

	// The claims that processes remember, whether or not they still hold: masters' reservations and workers' runs.
	reserved map[string][]claim
	given    map[string][]claim
}

type modelRun struct {
	core.Run
	claimAt time.Time // zero while held
}

// stretch is a row of missed firings.
type stretch struct {
	version int64
	count   int
	last    time.Time
	shard   bool // what one of several workers missed is no stretch
}

// claim is a run under the token that somebody got it with.
type claim struct {
	id    string
	token int64
}

func newModel() *model {
	return &model{
		tasks: map[string]*core.Task{}, delayed: map[string]*core.DelayedTask{}, open: map[string]*modelRun{},
		ended: map[string]core.RunState{}, taskOf: map[string]string{}, missed: map[string]*stretch{}, guards: map[string]string{},
		whole: map[string]int{}, notices: map[string]bool{}, sent: map[string]int64{}, cancels: map[string]bool{}, born: map[string]bool{},
		reserved: map[string][]claim{}, given: map[string][]claim{},
	}
}

// plan adds a planned run, or all runs of a new firing.
func (m *model) plan(id string, r core.Run, fireAt time.Time) {
	if k := m.tasks[r.TaskID]; k != nil && k.Routing.Spreads() && r.OccurrenceID == "" {
		for i := range testdb.Shards {
			r.Shard, r.Shards, r.OccurrenceID, r.Attempt = i, testdb.Shards, core.ShardID(id, i), 1
			m.plan(r.OccurrenceID, r, fireAt)
		}
		return
	}
	r.ID, r.State, r.FireAt, r.Token, r.Holder = id, core.RunPlanned, fireAt, 0, ""
	if r.Due.IsZero() {
		r.Due = fireAt
	}
	m.born[id] = true
	if r.OccurrenceID == "" {
		r.OccurrenceID, r.Attempt = id, 1
	}
	if r.Due.IsZero() {
		r.Due = fireAt
	}
	m.open[id] = &modelRun{r, fireAt}
}

// holder names who has the guard when a run goes under it.
func (r *modelRun) holder() string {
	if r.Shards == 0 {
		return r.ID
	}
	return r.Firing()
}

// keeps says whether an open run keeps the guard with its firing: any of its shards does that is under way or to begin.
func (r *modelRun) keeps(holder string) bool {
	return r.holder() == holder && (r.State != core.RunPlanned || r.Shards > 0 && r.Trigger != core.TriggerRetry)
}

// dropGuard gives up the guard that a run had, unless it is its firing's and another run keeps it.
func (m *model) dropGuard(r *modelRun) {
	if m.guards[r.TaskID] != r.holder() {
		return
	}
	for _, o := range m.open {
		if o.TaskID == r.TaskID && o.keeps(r.holder()) {
			return
		}
	}
	delete(m.guards, r.TaskID)
}

// holds gives the open run that a claim is good for, in one of the states; nil when there is none.
func (m *model) holds(c claim, states ...core.RunState) *modelRun {
	r := m.open[c.id]
	if r == nil || r.Token != c.token || !slices.Contains(states, r.State) {
		return nil
	}
	return r
}

// ends takes runs out of the queue that end in one transaction, and wakes the firings that are next.
func (m *model) ends(runs []*modelRun, state core.RunState, retryable bool, now time.Time) {
	clear(m.born)
	for _, r := range runs {
		m.end(r, state, retryable, now)
	}
	tasks := map[string]bool{}
	for _, r := range runs {
		if k := m.tasks[r.TaskID]; k != nil && m.guards[k.ID] == "" && (k.Overlap == core.OverlapQueue || k.Overlap == core.OverlapReplace) {
			tasks[k.ID] = true
		}
	}
	for task := range tasks {
		waits := m.waiting(task, func(r *modelRun) bool { return r.Holder == "" && !m.born[r.ID] })
		if len(waits) == 0 {
			continue
		}
		for _, r := range waits {
			if r.Firing() == waits[0].Firing() && r.claimAt.After(now) {
				r.FireAt, r.claimAt = now, now
			}
		}
	}
}

// waiting gives the runs of a task that have been put off, in the order of their dues.
func (m *model) waiting(task string, which func(*modelRun) bool) []*modelRun {
	var waits []*modelRun
	for _, r := range m.open {
		if r.TaskID == task && r.State == core.RunPlanned && r.PutOff() && which(r) {
			waits = append(waits, r)
		}
	}
	slices.SortFunc(waits, byDue)
	return waits
}

func byDue(a, b *modelRun) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) }

// end takes a run out of the queue with all that follows. One that somebody asked to end is not done again.
func (m *model) end(r *modelRun, state core.RunState, retryable bool, now time.Time) {
	if m.cancels[r.ID] {
		retryable = false
		if state == core.RunLost {
			state = core.RunCancelled
		}
	}
	m.close(r, state)
	m.dropGuard(r)
	if r.TaskID != "" && state.Sent() {
		m.sent[r.TaskID]++
	}
	if r.DelayedID != "" {
		m.endDelayed(r, state, retryable, now)
	} else {
		m.endTask(r, state, retryable, now)
	}
}

// close moves a run from the queue to the history.
func (m *model) close(r *modelRun, state core.RunState) {
	delete(m.open, r.ID)
	m.ended[r.ID], m.taskOf[r.ID] = state, r.TaskID
}

// miss ends a firing as missed: it lengthens the stretch that the task's newest row is, when no run lies between.
func (m *model) miss(r *modelRun) {
	newest := ""
	for id, task := range m.taskOf {
		if task == r.TaskID && id < core.FirstRunID(r.Due) && id > newest {
			newest = id
		}
	}
	delete(m.open, r.ID)
	if s := m.missed[newest]; s != nil && r.Shards == 0 && !s.shard && s.version == r.TaskVersion && !m.anyOpen(r.TaskID, s.last, r.Due) {
		s.count, s.last = s.count+1, r.Due
		return
	}
	m.close(r, core.RunMissed)
	m.missed[r.ID] = &stretch{r.TaskVersion, 1, r.Due, r.Shards > 0}
}

func (m *model) anyOpen(task string, after, before time.Time) bool {
	for _, r := range m.open {
		if r.TaskID == task && r.Due.After(after) && r.Due.Before(before) {
			return true
		}
	}
	return false
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
		if r.Shards > 0 {
			if m.whole[r.Firing()]++; m.whole[r.Firing()] < r.Shards {
				return
			}
		}
		for _, id := range k.Children {
			if child := m.tasks[id]; child.State == core.TaskRunning {
				m.plan(core.RunID(now, core.ChildKey(r.holder(), id)), core.Run{TaskID: id, TaskVersion: child.Version, Trigger: core.TriggerParent}, now)
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
		next.Due = time.Time{}
		delay, ok := policy.Next(r.Retry+1, 0, 0)
		if !ok || !retryable {
			return false
		}
		at = now.Add(delay)
		next.Due = at
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
	for _, r := range m.open {
		if r.State == core.RunPlanned && of(r) {
			m.close(r, core.RunCancelled)
			m.dropGuard(r)
		}
	}
}

// giveBack takes dispatched runs from their worker, which never had them.
func (m *model) giveBack(runs []*modelRun) {
	byToken := map[int64][]*modelRun{}
	var order []int64
	for _, r := range runs {
		if byToken[r.Token] == nil {
			order = append(order, r.Token)
		}
		if !slices.Contains(byToken[r.Token], r) {
			byToken[r.Token] = append(byToken[r.Token], r)
		}
	}
	for _, token := range order {
		back := byToken[token]
		for _, r := range back {
			r.State, r.Holder, r.claimAt = core.RunPlanned, "", r.FireAt
		}
		var asked []*modelRun
		for _, r := range back {
			if m.dropGuard(r); m.cancels[r.ID] {
				asked = append(asked, r)
			}
		}
		if len(asked) > 0 {
			m.ends(asked, core.RunCancelled, false, testdb.Now())
		}
		for _, r := range back {
			k, d := m.tasks[r.TaskID], m.delayed[r.DelayedID]
			if k != nil && (k.State != core.TaskRunning || k.Version != r.TaskVersion) || d != nil && d.State != core.DelayedReady {
				m.withdraw(func(o *modelRun) bool { return o == r })
			}
		}
	}
}

// recover gives back all that an incarnation held.
func (m *model) recover(incarnation string, now time.Time) {
	var lost []*modelRun
	for _, id := range slices.Sorted(maps.Keys(m.open)) {
		r := m.open[id]
		switch {
		case r.Holder != incarnation:
		case r.State == core.RunPlanned:
			r.Holder, r.claimAt = "", r.FireAt
		default:
			lost = append(lost, r)
		}
	}
	m.ends(lost, core.RunLost, false, now)
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
// that asks for at most once, one that forbids overlap and whose firings go to several workers, and of those that let
// firings wait one each with single runs and with several.
func cast() []*core.Task {
	allow := testdb.Task(overlapping, retrying)
	once := testdb.Task(atMostOnce, retrying)
	sharded := testdb.Task(retrying, spread, func(k *core.Task) { k.Children = []string{allow.ID} })
	forbid := testdb.Task(retrying, func(k *core.Task) { k.Children = []string{allow.ID, once.ID, sharded.ID} })
	queued := func(k *core.Task) { k.Overlap, k.OverlapWaiting = core.OverlapQueue, 2 }
	replacing := func(k *core.Task) { k.Overlap = core.OverlapReplace }
	return []*core.Task{forbid, allow, once, sharded, testdb.Task(retrying, queued), testdb.Task(retrying, replacing),
		testdb.Task(retrying, queued, spread), testdb.Task(retrying, replacing, spread)}
}
