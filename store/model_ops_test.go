package store_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
	"github.com/carillonhq/carillon/store"
)

// modelled is a store beside its model.
type modelled struct {
	*model
	s      *store.Store
	ctx    context.Context
	asked  int
	tokens map[string]int64 // the highest seen of each run
}

func (x *modelled) begin(t *rapid.T) {
	require.NoError(t, x.s.Wipe(x.ctx))
	for _, name := range []string{"m1", "m2", "w1", "w2"} {
		x.register(t, name)
	}
	some := rapid.Permutation(cast()).Draw(t, "cast")[:4]
	for _, k := range some {
		k.NextDue = testdb.Now()
		k.Children = slices.DeleteFunc(k.Children, func(id string) bool {
			return !slices.ContainsFunc(some, func(k *core.Task) bool { return k.ID == id })
		})
		require.NoError(t, x.s.CreateTask(x.ctx, k, nil))
		x.tasks[k.ID] = k
	}
}

func (x *modelled) register(t *rapid.T, name string) {
	kind := map[byte]core.NodeKind{'m': core.NodeMaster, 'w': core.NodeWorker}[name[0]]
	require.NoError(t, x.s.Register(x.ctx, &core.Node{Kind: kind, Name: name, Incarnation: name, State: core.NodeEnabled}, "", 1000*time.Hour))
}

func (x *modelled) process(t *rapid.T, kind string) string {
	return kind + rapid.SampledFrom([]string{"1", "2"}).Draw(t, kind)
}

func (x *modelled) planTasks(t *rapid.T) {
	now := testdb.Now()
	_, _, err := x.s.PlanTasks(x.ctx, now, 100, func(d store.DueTask) store.TaskPlan {
		return store.TaskPlan{Runs: store.TaskRuns(d, d.NextDue, now, testdb.AnyWorker), NextDue: d.NextDue.Add(time.Second)}
	})
	require.NoError(t, err)
	for _, k := range x.tasks {
		if k.State == core.TaskRunning && !k.NextDue.After(now) {
			x.plan(core.RunID(k.NextDue, core.ScheduleKey(k.ID, k.Version, k.NextDue)),
				core.Run{TaskID: k.ID, TaskVersion: k.Version, Trigger: core.TriggerSchedule}, k.NextDue)
			k.NextDue = k.NextDue.Add(time.Second)
		}
	}
}

func (x *modelled) runTask(t *rapid.T) {
	id, _ := pick(t, "task", x.tasks)
	k := x.tasks[id]
	x.asked++
	request := time.Duration(x.asked).String()
	r, err := x.s.RunTask(x.ctx, k, request, 1, testdb.AnyWorker)
	require.Equal(t, k.State == core.TaskRunning, err == nil, err)
	if err == nil {
		x.plan(r.ID, core.Run{TaskID: k.ID, TaskVersion: k.Version, Trigger: core.TriggerManual}, testdb.Now())
	}
}

func (x *modelled) moveTask(t *rapid.T) {
	id, _ := pick(t, "task", x.tasks)
	k := x.tasks[id]
	to := rapid.SampledFrom([]core.TaskState{core.TaskRunning, core.TaskRunning, core.TaskPaused, core.TaskStopped}).Draw(t, "to")
	m := store.TaskMove{TaskID: k.ID, From: []core.TaskState{k.State}, Version: k.Version, To: to, Cancel: "moved", Now: testdb.Now()}
	if to == core.TaskRunning {
		m.Raise, m.NextDue = true, testdb.Now().Add(time.Microsecond)
	}
	require.NoError(t, x.s.MoveTask(x.ctx, m))
	k.State, k.NextDue = to, m.NextDue
	if m.Raise {
		k.Version++
	}
	x.withdraw(func(r *modelRun) bool { return r.TaskID == k.ID })
}

func (x *modelled) createDelayed(t *rapid.T) {
	now := testdb.Now()
	d := testdb.DelayedTask(func(d *core.DelayedTask) {
		d.Due = now.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "due")) * time.Second)
	})
	require.NoError(t, x.s.CreateDelayed(x.ctx, d, store.PlanAhead{Until: now, Route: testdb.AnyWorker}))
	x.delayed[d.ID] = d
	if d.Due.Equal(now) {
		x.firstRun(d, now)
	}
}

