package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// A firing that goes to several workers is a run for each, a shard, and each shard is an occurrence of its own: it has its
// own idempotency key, is retried and recovered by itself, and counts by itself. Three things they have in common.
//
// They are born together: all shards are written by the transaction that makes the firing, or the one that finds workers
// for it.
//
// They share the guard of their task, which is the firing's and not a run's. The first shard that is dispatched takes it;
// the others join. It is given up when no shard is under way and none is still to begin: a later firing never comes
// between two shards of an earlier one. Shards that wait for their worker strictly do not keep it, or a worker that is gone
// would stop its task. A retry of a shard keeps it no more than other retries do: it joins when the firing still has it,
// and otherwise waits for it. Whoever joins or gives up locks the row of the guard first (guard.go), so that the two never cross.
//
// Their children are fired once: by the success that is the last of the firing, when every shard has had one.

// ofFiring is the condition on the shards of a firing and all their attempts. They are found by their task: its open runs
// are few.
const ofFiring = ofTask + " AND occurrence_id >= ? AND occurrence_id <= ?"

func firingArgs(r *core.Run) []any {
	last := r.OccurrenceID
	if r.Shards > 0 {
		last = core.ShardID(last, core.MaxShards-1)
	}
	return []any{r.TaskID, r.Firing(), last}
}

// guardHolder names who holds the guard when r does: the firing when r is one of its shards, or the run itself.
func guardHolder(r *core.Run) string {
	if r.Shards == 0 {
		return r.ID
	}
	return r.Firing()
}

// begun says whether a firing of which these runs are about to be sent has others under way.
func (t tx) begun(runs []Handout) (bool, error) {
	ids, err := t.strings("SELECT id FROM runs WHERE "+ofFiring+" AND state <> 'planned'", firingArgs(runs[0].Run)...)
	return slices.ContainsFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(runs, func(h Handout) bool { return h.ID == id })
	}), err
}

// endedWhole gives a shard of a firing that ended as a whole before it began; nil when it did not. takeSiblings may have
// left a shard that another master was giving out at that moment.
func (t tx) endedWhole(r *core.Run) (*core.Run, error) {
	if r.Shards == 0 {
		return nil, nil
	}
	ended, err := t.history(false, "WHERE id >= ? AND id <= ? AND state IN ('conflict','skipped') ORDER BY id LIMIT 1",
		r.Firing(), core.ShardID(r.Firing(), core.MaxShards-1))
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	return ended[0], nil
}

// lockFirings locks the guards that planned runs may keep for their firings, before the runs are written.
func (t tx) lockFirings(where string, args ...any) error {
	tasks, err := t.strings("SELECT DISTINCT task_id FROM runs WHERE "+where+" AND state = 'planned' AND shards > 0", args...)
	if err != nil {
		return err
	}
	_, err = t.holders(tasks)
	return err
}

// lockShared does so for those of runs that are shards.
func (t tx) lockShared(runs []*core.Run) error {
	var tasks []string
	for _, r := range runs {
		if r.Shards > 0 {
			tasks = append(tasks, r.TaskID)
		}
	}
	_, err := t.holders(tasks)
	return err
}

// dropFirings gives up the guards of firings of which these shards left the queue or went back to it, where no other
// shard keeps them. strict says of a run whether its shards wait for their workers strictly.
func (t tx) dropFirings(runs []*core.Run, strict func(*core.Run) bool) error {
	var shards []*core.Run
	for _, r := range runs {
		if r.Shards > 0 {
			shards = append(shards, r)
		}
	}
	slices.SortFunc(shards, func(a, b *core.Run) int {
		return cmp.Or(cmp.Compare(a.TaskID, b.TaskID), cmp.Compare(a.OccurrenceID, b.OccurrenceID))
	})
	shards = slices.CompactFunc(shards, func(a, b *core.Run) bool { return a.TaskID == b.TaskID && a.Firing() == b.Firing() })
	tasks := make([]string, len(shards))
	for i, r := range shards {
		tasks[i] = r.TaskID
	}
	owner, err := t.holders(tasks)
	if err != nil {
		return err
	}
	for _, r := range shards {
		if owner[r.TaskID] != r.Firing() {
			continue
		}
		keeps := " AND (state <> 'planned' OR triggered_by <> 'retry')"
		if strict(r) {
			keeps = " AND state <> 'planned'"
		}
		var one int
		kept, err := t.one([]any{&one}, "SELECT 1 FROM runs WHERE "+ofFiring+keeps+" ORDER BY id LIMIT ?", append(firingArgs(r), 1)...)
		if err != nil {
			return err
		}
		if kept {
			continue
		}
		if _, err := t.exec("DELETE FROM guards WHERE task_id = ? AND run_id = ?", r.TaskID, r.Firing()); err != nil {
			return err
		}
	}
	return nil
}

