package store

import (
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// EndLate settles runs of schedules that are too late to be sent, of tasks that may make up for the latest of their missed
// firings. holder has them; with an empty one nobody does. Those that later firings stand for are ended as each run's
// State and Result.Reason say; RecordedAt is set of them. It gives those that are sent all the same, which are put off to
// now when somebody holds them. Runs of a task whose stretch of missed firings is not planned to its end are given back to
// the queue, to be looked at again once it is.
//
// What is due later decides, and stays decided: a later firing that was planned is sent, or missed for one later still.
// So masters that settle runs of a task at once need no lock between them.
func (s *Store) EndLate(ctx context.Context, holder string, runs []*core.Run) (made []*core.Run, err error) {
	err = apart(ctx, s, runs, func(some []*core.Run) error {
		goes, err := s.endLate(ctx, holder, some)
		made = append(made, goes...)
		return err
	}, func(r *core.Run, refusal error) error {
		s.log.Error("a late run could not be ended", "run", r.ID, "task", r.TaskID, "error", refusal)
		r.RecordedAt = time.Time{}
		return nil
	})
	return made, err
}

func (s *Store) endLate(ctx context.Context, holder string, runs []*core.Run) (made []*core.Run, err error) {
	versions := map[string]int64{}
	for _, r := range runs {
		versions[r.TaskID] = max(versions[r.TaskID], r.TaskVersion)
	}
	var missed []*core.Run
	err = s.write(ctx, func(t tx) error {
		made, missed = nil, nil
		now := s.Now()
		if err := t.lockShared(runs); err != nil {
			return err
		}
		defs, err := s.definitionsOf(t, versions)
		if err != nil {
			return err
		}
		for _, r := range runs {
			l := latecomer{Run: r, now: now}
			if def := defs[r.TaskID]; def != nil {
				l.madeUp, l.limit = def.MakesUp(), now.Add(-core.MisfireLimit(def.MisfireAfter))
			}
			goes, known, err := t.standsFor(l)
			switch {
			case err != nil:
				return err
			case known && !goes:
				missed = append(missed, r)
				continue
			}
			kept, err := t.keepLate(holder, r, goes, now)
			if err != nil {
				return err
			}
			if r.RecordedAt = (time.Time{}); kept && goes {
				made = append(made, r)
			}
		}
		return t.endPlanned(holder, missed, now)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if !slices.Contains(missed, r) {
			r.State, r.Result.Reason = core.RunPlanned, ""
		}
	}
	return made, nil
}

// latecomer is a run that is too late, with what its task says of that.
type latecomer struct {
	*core.Run
	madeUp int       // how many of the latest missed firings are made up for
	limit  time.Time // what is due earlier is missed
	now    time.Time
}

// standsFor says whether a late run is of one of the latest missed firings of its task, those that are sent all the same;
// known is false while there may be later ones that are not planned yet.
func (t tx) standsFor(l latecomer) (goes, known bool, err error) {
	if l.madeUp == 0 {
		return false, true, nil
	}
	var next int64
	behind, err := t.one([]any{&next}, "SELECT next_due FROM task_plans WHERE task_id = ? AND next_due < ?", l.TaskID, micros(l.limit))
	if err != nil || behind {
		return false, false, err
	}
	later, err := t.strings("SELECT id FROM runs WHERE "+ofTask+` AND triggered_by = 'schedule' AND shard = 0 AND due_at > ? AND due_at < ?
		ORDER BY id LIMIT ?`, l.TaskID, micros(l.Due), micros(l.limit), l.madeUp)
	if err != nil || len(later) >= l.madeUp {
		return false, true, err
	}
	// Those that were sent, or would have been had the task been free, count too, and once: one may have ended between the
	// two looks. Ids begin with the due instant.
	ended, err := t.strings("SELECT id FROM run_history WHERE "+ofTask+` AND id > ? AND id < ? AND `+bySchedule+` AND shard = 0
		AND state NOT IN ('missed','cancelled') AND due_at > ? ORDER BY id LIMIT ?`,
		l.TaskID, l.ID, core.FirstRunID(l.limit), micros(l.Due), l.madeUp)
	ended = slices.DeleteFunc(ended, func(id string) bool { return slices.Contains(later, id) })
	return len(later)+len(ended) < l.madeUp, true, err
}

// keepLate has a late run count as one that is to be sent now when it goes, and be looked at again later when it does not
// yet. What nobody holds is left as it is, for whoever takes it.
func (t tx) keepLate(holder string, r *core.Run, goes bool, now time.Time) (bool, error) {
	const held = " WHERE id = ? AND token = ? AND holder = ? AND state = 'planned'"
	if holder == "" {
		return true, nil
	}
	if !goes {
		_, err := t.exec("UPDATE runs SET holder = '', claim_at = ?"+held, micros(now.Add(core.LookAhead+guardWait)), r.ID, r.Token, holder)
		return false, err
	}
	n, err := t.exec("UPDATE runs SET fire_at = ?"+held, micros(now), r.ID, r.Token, holder)
	r.FireAt = now
	return n == 1, err
}
