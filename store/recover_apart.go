package store

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// recoverApart recovers what a dead worker had where something that follows from one of its runs is refused: that run
// ends as lost with nothing to follow. When even that is refused it stays, and the next look at who holds runs without a
// lease finds it again.
func (s *Store) recoverApart(ctx context.Context, incarnation string, route Route) (lost []*core.Run, err error) {
	given, err := s.read(ctx).selectRuns(ofHolder+" AND "+withWorker, incarnation)
	if err != nil {
		return nil, s.edge(err)
	}
	lose := func(runs []*core.Run, reason string, bare bool) error {
		var some []*core.Run
		err := s.write(ctx, func(t tx) error {
			now := s.Now()
			some = nil
			if _, alive, err := t.bury(incarnation, now); err != nil || alive { // it may have come back
				return err
			}
			e := s.newEnding(t, now, route)
			e.bare = bare
			return eachIn(idsOf(runs), func(list string, args []any) error {
				these, err := e.lose(ofHolder+" AND "+withWorker+" AND id IN "+list, reason, append([]any{incarnation}, args...)...)
				some = append(some, these...)
				return err
			})
		})
		if err == nil {
			lost = append(lost, some...)
		}
		return err
	}
	err = apart(ctx, s, given, func(runs []*core.Run) error {
		return lose(runs, goneReason, false)
	}, func(r *core.Run, refusal error) error {
		s.log.Error("nothing follows from a lost run: it was refused", "run", r.ID, "task", r.TaskID, "delayed", r.DelayedID, "error", refusal)
		err := lose([]*core.Run{r}, goneReason+"; it could not be planned again: "+plain(refusal), true)
		if s.refuses(ctx, err) {
			s.log.Error("nor could its end be recorded; trying again", "run", r.ID, "error", err)
			return nil
		}
		return err
	})
	return lost, err
}