func (x *modelled) planDelayed(t *rapid.T) {
	now := testdb.Now()
	_, _, err := x.s.PlanDelayed(x.ctx, now, 100, testdb.AnyWorker)
	require.NoError(t, err)
	for _, d := range x.delayed {
		if d.State == core.DelayedCreated && !d.Due.After(now) {
			x.firstRun(d, d.Due)
		}
	}
}

func (x *modelled) firstRun(d *core.DelayedTask, fireAt time.Time) {
	d.State = core.DelayedReady
	x.plan(core.RunID(d.Due, core.DelayedKey(d.ID, d.Resets)), core.Run{DelayedID: d.ID, Trigger: core.TriggerDelayed, Due: d.Due}, fireAt)
}

func (x *modelled) moveDelayed(t *rapid.T) {
	id, ok := pick(t, "delayed task", x.delayed)
	if !ok {
		return
	}
	d, now := x.delayed[id], testdb.Now()
	var run *modelRun // its open one
	for _, r := range x.open {
		if r.DelayedID == d.ID {
			run = r
		}
	}
	var err error
	allowed := d.State == core.DelayedCreated || d.State == core.DelayedReady
	switch rapid.SampledFrom([]string{"reset", "execute", "void"}).Draw(t, "move") {
	case "reset":
		allowed = !allowed && run == nil
		if err = x.s.ResetDelayed(x.ctx, d.ID, now, testdb.AnyWorker); allowed {
			d.Due, d.Resets, d.Runs = now, d.Resets+1, 0
			x.firstRun(d, now)
		}
	case "execute":
		err = x.s.ExecuteDelayed(x.ctx, d.ID, testdb.AnyWorker)
		switch {
		case d.State == core.DelayedCreated:
			x.firstRun(d, now)
		case allowed && run.State == core.RunPlanned && run.FireAt.After(now):
			run.FireAt, run.claimAt, run.Holder = now, now, ""
		}
	case "void":
		if _, err = x.s.VoidDelayed(x.ctx, d.ID, "voided"); allowed {
			d.State = core.DelayedVoided
			x.withdraw(func(r *modelRun) bool { return r.DelayedID == d.ID })
			if run != nil && run.State != core.RunPlanned {
				x.cancels[run.ID] = true
			}
		}
	}
	require.Equal(t, allowed, err == nil, err)
}

func (x *modelled) reserve(t *rapid.T) {
	m := x.process(t, "m")
	until := testdb.Now().Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "look ahead")) * core.PlanHorizon)
	runs, _, err := x.s.Reserve(x.ctx, m, core.QueueDefault, until, 10_000, room)
	require.NoError(t, err)
	got := map[string]bool{}
	for _, r := range runs {
		got[r.ID] = true
		x.reserved[m] = append(x.reserved[m], claim{r.ID, r.Token})
	}
	for id, r := range x.open {
		due := !r.claimAt.IsZero() && !r.claimAt.After(until)
		require.Equal(t, due, got[id], "run %s, to be claimed at %s", id, r.claimAt)
		if due {
			r.Token++
			r.Holder, r.claimAt = m, time.Time{}
		}
	}
}

// mine gives the claim's open run when it is reserved by master under it.
func (x *modelled) mine(master string, c claim) *modelRun {
	if r := x.holds(c, core.RunPlanned); r != nil && r.Holder == master {
		return r
	}
	return nil
}

func (x *modelled) release(t *rapid.T) {
	m := x.process(t, "m")
	claims := some(t, "reserved", x.reserved[m])
	require.NoError(t, x.s.Release(x.ctx, m, runsOf(claims)))
	for _, c := range claims {
		if r := x.mine(m, c); r != nil {
			r.Holder, r.claimAt = "", r.FireAt
		}
	}
}

func (x *modelled) endPlanned(t *rapid.T) {
	m := x.process(t, "m")
	claims := some(t, "reserved", x.reserved[m])
	if len(claims) == 0 {
		return
	}
	claims = claims[:1]
	r := x.mine(m, claims[0])
	if r == nil || r.DelayedID != "" {
		return // only firings of a schedule are missed
	}
	runs := runsOf(claims)
	*runs[0] = r.Run
	runs[0].State, runs[0].Count, runs[0].FirstDue, runs[0].LastDue = core.RunMissed, 1, r.Due, r.Due
	require.NoError(t, x.s.EndPlanned(x.ctx, m, runs))
	x.miss(r)
	x.dropGuard(r)
}

