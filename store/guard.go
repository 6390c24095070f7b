package store

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// A guard is a row that names the firing of a task which is under way: its run, or the first of its shards. Many masters
// meet there, so what they do to the runs of a task is put in order by its lock:
//
//   - Who takes, joins or gives up a guard holds its lock until the commit, and looks at the runs of the task under it.
//   - A transaction that ends a run under way, or gives it back, writes the run first and the guard next. Whether somebody
//     asked to end the run it reads after that, so that who holds the guard may ask without a lock on the run.
//   - A transaction that deals with runs which are still planned, and may look at others of their task, locks the guard
//     before it writes any of them.
//   - Of several guards the locks are taken in the order of the tasks.
//
// Where two find no guard, and so nothing to lock, they meet at its making. They may then wait for each other in a ring, of
// which the database undoes one, which begins anew.

// guarding is what one dispatch does about guards.
type guarding struct {
	tx
	now time.Time
	// before is who had the guards of the batch before any of its runs was marked. It is known when a policy needs it.
	before map[string]string
	known  bool
	// losers are the runs that may not go, with the run or firing that goes before each.
	losers map[string]string
	// gone tells how firings ended as a whole of which a shard is in the batch all the same, by firing.
	gone map[string]*core.Run
}

func (h Handout) guarded() bool { return h.Task != nil && h.Task.Overlap.Guarded() }

// shares says whether what becomes of the run, or of others by it, depends on more runs of its task.
func (h Handout) shares() bool {
	return h.guarded() && (h.Shards > 0 || h.Task.Overlap == core.OverlapQueue || h.Task.Overlap == core.OverlapReplace)
}

// lock locks the guards of a batch where one of its tasks calls for more than taking or finding it taken. Then it locks
// all: the others of the batch are taken later, and in key order with these.
func (g *guarding) lock(batch []Handout) (err error) {
	if !slices.ContainsFunc(batch, Handout.shares) {
		return nil
	}
	var tasks []string
	for _, h := range batch {
		if h.guarded() {
			tasks = append(tasks, h.TaskID)
		}
	}
	g.known = true
	g.before, err = g.holders(tasks)
	return err
}

// holders locks the guards of tasks and gives who has them.
func (t tx) holders(tasks []string) (map[string]string, error) {
	owner := map[string]string{}
	tasks = slices.Sorted(slices.Values(tasks))
	err := eachIn(slices.Compact(tasks), func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var task, run string
			err := rows.Scan(&task, &run)
			owner[task] = run
			return err
		}, "SELECT task_id, run_id FROM guards WHERE task_id IN "+list+" ORDER BY task_id FOR UPDATE", args...)
	})
	return owner, err
}

// take takes the guards that runs need: of the runs of a task the first in the batch does, under the policy queue the
// first that was due. It finds the losers.
func (g *guarding) take(batch []Handout) error {
	var guarded []Handout
	first := map[string]Handout{} // by task
	for _, h := range batch {
		if !h.guarded() {
			continue
		}
		guarded = append(guarded, h)
		f, more := first[h.TaskID]
		if !more || h.Task.Overlap == core.OverlapQueue && byDue(h.Run, f.Run) < 0 {
			first[h.TaskID] = h
		}
	}
	owner, err := g.insert(first)
	if err != nil {
		return err
	}
	g.losers, g.gone = map[string]string{}, map[string]*core.Run{}
	fresh := map[string][]Handout{} // those of a firing that has just got its guard, by task
	for _, h := range guarded {
		switch holder := guardHolder(h.Run); {
		case owner[h.TaskID] != holder:
			g.losers[h.ID] = owner[h.TaskID]
		case g.known && g.before[h.TaskID] != holder && h.shares():
			fresh[h.TaskID] = append(fresh[h.TaskID], h)
		}
	}
	for _, task := range slices.Sorted(maps.Keys(fresh)) {
		if err := g.review(fresh[task]); err != nil {
			return err
		}
	}
	return nil
}

// insert makes the guards of tasks, for a run of each, and gives who has them. It holds the locks of those that it made,
// and of all when it finds one made already.
func (g *guarding) insert(first map[string]Handout) (map[string]string, error) {
	owner := map[string]string{}
	missing := slices.Sorted(maps.Keys(first))
	for len(missing) > 0 {
		taken, err := insertRows(g.tx, into{table: "guards", columns: "task_id,run_id,taken_at", key: "task_id", keep: true}, missing,
			func(task string, args []any) []any {
				return append(args, task, guardHolder(first[task].Run), micros(g.now))
			})
		if err != nil {
			return nil, err
		}
		if g.words.counts() && taken == int64(len(missing)) {
			for _, task := range missing {
				owner[task] = guardHolder(first[task].Run)
			}
			return owner, nil
		}
		found, err := g.holders(missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(owner, found)
		// A guard that was given up between the two statements is there for the taking.
		missing = slices.DeleteFunc(missing, func(task string) bool { return owner[task] != "" })
	}
	return owner, nil
}

// review looks, under the lock of a guard that a firing has just got, whether it may have it: not when the firing ended as a
// whole while these runs of it were on their way here, and not when its task's firings queue and it is not next.
func (g *guarding) review(runs []Handout) error {
	r := runs[0]
	if r.Shards > 0 {
		if begun, err := g.begun(runs); begun || err != nil {
			return err // the rest of a firing that is under way goes with it
		}
	}
	var before string
	gone, err := g.endedWhole(r.Run)
	switch {
	case err != nil:
		return err
	case gone != nil && !slices.ContainsFunc(runs, func(h Handout) bool { return h.Trigger == core.TriggerRetry }):
		before, g.gone[r.Firing()] = gone.ID, gone
	case r.Task.Overlap == core.OverlapQueue:
		if before, err = g.ahead(r); err != nil {
			return err
		}
	}
	if before == "" {
		return nil
	}
	for _, h := range runs {
		g.losers[h.ID] = before
	}
	_, err = g.exec("DELETE FROM guards WHERE task_id = ? AND run_id = ?", r.TaskID, guardHolder(r.Run))
	return err
}

// dropGuards gives up the guards that single runs hold. That of a firing may have its first shard's id and goes by another
// rule: dropFirings.
func (t tx) dropGuards(runs []*core.Run) error {
	held := make([]*core.Run, 0, len(runs))
	for _, r := range runs {
		if r.TaskID != "" && r.Shards == 0 {
			held = append(held, r)
		}
	}
	slices.SortFunc(held, func(a, b *core.Run) int { return cmp.Compare(a.TaskID, b.TaskID) })
	tasks, ids := make([]string, len(held)), make([]string, len(held))
	for i, r := range held {
		tasks[i], ids[i] = r.TaskID, r.ID
	}
	return eachIn(tasks, func(list string, args []any) error {
		n := min(len(ids), maxIn)
		these := ids[:n]
		ids = ids[n:]
		return eachIn(these, func(runList string, runArgs []any) error {
			_, err := t.exec("DELETE FROM guards WHERE task_id IN "+list+" AND run_id IN "+runList, append(args, runArgs...)...)
			return err
		})
	})
}
