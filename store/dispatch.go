package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Handout is a run about to be given to a worker.
type Handout struct {
	*Reserved
	Worker      string // name
	Incarnation string
}

// Dispatch commits runs that master holds as dispatched, each to its worker, and gives those that may now be sent. Left
// out are runs that were withdrawn meanwhile, runs whose task's guard is taken, which end or wait as the task's overlap
// policy says, any whose reservation is no longer master's, and one that the database refuses, which ends as failed. What it gives is dispatched, and must be sent, even when it fails over the rest.
func (s *Store) Dispatch(ctx context.Context, master string, batch []Handout) ([]Handout, error) {
	var sent []Handout
	err := apart(ctx, s, batch, func(some []Handout) error {
		given, err := s.dispatch(ctx, master, some)
		sent = append(sent, given...)
		return err
	}, func(h Handout, refusal error) error { return s.failPlanned(ctx, master, h.Run, refusal) })
	return sent, err
}

func (s *Store) dispatch(ctx context.Context, master string, batch []Handout) ([]Handout, error) {
	var sent []Handout
	err := s.write(ctx, func(t tx) error {
		now := s.Now()
		for _, h := range batch { // a transaction before this one may have lost a race
			h.State, h.Replaces = core.RunPlanned, false
		}
		g := guarding{tx: t, now: now}
		if err := g.lock(batch); err != nil {
			return err
		}
		won, err := t.markDispatched(master, batch, now)
		if err != nil {
			return err
		}
		if err := g.take(won); err != nil {
			return err
		}
		sent = sent[:0]
		for _, h := range won {
			if _, lost := g.losers[h.ID]; !lost {
				sent = append(sent, h)
			}
		}
		return g.turnAway(won)
	})
	if err != nil {
		return nil, err
	}
	return sent, nil
}

// failPlanned ends a run that could not be dispatched as dispatched and failed at once, with no run to follow. When that
// is refused, too, the run stays reserved by its master, which has it no more in its memory: it is tried again once that
// one has ended.
func (s *Store) failPlanned(ctx context.Context, master string, r *core.Run, refusal error) error {
	s.log.Error("a run failed: it could not be dispatched", "run", r.ID, "task", r.TaskID, "delayed", r.DelayedID, "error", refusal)
	var failed core.Run
	err := s.write(ctx, func(t tx) error {
		failed = *r
		failed.State = core.RunPlanned
		n, err := t.exec("DELETE FROM runs WHERE id = ? AND token = ? AND holder = ? AND state = 'planned'", r.ID, r.Token, master)
		if err != nil || n == 0 {
			return err
		}
		now := s.Now()
		failed.State, failed.DispatchedAt, failed.RecordedAt = core.RunFailed, now, now
		failed.Result.Reason = "it could not be dispatched: " + plain(refusal)
		e := s.newEnding(t, now, nil)
		e.bare = true
		return e.end([]ended{{Run: &failed}})
	})
	if err == nil {
		*r = failed
		return nil
	}
	if r.State = core.RunPlanned; !s.refuses(ctx, err) {
		return err
	}
	s.log.Error("nor could its failure be recorded: it waits for the end of this master", "run", r.ID, "error", err)
	return nil
}

type target struct {
	incarnation string
	token       int64
}

func (t tx) markDispatched(master string, batch []Handout, now time.Time) ([]Handout, error) {
	groups := map[target][]string{}
	var order []target
	for _, h := range batch {
		k := target{h.Incarnation, h.Token}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], h.ID)
	}
	names := map[string]string{}
	for _, h := range batch {
		names[h.Incarnation] = h.Worker
	}
	won := make(map[Held]bool, len(batch)) // by token too: a run may have been claimed again beside an old claim
	for _, k := range order {
		err := eachIn(groups[k], func(list string, args []any) error {
			ids, err := t.changeIDs("state = 'dispatched', holder = ?, worker = ?, dispatched_at = ?",
				[]any{k.incarnation, names[k.incarnation], micros(now)},
				"state = 'planned' AND holder = ? AND token = ? AND id IN "+list, append([]any{master, k.token}, args...)...)
			for _, id := range ids {
				won[Held{id, k.token}] = true
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var out []Handout
	for _, h := range batch {
		if won[Held{h.ID, h.Token}] {
			h.State, h.DispatchedAt, h.RecordedAt, h.Result = core.RunDispatched, now, time.Time{}, core.Result{}
			h.Run.Holder, h.Run.Worker = h.Incarnation, h.Worker
			out = append(out, h)
		}
	}
	return out, nil
}
