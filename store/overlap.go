package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// A run that may not go now because another firing of its task is under way ends, or is put off (core.Overlap.Turn). One
// that is put off stays planned, under its due instant, and is to be sent a little later: fire_at lies behind due_at. By
// that it is known as one that waits, and by that it is not too late when its turn comes. It looks again by itself after
// waitPoll; but under a policy that lets firings wait, the end of the firing under way wakes the one that is next.

// guardWait is how long a retry that must wait for its task's guard is left before it looks again.
const guardWait = 500 * time.Millisecond

// waitPoll is how long a firing waits before it looks again by itself.
const waitPoll = 2 * time.Second

// waiting is the condition on runs that have been put off.
const waiting = ofTask + " AND state = 'planned' AND fire_at > due_at"

// byDue orders runs by their due instants, those of a firing by their shards.
func byDue(a, b *core.Run) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) }

// ahead gives the run that goes before one whose task's firings queue, "" when it is next: the first that is due earlier and
// has been put off, or whose instant has come without anybody having sent it. The next may be with another master. Of
// runs that wait strictly for a worker nobody may ever come, so they count when a master has them.
func (g *guarding) ahead(h Handout) (id string, err error) {
	come := "fire_at <= ?"
	if h.Task.Routing.Strict {
		come += " AND holder <> ''"
	}
	args := append([]any{h.TaskID, micros(g.now)}, firingArgs(h.Run)[1:]...)
	_, err = g.one([]any{&id}, "SELECT id FROM runs WHERE "+ofTask+" AND state = 'planned' AND (fire_at > due_at OR "+come+`)
		AND NOT (occurrence_id >= ? AND occurrence_id <= ?) AND (due_at < ? OR due_at = ? AND id < ?) ORDER BY due_at, id LIMIT ?`,
		append(args, micros(h.Due), micros(h.Due), h.ID, 1)...)
	return id, err
}

// turningAway settles what becomes of the runs of one dispatch that may not go now.
type turningAway struct {
	*guarding
	over  []*core.Run              // those that ended
	ended map[string]*core.Run     // how firings ended of which more shards may follow, by firing
	waits map[string]time.Duration // how long firings were let wait of which more shards may follow
}

// turnAway ends or puts off the runs of a batch that may not go now.
func (g *guarding) turnAway(batch []Handout) error {
	if len(g.losers) == 0 {
		return nil
	}
	a := turningAway{guarding: g, ended: map[string]*core.Run{}, waits: map[string]time.Duration{}}
	var away []Handout
	for _, h := range batch {
		if _, lost := g.losers[h.ID]; lost {
			away = append(away, h)
		}
	}
	slices.SortStableFunc(away, func(a, b Handout) int { return byDue(a.Run, b.Run) })
	for _, h := range away {
		if err := a.turn(h, g.losers[h.ID]); err != nil {
			return err
		}
	}
	return g.close(a.over)
}

func (a *turningAway) turn(h Handout, before string) error {
	if how := a.gone[h.Firing()]; how != nil {
		return a.end(h, how.State, how.Result.Reason)
	}
	if h.Trigger == core.TriggerRetry || h.PutOff() {
		return a.putOff(h, a.pause(h))
	}
	if pause, known := a.waits[h.Firing()]; known {
		return a.putOff(h, pause)
	}
	if how := a.ended[h.Firing()]; how != nil {
		return a.end(h, how.State, how.Result.Reason)
	}
	switch h.Task.Overlap.Turn(h.Run) {
	case core.TurnReplace:
		return a.replace(h, before)
	case core.TurnWait:
		limit := cmp.Or(h.Task.OverlapWaiting, core.DefaultOverlapWaiting)
		full, err := a.full(h, limit)
		if err != nil {
			return err
		}
		if full {
			return a.end(h, core.RunConflict, fmt.Sprintf("run %s of the task was unfinished, and %d firings waited", before, limit))
		}
		a.waits[h.Firing()] = a.pause(h)
		return a.putOff(h, a.pause(h))
	default:
		// An older firing was on its way once, to a worker or a master that was lost, and was in the way of those that came
		// meanwhile: it is owed. Only an earlier one turns a firing away.
		later, err := a.isLater(before, h.Run)
		if err != nil {
			return err
		}
		if later {
			a.waits[h.Firing()] = a.pause(h)
			return a.putOff(h, a.pause(h))
		}
		return a.end(h, core.RunConflict, fmt.Sprintf("run %s of the task was unfinished", before))
	}
}