// notStrict is for shards that were withdrawn before they began: had they waited strictly, they would not have kept the
// guard, and if their firing holds it all the same another shard is under way.
func notStrict(*core.Run) bool { return false }

// strict is what dropFirings asks of shards that were under way. A definition that has moved on has withdrawn what was
// planned, so it makes no difference.
func (e *ending) strict(r *core.Run) bool {
	defs, err := e.store.definitionsOf(e.tx, map[string]int64{r.TaskID: r.TaskVersion})
	return err == nil && defs[r.TaskID] != nil && defs[r.TaskID].Routing.Strict
}

// dropGuardsOf gives up the guards that runs hold which are no longer under way.
func (e *ending) dropGuardsOf(runs []*core.Run) error {
	if err := e.dropGuards(runs); err != nil {
		return err
	}
	return e.dropFirings(runs, e.strict)
}

// takeSiblings takes the shards of a firing that have not begun out of the queue, and gives them. It leaves those that
// another master is giving out at this moment: that one waits for the guard, and must not be waited for.
func (t tx) takeSiblings(r *core.Run) ([]*core.Run, error) {
	ids, err := t.strings("SELECT id FROM runs WHERE "+ofFiring+" AND state = 'planned' AND triggered_by <> 'retry' ORDER BY id FOR UPDATE SKIP LOCKED",
		firingArgs(r)...)
	if err != nil {
		return nil, err
	}
	return t.takeThese(ids)
}

// fireShardedChildren plans the children of firings that these successes complete. It comes after the runs have moved to the
// history, and under the lock of their tasks: of two masters that record the last two successes at once, the one that has
// to wait for the other finds the other's then.
func (e *ending) fireShardedChildren(runs []ended) error {
	seen := map[string]bool{}
	var last []ended
	var parents []string
	for _, r := range runs {
		if r.TaskID != "" && r.Shards > 0 && r.State == core.RunSucceeded && !seen[r.Firing()] {
			seen[r.Firing()] = true
			last, parents = append(last, r), append(parents, r.TaskID)
		}
	}
	if len(parents) == 0 {
		return nil
	}
	children, err := e.childrenOf(parents)
	if err != nil || len(children) == 0 {
		return err
	}
	last = slices.DeleteFunc(last, func(r ended) bool { return len(children[r.TaskID]) == 0 })
	slices.Sort(parents)
	err = eachIn(slices.Compact(parents), func(list string, args []any) error {
		_, err := e.strings("SELECT id FROM tasks WHERE id IN "+list+" ORDER BY id FOR UPDATE", args...)
		return err
	})
	if err != nil {
		return err
	}
	complete := last[:0]
	for _, r := range last {
		done, err := e.complete(r.Run)
		if err != nil {
			return err
		}
		if done {
			complete = append(complete, r)
		}
	}
	return e.planChildren(complete, children)
}

// complete says whether every shard of a firing has succeeded.
func (e *ending) complete(r *core.Run) (bool, error) {
	var n int
	open, err := e.one([]any{&n}, "SELECT 1 FROM runs WHERE "+ofFiring+" ORDER BY id LIMIT ?", append(firingArgs(r), 1)...)
	if err != nil || open {
		return false, err
	}
	// No run of a firing is due before it. An occurrence succeeds once.
	_, err = e.one([]any{&n}, "SELECT count(*) FROM run_history WHERE "+ofFiring+" AND id >= ? AND coalesce(state, '') = 'succeeded'",
		append(firingArgs(r), core.FirstOfInstant(r.Firing()))...)
	return n >= r.Shards, err
}

// Abandon ends planned shards that nobody holds and whose worker is gone: no other does them in its place.
func (s *Store) Abandon(ctx context.Context, queue, reason string, ids []string, route Route) (over []*core.Run, err error) {
	err = s.write(ctx, func(t tx) error {
		over = over[:0]
		now := s.Now()
		var all []ended
		err := eachIn(ids, func(list string, args []any) error {
			if err := t.lockFirings("id IN "+list, args...); err != nil {
				return err
			}
			runs, err := t.takeRuns("queue = ? AND state = 'planned' AND holder = '' AND id IN "+list, append([]any{queue}, args...)...)
			for _, r := range runs {
				r.State, r.Result.Reason, r.RecordedAt = core.RunCancelled, reason, now
				over, all = append(over, r), append(all, ended{Run: r, abandoned: true})
			}
			return err
		})
		if err != nil {
			return err
		}
		return s.newEnding(t, now, route).end(all)
	})
	return over, err
}
