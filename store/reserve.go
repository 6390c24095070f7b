package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Reserved is a run that a master holds, with what a worker needs to do it.
type Reserved struct {
	*core.Run
	// Task is the definition of a task's run; nil for a delayed task's.
	Task *TaskDefinition
	// Callback is core.Callback as JSON; nil for a plugin task.
	Callback []byte
	// ParentResult is the answer of the parent's run, when there is one.
	ParentResult []byte
	// Replaces says that Dispatch asked runs under way to end, so that this one can take their place.
	Replaces bool
}

// Size is about how many bytes the run takes in memory.
func (r *Reserved) Size() int {
	size := 600 + len(r.Callback) + len(r.ParentResult)
	if r.Task != nil && r.Task.Plugin != nil {
		size += len(r.Task.Plugin.Package) + len(r.Task.Plugin.Task) + len(r.Task.ParamsJSON)
	}
	return size
}

// Reserve marks up to limit planned runs of one queue, the earliest of those to be sent at or before until, as held by
// master, as long as they take up no more than room bytes in memory. It gives them in the order in which they are to be
// sent, and says whether there may be more. A run whose definition is gone is cancelled with a reason instead.
func (s *Store) Reserve(ctx context.Context, master, queue string, until time.Time, limit, room int) (reserved []*Reserved, more bool, err error) {
	if s.clock.stale() {
		if err := s.sampleClock(ctx); err != nil {
			return nil, false, err
		}
	}
	// The look before the claim keeps the writer free when nothing is due.
	var one int
	found, err := s.read(ctx).one([]any{&one}, "SELECT 1 FROM runs WHERE queue = ? AND claim_at <= ? LIMIT 1", queue, micros(until))
	if err != nil || !found {
		return nil, false, s.edge(err)
	}
	err = s.write(ctx, func(t tx) error {
		runs, err := t.claimRuns(master, queue, micros(until), limit)
		if err != nil {
			return err
		}
		more = len(runs) == limit
		// Read before the commit: runs that a master holds without knowing of them would wait for its end.
		var gone, over []*core.Run
		if reserved, gone, over, err = s.fit(t, runs, room); err != nil {
			return err
		}
		if len(over) > 0 {
			more = true
			if err := t.release(master, over); err != nil {
				return err
			}
		}
		return t.endPlanned(master, gone, s.Now())
	})
	if err != nil {
		return nil, false, err
	}
	return reserved, more, nil
}

// largeRun is more than all but the strangest runs take, in bytes. Runs are equipped as many at a time as may fit when they
// are so large.
const largeRun = 1 << 20

// fit equips runs in the order in which they are to be sent until they take up room bytes. Those that are over are given
// as they are: however large they are, not many more are in memory than fit. The first that does not fit ends it, so that
// a large run does not wait for ever while small ones pass it.
func (s *Store) fit(t tx, runs []*core.Run, room int) (reserved []*Reserved, gone, over []*core.Run, err error) {
	slices.SortFunc(runs, func(a, b *core.Run) int { return cmp.Or(a.FireAt.Compare(b.FireAt), cmp.Compare(a.ID, b.ID)) })
	for len(runs) > 0 {
		n := min(len(runs), max(room/largeRun, 1))
		some, none, err := s.equip(t, runs[:n])
		if err != nil {
			return nil, nil, nil, err
		}
		gone, runs = append(gone, none...), runs[n:]
		for i, r := range some {
			if r.Size() > room {
				for _, o := range some[i:] {
					over = append(over, o.Run)
				}
				return reserved, gone, append(over, runs...), nil
			}
			room -= r.Size()
			reserved = append(reserved, r)
		}
	}
	return reserved, gone, nil, nil
}