func runsOf(claims []claim) []*core.Run {
	runs := make([]*core.Run, len(claims))
	for i, c := range claims {
		runs[i] = &core.Run{ID: c.id, Token: c.token}
	}
	return runs
}

func (x *modelled) dispatch(t *rapid.T) {
	m, w := x.process(t, "m"), x.process(t, "w")
	x.send(t, m, w, some(t, "reserved", x.reserved[m]))
}

// dispatchAll is how most runs come to a worker.
func (x *modelled) dispatchAll(t *rapid.T) {
	x.reserve(t)
	for _, m := range []string{"m1", "m2"} {
		x.send(t, m, x.process(t, "w"), x.reserved[m])
		x.reserved[m] = nil
	}
}

func (x *modelled) send(t *rapid.T, m, w string, claims []claim) {
	now := testdb.Now()
	var batch []store.Handout
	var won []*modelRun
	seen := map[string]bool{}
	for _, c := range claims {
		if seen[c.id] {
			continue // a master has a run once in its memory
		}
		seen[c.id] = true
		h := store.Handout{Reserved: &store.Reserved{Run: &core.Run{ID: c.id, Token: c.token, Count: 1}}, Worker: w, Incarnation: w}
		if r := x.open[c.id]; r != nil {
			*h.Run = r.Run
			h.Run.Token, h.Run.Count = c.token, 1
		}
		if k := x.tasks[h.TaskID]; k != nil {
			h.Task = &store.TaskDefinition{Definition: k.Definition}
		}
		batch = append(batch, h)
		if r := x.mine(m, c); r != nil {
			won = append(won, r)
		}
	}
	behind := x.outOfTurn(won, now)
	var want []string
	var away []*modelRun
	for _, r := range won {
		k := x.tasks[r.TaskID]
		if k != nil && k.Overlap.Guarded() {
			if by := x.guards[k.ID]; behind[r.ID] || by != "" && by != r.holder() {
				away = append(away, r)
				continue
			}
			x.guards[k.ID] = r.holder()
		}
		r.State, r.Holder = core.RunDispatched, w
		x.given[w] = append(x.given[w], claim{r.ID, r.Token})
		want = append(want, r.ID)
	}
	x.turnAway(away, now)
	sent, err := x.s.Dispatch(x.ctx, m, batch)
	require.NoError(t, err)
	var got []string
	for _, h := range sent {
		got = append(got, h.ID)
	}
	require.Equal(t, want, got)
}

// outOfTurn gives the runs of tasks whose firings queue that have to let an earlier one go first: in the queue, or among
// those that are to be sent.
func (x *modelled) outOfTurn(won []*modelRun, now time.Time) map[string]bool {
	behind := map[string]bool{}
	sending := map[*modelRun]bool{}
	for _, r := range won {
		sending[r] = true
	}
	for _, r := range won {
		k := x.tasks[r.TaskID]
		if k == nil || k.Overlap != core.OverlapQueue || x.guards[k.ID] == r.holder() {
			continue
		}
		var earlier []*modelRun
		for _, o := range x.open {
			if o.TaskID == k.ID && o.State == core.RunPlanned && (o.PutOff() || !o.FireAt.After(now)) && !sending[o] && o.Firing() != r.Firing() {
				earlier = append(earlier, o)
			}
		}
		for _, o := range won {
			if o.TaskID == r.TaskID && o.Firing() != r.Firing() && x.guards[k.ID] != o.holder() {
				earlier = append(earlier, o)
			}
		}
		behind[r.ID] = slices.ContainsFunc(earlier, func(o *modelRun) bool { return byDue(o, r) < 0 })
	}
	return behind
}