// pause is how long a run is left before it looks again by itself.
func (a *turningAway) pause(h Handout) time.Duration {
	if h.Task.Overlap == core.OverlapQueue || h.Task.Overlap == core.OverlapReplace {
		return waitPoll
	}
	return guardWait
}

// putOff has a run wait. Masters claim what is due within the look-ahead, so it is put as far behind that.
func (a *turningAway) putOff(h Handout, pause time.Duration) error {
	at := a.now.Add(pause)
	_, err := a.exec("UPDATE runs SET state = 'planned', holder = '', worker = '', dispatched_at = 0, fire_at = ?, claim_at = ? WHERE id = ?",
		micros(at), micros(at.Add(core.LookAhead)), h.ID)
	return err
}

// end ends a firing: this run, and those of its shards that have not begun and are not in the batch.
func (a *turningAway) end(h Handout, state core.RunState, reason string) error {
	if _, err := a.exec("DELETE FROM runs WHERE id = ?", h.ID); err != nil {
		return err
	}
	ended := []*core.Run{h.Run}
	if h.Shards > 0 && a.ended[h.Firing()] == nil {
		// It ends as a whole: the guard may be free again when the turn of its other shards comes.
		siblings, err := a.takeSiblings(h.Run)
		if err != nil {
			return err
		}
		ended = append(ended, siblings...)
	}
	a.ended[h.Firing()] = h.Run
	a.settle(ended, state, reason)
	return nil
}

func (a *turningAway) settle(runs []*core.Run, state core.RunState, reason string) {
	for _, r := range runs {
		r.State, r.Result.Reason, r.RecordedAt = state, reason, a.now
	}
	a.over = append(a.over, runs...)
}

// replace has a new firing take the place of the one under way, which is asked to end, and of older ones that wait. Where
// a newer one is under way or waits already, as when a master died with the older, that one is skipped.
func (a *turningAway) replace(h Handout, holder string) error {
	if newer, err := a.isLater(holder, h.Run); err != nil {
		return err
	} else if newer {
		return a.end(h, core.RunSkipped, fmt.Sprintf("run %s of the task took its place before it began", holder))
	}
	others, err := a.selectRuns(waiting+" AND NOT (occurrence_id >= ? AND occurrence_id <= ?)", firingArgs(h.Run)...)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(others, func(r *core.Run) bool { return byDue(r, h.Run) > 0 }); i >= 0 {
		return a.end(h, core.RunSkipped, fmt.Sprintf("run %s of the task took its place before it began", others[i].ID))
	}
	reason := fmt.Sprintf("run %s of the task took its place", h.ID)
	skipped, err := a.takeThese(idsOf(others))
	if err != nil {
		return err
	}
	a.settle(skipped, core.RunSkipped, reason+" before it began")
	if h.Replaces, err = a.endHolder(h.TaskID, holder, reason); err != nil {
		return err
	}
	var pause time.Duration // nothing of the other has begun: it is gone
	if h.Replaces {
		pause = a.pause(h)
	}
	a.waits[h.Firing()] = pause
	return a.putOff(h, pause)
}

// isLater says whether who has a guard is of a later firing than r. A retry is of the firing that it tries again: it is the
// occurrence that counts, whose id begins with the instant.
func (a *turningAway) isLater(holder string, r *core.Run) (bool, error) {
	occurrence := holder // of a firing of several runs, of which the first may have ended
	_, err := a.one([]any{&occurrence}, "SELECT occurrence_id FROM runs WHERE id = ?", holder)
	return core.FirstOfInstant(occurrence) > core.FirstOfInstant(r.OccurrenceID), err
}

