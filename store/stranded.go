package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Reroute moves planned runs that nobody holds from one queue to another, when the worker of the first is gone.
func (s *Store) Reroute(ctx context.Context, from, to string, ids []string) error {
	return s.write(ctx, func(t tx) error {
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("UPDATE runs SET queue = ? WHERE queue = ? AND state = 'planned' AND holder = '' AND id IN "+list,
				append([]any{to, from}, args...)...)
			return err
		})
	})
}

// Stranded is a planned run in a queue that no worker may serve.
type Stranded struct {
	RunID string
	Queue string
	// Destination is where it may go; Last is the worker that it waits for.
	Destination core.Destination
	// FireAt is from when a master may take it.
	FireAt time.Time
}

// Place is how far a look through the queues of workers that are gone has come. The zero Place is before all of them.
type Place struct {
	Queue   string
	ClaimAt time.Time
	RunID   string // the last run looked at; empty when the queue has been looked through
}

// Stranded gives up to limit planned runs behind a place that are due by until and in a queue pinned to a worker other
// than those that are served, or in that of none, and the place to go on from, which is zero when there are no more.
func (s *Store) Stranded(ctx context.Context, served []string, until time.Time, from Place, limit int) (stranded []Stranded, next Place, err error) {
	t := s.read(ctx)
	for limit > 0 {
		if from.RunID == "" {
			if from.Queue, err = t.pinnedQueue(from.Queue); err != nil || from.Queue == "" {
				return stranded, Place{}, s.edge(err)
			}
		}
		waiting := []*core.Run(nil)
		name, _ := core.NodeOfQueue(from.Queue)
		if !slices.Contains(served, from.Queue) {
			if waiting, err = t.waiting(from, until, limit); err != nil {
				return nil, Place{}, s.edge(err)
			}
		}
		destinations, err := s.destinationsOf(t, waiting)
		if err != nil {
			return nil, Place{}, s.edge(err)
		}
		for _, r := range waiting {
			if d, known := destinations[r.ID]; known {
				d.Last = name
				stranded = append(stranded, Stranded{r.ID, from.Queue, d, r.FireAt})
			}
		}
		if len(waiting) < limit {
			from = Place{Queue: from.Queue}
		} else {
			last := waiting[len(waiting)-1]
			from = Place{from.Queue, last.FireAt, last.ID}
		}
		limit -= len(waiting)
	}
	return stranded, from, nil
}

// pinnedQueue gives the first queue after another, in order, that is pinned to a worker and in which runs wait that
// nobody holds; empty when there is none. It looks each up by the index, which costs less than reading all its rows.
func (t tx) pinnedQueue(after string) (string, error) {
	pinned := core.QueueOfNode("")                               // the queue of runs that no worker is there for, too
	before := strings.TrimSuffix(pinned, pinned[len(pinned)-1:]) // no queue lies between
	queues, err := t.strings("SELECT queue FROM runs WHERE claim_at IS NOT NULL AND queue > ? ORDER BY queue LIMIT ?", max(after, before), 1)
	if err != nil || len(queues) == 0 || !strings.HasPrefix(queues[0], pinned) {
		return "", err
	}
	return queues[0], nil
}

// waiting gives runs of a queue behind a place, in the order in which they may be claimed. FireAt is from when.
func (t tx) waiting(from Place, until time.Time, limit int) ([]*core.Run, error) {
	var runs []*core.Run
	scan := func(rows *sql.Rows) error {
		var r core.Run
		var claimAt int64
		err := rows.Scan(&r.ID, &claimAt, &r.TaskID, &r.TaskVersion, &r.DelayedID)
		r.FireAt = instant(claimAt)
		runs = append(runs, &r)
		return err
	}
	const columns = "SELECT id, claim_at, task_id, task_version, delayed_id FROM runs WHERE queue = ? AND "
	// Those of the same instant are asked for apart, so that both are ranges of the index.
	if from.RunID != "" && !from.ClaimAt.After(until) {
		if err := t.each(scan, columns+"claim_at = ? AND id > ? ORDER BY id LIMIT ?", from.Queue, micros(from.ClaimAt), from.RunID, limit); err != nil {
			return nil, err
		}
	}
	if limit -= len(runs); limit == 0 {
		return runs, nil
	}
	err := t.each(scan, columns+"claim_at > ? AND claim_at <= ? ORDER BY claim_at, id LIMIT ?", from.Queue, micros(from.ClaimAt), micros(until), limit)
	return runs, err
}

// destinationsOf says where runs may go, by run id. A run whose definition is gone may go to any worker, which finds that out.
// One is left out that moved on to its task's next version since it was read: it is found again.
func (s *Store) destinationsOf(t tx, runs []*core.Run) (map[string]core.Destination, error) {
	versions := map[string]int64{}
	var delayed []string
	for _, r := range runs {
		if r.DelayedID != "" {
			delayed = append(delayed, r.DelayedID)
		} else {
			versions[r.TaskID] = r.TaskVersion
		}
	}
	defs, err := s.definitionsOf(t, versions)
	if err != nil {
		return nil, err
	}
	var orphans []*core.Run
	for _, r := range runs {
		if r.DelayedID == "" && defs[r.TaskID] == nil {
			orphans = append(orphans, r)
		}
	}
	moved, err := t.movedOn(orphans)
	if err != nil {
		return nil, err
	}
	lists, err := t.blobs("SELECT id, executors FROM delayed_tasks WHERE id IN ", delayed)
	if err != nil {
		return nil, err
	}
	destinations := make(map[string]core.Destination, len(runs))
	for _, r := range runs {
		if r.DelayedID == "" {
			if def := defs[r.TaskID]; def != nil {
				destinations[r.ID] = destination(r.TaskID, &def.Definition, "")
			} else if !moved[r.ID] {
				destinations[r.ID] = core.Destination{}
			}
			continue
		}
		names, err := decodeNames(string(lists[r.DelayedID]))
		if err != nil {
			// One list that cannot be read must not keep other runs from being routed: any worker may do it.
			s.log.Error("the executors of a delayed task cannot be read", "delayed", r.DelayedID, "error", err)
		}
		destinations[r.ID] = core.Destination{Executors: names}
	}
	return destinations, nil
}

// movedOn says which of runs are not of the version any more that they were read with.
func (t tx) movedOn(runs []*core.Run) (map[string]bool, error) {
	moved := make(map[string]bool, len(runs))
	for _, r := range runs {
		moved[r.ID] = true
	}
	err := eachIn(idsOf(runs), func(list string, args []any) error {
		now, err := t.selectRuns("id IN "+list, args...)
		for _, n := range now {
			moved[n.ID] = !slices.ContainsFunc(runs, func(r *core.Run) bool { return r.ID == n.ID && r.TaskVersion == n.TaskVersion })
		}
		return err
	})
	return moved, err
}