// turnAway ends or puts off runs that may not go.
func (x *modelled) turnAway(away []*modelRun, now time.Time) {
	slices.SortFunc(away, byDue)
	marked := map[*modelRun]bool{} // those that have not been turned away yet
	for _, r := range away {
		marked[r] = true
	}
	pauses, fates := map[string]time.Duration{}, map[string]core.RunState{}
	for _, r := range away {
		delete(marked, r)
		k := x.tasks[r.TaskID]
		pause := 500 * time.Millisecond
		if k.Overlap == core.OverlapQueue || k.Overlap == core.OverlapReplace {
			pause = 2 * time.Second
		}
		others := x.waiting(k.ID, func(o *modelRun) bool { return !marked[o] && o.Firing() != r.Firing() })
		promised := r.Trigger == core.TriggerRetry || r.PutOff()
		if p, known := pauses[r.Firing()]; known && !promised {
			promised, pause = true, p
		}
		fate, over := fates[r.Firing()]
		switch {
		case promised || over:
		case k.Overlap == core.OverlapReplace:
			if x.heldByLater(r) || slices.ContainsFunc(others, func(o *modelRun) bool { return byDue(o, r) > 0 }) {
				fate, over = core.RunSkipped, true
				break
			}
			for _, o := range others {
				x.close(o, core.RunSkipped)
			}
			if !x.endHolder(k.ID) {
				pause = 0
			}
			pauses[r.Firing()] = pause
		case k.Overlap == core.OverlapQueue:
			n := 0
			for _, o := range others {
				if o.Shard == 0 && o.Trigger != core.TriggerRetry {
					n++
				}
			}
			if fate, over = core.RunConflict, n >= k.OverlapWaiting; !over {
				pauses[r.Firing()] = pause
			}
		case x.heldByLater(r):
			pauses[r.Firing()] = pause
		default:
			fate, over = core.RunConflict, true
		}
		if over && !promised {
			x.endFiring(r, fate, marked)
			fates[r.Firing()] = fate
			continue
		}
		r.Holder, r.FireAt, r.claimAt = "", now.Add(pause), now.Add(pause+core.LookAhead)
	}
}

// heldByLater says whether the guard of a run's task is a later firing's.
func (x *modelled) heldByLater(r *modelRun) bool {
	for _, o := range x.open {
		if o.TaskID == r.TaskID && o.holder() == x.guards[r.TaskID] {
			return core.FirstOfInstant(o.OccurrenceID) > core.FirstOfInstant(r.OccurrenceID)
		}
	}
	return false
}

// endHolder takes back the runs that have not begun of the firing under way, and says whether others have.
func (x *modelled) endHolder(task string) (underWay bool) {
	holder := x.guards[task]
	var gone *modelRun
	for _, r := range x.open {
		switch {
		case r.TaskID != task || r.holder() != holder:
		case r.State != core.RunPlanned:
			underWay, x.cancels[r.ID] = true, true
		case r.Shards > 0 && r.Trigger != core.TriggerRetry:
			x.close(r, core.RunSkipped)
			gone = r
		}
	}
	if gone != nil {
		x.dropGuard(gone)
	}
	return underWay
}

// endFiring ends a firing that may not go: all of its runs that have not begun.
func (x *modelled) endFiring(r *modelRun, state core.RunState, marked map[*modelRun]bool) {
	for _, o := range x.open {
		if o == r || o.TaskID == r.TaskID && o.Shards > 0 && o.Firing() == r.Firing() && o.State == core.RunPlanned &&
			o.Trigger != core.TriggerRetry && !marked[o] {
			x.close(o, state)
		}
	}
}

func (x *modelled) start(t *rapid.T) {
	claims := some(t, "given", x.given[x.process(t, "w")])
	require.NoError(t, x.s.TakeNotes(x.ctx, beginnings(testdb.Now(), heldClaims(claims))))
	for _, c := range claims {
		if r := x.holds(c, core.RunDispatched); r != nil {
			r.State = core.RunRunning
		}
	}
}

func heldClaims(claims []claim) []store.Held {
	held := make([]store.Held, len(claims))
	for i, c := range claims {
		held[i] = store.Held{RunID: c.id, Token: c.token}
	}
	return held
}