// equip reads what runs need beside their own row. Runs whose definition is gone are told apart, with the state they are
// to end in.
func (s *Store) equip(t tx, runs []*core.Run) (reserved []*Reserved, gone []*core.Run, err error) {
	var delayed, parents []string
	versions := map[string]int64{}
	for _, r := range runs {
		if r.DelayedID != "" {
			delayed = append(delayed, r.DelayedID)
		} else {
			versions[r.TaskID] = max(versions[r.TaskID], r.TaskVersion)
		}
		if r.ParentRunID != "" {
			parents = append(parents, r.ParentRunID)
		}
	}
	defs, err := s.definitionsOf(t, versions)
	if err != nil {
		return nil, nil, err
	}
	callbacks, err := t.blobs("SELECT id, callback FROM delayed_tasks WHERE id IN ", delayed)
	if err != nil {
		return nil, nil, err
	}
	results, err := t.blobs("SELECT id, response FROM run_history WHERE id IN ", parents)
	if err != nil {
		return nil, nil, err
	}
	given, err := t.overrides(runs)
	if err != nil {
		return nil, nil, err
	}
	reserved = make([]*Reserved, 0, len(runs))
	for _, r := range runs {
		out := &Reserved{Run: r, ParentResult: results[r.ParentRunID]}
		if r.DelayedID != "" {
			out.Callback = callbacks[r.DelayedID]
		} else if def := defs[r.TaskID]; def != nil && r.TaskVersion == versions[r.TaskID] {
			out.Task = def.overridden(given[r.Firing()])
			out.Callback = out.Task.CallbackJSON
		}
		if out.Callback == nil && (out.Task == nil || out.Task.Plugin == nil) {
			r.State, r.Result.Reason = core.RunCancelled, "its definition is gone: the task was changed"
			gone = append(gone, r)
			continue
		}
		reserved = append(reserved, out)
	}
	return reserved, gone, nil
}

func (t tx) blobs(query string, ids []string) (map[string][]byte, error) {
	out := make(map[string][]byte, len(ids))
	err := eachIn(ids, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var (
				id   string
				blob []byte
			)
			err := rows.Scan(&id, &blob)
			out[id] = blob
			return err
		}, query+list, args...)
	})
	return out, err
}

// Release gives runs that master holds back to the queue, to be claimed by any master at once.
func (s *Store) Release(ctx context.Context, master string, runs []*core.Run) error {
	return s.write(ctx, func(t tx) error { return t.release(master, runs) })
}

func (t tx) release(master string, runs []*core.Run) error {
	return byToken(heldRuns(runs), func(token int64, ids []string) error {
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("UPDATE runs SET holder = '', claim_at = fire_at WHERE holder = ? AND token = ? AND state = 'planned' AND id IN "+list,
				append([]any{master, token}, args...)...)
			return err
		})
	})
}

// EndPlanned ends runs that master holds without sending them: each run's State and Result.Reason say how. It is how a
// firing that is too late becomes missed. With an empty master it ends runs that nobody holds. RecordedAt is set of those
// that it ended: others were given on, or withdrawn, meanwhile. One that the database refuses stays as it is.
func (s *Store) EndPlanned(ctx context.Context, master string, runs []*core.Run) error {
	return apart(ctx, s, runs, func(some []*core.Run) error {
		return s.write(ctx, func(t tx) error { return t.endPlanned(master, some, s.Now()) })
	}, func(r *core.Run, refusal error) error {
		s.log.Error("a run could not be ended", "run", r.ID, "task", r.TaskID, "as", r.State, "error", refusal)
		r.RecordedAt = time.Time{}
		return nil
	})
}

func (t tx) endPlanned(master string, runs []*core.Run, now time.Time) error {
	if err := t.lockShared(runs); err != nil {
		return err
	}
	var ended []*core.Run
	for _, r := range runs {
		n, err := t.exec("DELETE FROM runs WHERE id = ? AND token = ? AND holder = ? AND state = 'planned'", r.ID, r.Token, master)
		if err != nil {
			return err
		}
		if r.RecordedAt = (time.Time{}); n == 1 {
			r.RecordedAt = now
			ended = append(ended, r)
		}
	}
	if err := t.dropFirings(ended, notStrict); err != nil {
		return err
	}
	return t.close(ended)
}

// Held names a run by the token it was claimed with.
type Held struct {
	RunID string
	Token int64
}

func heldRuns(runs []*core.Run) []Held {
	held := make([]Held, len(runs))
	for i, r := range runs {
		held[i] = Held{r.ID, r.Token}
	}
	return held
}

// byToken calls fn once for each token with the ids that have it. Most runs are claimed once, so there are few tokens.
func byToken(held []Held, fn func(token int64, ids []string) error) error {
	groups := map[int64][]string{}
	var order []int64
	for _, h := range held {
		if _, ok := groups[h.Token]; !ok {
			order = append(order, h.Token)
		}
		groups[h.Token] = append(groups[h.Token], h.RunID)
	}
	for _, token := range order {
		if err := fn(token, groups[token]); err != nil {
			return err
		}
	}
	return nil
}