// endHolder asks the runs of the firing under way to end, says whether there are any, and takes back its shards that have
// not begun.
func (a *turningAway) endHolder(taskID, holder, reason string) (underWay bool, err error) {
	first, last := holder, core.ShardID(holder, core.MaxShards-1)
	// The losers of this dispatch are marked as dispatched too, but hold nothing. The runs are not locked: one that ends at
	// this moment waits for the guard, and finds then that it was asked to (ending.end).
	ids, err := a.strings("SELECT id FROM runs WHERE "+ofTask+` AND state IN ('dispatched','running')
		AND (id = ? OR shards > 0 AND occurrence_id >= ? AND occurrence_id <= ?) ORDER BY id`, taskID, holder, first, last)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if err := a.askCancel(id, reason, a.now); err != nil {
			return false, err
		}
	}
	underWay = len(ids) > 0
	if ids, err = a.strings("SELECT id FROM runs WHERE "+ofFiring+" AND shards > 0 AND state = 'planned' AND triggered_by <> 'retry'",
		taskID, first, last); err != nil {
		return false, err
	}
	unbegun, err := a.takeThese(ids)
	if err != nil {
		return false, err
	}
	a.settle(unbegun, core.RunSkipped, reason+" before it began")
	return underWay, a.dropFirings(unbegun, notStrict)
}

// takeThese takes those of some runs that are still planned out of the queue, and gives them. By their ids: a database
// that looks for them by their task may wait for runs under way, too.
func (t tx) takeThese(ids []string) (taken []*core.Run, err error) {
	slices.Sort(ids)
	err = eachIn(ids, func(list string, args []any) error {
		runs, err := t.takeRuns("state = 'planned' AND id IN "+list, args...)
		taken = append(taken, runs...)
		return err
	})
	return taken, err
}

// full says whether as many firings of a task wait as may.
func (a *turningAway) full(h Handout, limit int) (bool, error) {
	var n int
	_, err := a.one([]any{&n}, "SELECT count(*) FROM runs WHERE "+waiting+" AND NOT (occurrence_id >= ? AND occurrence_id <= ?) AND triggered_by <> 'retry' AND shard = 0",
		firingArgs(h.Run)...)
	return n >= limit, err
}

// wakeWaiting has the firings come at once that are next where these ends gave up a guard.
func (e *ending) wakeWaiting(runs []*core.Run) error {
	tasks := map[string]bool{}
	for _, r := range runs {
		if r.TaskID == "" {
			continue
		}
		// A task that is not known may have firings that wait.
		def, known := e.store.definitions.Get(definitionKey{r.TaskID, r.TaskVersion})
		if !known || def.Overlap == core.OverlapQueue || def.Overlap == core.OverlapReplace {
			tasks[r.TaskID] = true
		}
	}
	for _, task := range slices.Sorted(maps.Keys(tasks)) {
		next, err := e.selectRuns(waiting+" AND holder = '' ORDER BY due_at, id LIMIT ?", task, 1)
		if err != nil {
			return err
		}
		if len(next) == 0 {
			continue
		}
		var holder string
		kept, err := e.one([]any{&holder}, "SELECT run_id FROM guards WHERE task_id = ?", task)
		if err != nil {
			return err
		}
		if kept {
			continue
		}
		if err := e.wake(next[0]); err != nil {
			return err
		}
	}
	return nil
}

// wake has a run that waits come at once, with its siblings. Those that a master is claiming or giving out at this moment are
// passed over: they look by themselves.
func (e *ending) wake(r *core.Run) error {
	ids, err := e.strings("SELECT id FROM runs WHERE "+ofFiring+` AND state = 'planned' AND holder = '' AND fire_at > due_at AND claim_at > ?
		ORDER BY id FOR UPDATE SKIP LOCKED`, append(firingArgs(r), micros(e.now))...)
	if err != nil {
		return err
	}
	// They stay behind their due instants, so that they are known as runs that waited.
	err = eachIn(ids, func(list string, args []any) error {
		_, err := e.exec("UPDATE runs SET fire_at = ?, claim_at = ? WHERE id IN "+list, append([]any{micros(e.now), micros(e.now)}, args...)...)
		return err
	})
	r.FireAt = e.now
	e.woken = append(e.woken, r)
	return err
}