func (x *modelled) report(t *rapid.T) {
	now := testdb.Now()
	claims := some(t, "given", x.given[x.process(t, "w")])
	state := rapid.SampledFrom([]core.RunState{core.RunSucceeded, core.RunFailed, core.RunTimedOut, core.RunCancelled, core.RunLost}).Draw(t, "state")
	retryable := rapid.Bool().Draw(t, "retryable")
	var next time.Time // that the runs set for their tasks; zero for none
	if rapid.IntRange(0, 3).Draw(t, "sets the next instant") == 0 {
		next = now.Add(time.Duration(rapid.IntRange(-1, 2).Draw(t, "next")) * time.Second)
	}
	var outcomes []core.Outcome
	var current, stale []store.Held
	for i, c := range claims {
		outcomes = append(outcomes, testdb.Outcome(&core.Run{ID: c.id, Token: c.token}, state, func(o *core.Outcome) {
			o.Retryable, o.NextAt = retryable, next
		}))
		if x.holds(c, core.RunDispatched, core.RunRunning) != nil && !slices.Contains(claims[:i], c) {
			current = append(current, heldClaims([]claim{c})...)
		} else {
			stale = append(stale, heldClaims([]claim{c})...)
		}
	}
	sent := x.lastSent(t)
	rec, err := x.s.Record(x.ctx, outcomes, testdb.AnyWorker, func() float64 { return 0 })
	require.NoError(t, err)
	require.Len(t, rec.Runs, len(current))
	require.ElementsMatch(t, stale, rec.Stale)
	var over []*modelRun
	for _, h := range current {
		over = append(over, x.open[h.RunID])
	}
	set := false
	if !next.IsZero() && (state == core.RunSucceeded || state == core.RunFailed) {
		set = x.setNext(over, next, sent, now)
	}
	require.Equal(t, set, rec.Due)
	x.ends(over, state, retryable, now)
}

func (x *modelled) giveBackRuns(t *rapid.T) {
	now := testdb.Now()
	claims := some(t, "given", x.given[x.process(t, "w")])
	require.NoError(t, x.s.Return(x.ctx, heldClaims(claims), testdb.AnyWorker))
	var back []*modelRun
	for _, c := range claims {
		if r := x.holds(c, core.RunDispatched); r != nil {
			back = append(back, r)
		}
	}
	x.giveBack(back)
	for _, c := range claims {
		if r := x.holds(c, core.RunRunning); r != nil {
			x.ends([]*modelRun{r}, core.RunLost, false, now)
		}
	}
}

func (x *modelled) cancel(t *rapid.T) {
	id, ok := x.anyRun(t)
	if !ok {
		return
	}
	underWay, err := x.s.CancelRun(x.ctx, id, "cancelled")
	r := x.open[id]
	require.Equal(t, r != nil, err == nil, err)
	require.Equal(t, r != nil && r.State != core.RunPlanned, underWay != nil)
	switch {
	case underWay != nil:
		x.cancels[id] = true
	case r != nil:
		x.ends([]*modelRun{r}, core.RunCancelled, false, testdb.Now())
	}
}

func (x *modelled) reconcile(t *rapid.T) {
	w, now := x.process(t, "w"), testdb.Now()
	has := some(t, "held", x.given[w])
	_, err := x.s.Reconcile(x.ctx, w, heldClaims(has), testdb.AnyWorker)
	require.NoError(t, err)
	var back []*modelRun
	for _, id := range slices.Sorted(maps.Keys(x.open)) {
		r := x.open[id]
		if r == nil || r.Holder != w || slices.Contains(has, claim{id, r.Token}) {
			continue
		}
		if k := x.tasks[r.TaskID]; r.State == core.RunDispatched && (k == nil || !k.AtMostOnce) {
			back = append(back, r)
		} else {
			x.ends([]*modelRun{r}, core.RunLost, false, now)
		}
	}
	x.giveBack(back)
}

func (x *modelled) die(t *rapid.T) {
	p := x.process(t, rapid.SampledFrom([]string{"m", "w"}).Draw(t, "kind"))
	_, dead, err := x.s.Recover(x.ctx, p, testdb.AnyWorker)
	require.NoError(t, err)
	require.False(t, dead, "it lives")
	require.NoError(t, x.s.Expire(x.ctx, p))
	_, dead, err = x.s.Recover(x.ctx, p, testdb.AnyWorker)
	require.NoError(t, err)
	require.True(t, dead)
	x.recover(p, testdb.Now())
	x.register(t, p) // what it remembers of before, it tries all the same
}

func (x *modelled) wait(t *rapid.T) {
	time.Sleep(time.Duration(rapid.IntRange(1, 12_000).Draw(t, "ms")) * time.Millisecond)
}
