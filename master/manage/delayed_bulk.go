package manage

import (
	"context"
	"errors"
	"time"

	"github.com/carillonhq/carillon/core"
)

// DelayedAction is what a bulk does with each of its delayed tasks.
type DelayedAction string

// The actions of a bulk of delayed tasks.
const (
	DelayedReset    DelayedAction = "reset"
	DelayedExecute  DelayedAction = "execute"
	DelayedVoid     DelayedAction = "void"
	DelayedPostpone DelayedAction = "postpone"
)

// DelayedActions are all actions.
func DelayedActions() []DelayedAction {
	return []DelayedAction{DelayedReset, DelayedExecute, DelayedVoid, DelayedPostpone}
}

// DelayedBulk is one action on many delayed tasks.
type DelayedBulk struct {
	Action DelayedAction
	IDs    []string  // at most MaxBatch
	Due    time.Time // of a postponement
}

// DelayedBulkDone is what came of a bulk.
type DelayedBulkDone struct {
	Done    int
	Refused []DelayedRefusal
}

// DelayedRefusal says why a delayed task was left as it is.
type DelayedRefusal struct {
	ID  string
	Err *core.Error
}

// Bulk does one action on many delayed tasks, each in a transaction of its own: what one is refused for does not keep the
// others. An error other than a refusal ends it; what was done until then stays done, and doing the rest again is safe.
func (s *Delayed) Bulk(ctx context.Context, actor *core.User, b DelayedBulk) (DelayedBulkDone, error) {
	var done DelayedBulkDone
	if n := len(b.IDs); n < 1 || n > MaxBatch {
		return done, core.Broken("ids", "must have from 1 to %d entries, and has %d", MaxBatch, n)
	}
	move := map[DelayedAction]func(context.Context, *core.User, string) error{
		DelayedReset: s.Reset, DelayedExecute: s.Execute, DelayedVoid: s.Void,
		DelayedPostpone: func(ctx context.Context, actor *core.User, id string) error { return s.Postpone(ctx, actor, id, b.Due) },
	}[b.Action]
	if move == nil {
		return done, core.Broken("action", "must be reset, execute, void or postpone")
	}
	if b.Action == DelayedPostpone {
		if err := s.checkLater(b.Due); err != nil {
			return done, err
		}
	}
	for _, id := range b.IDs {
		err := move(ctx, actor, id)
		refused, ok := errors.AsType[*core.Error](err)
		switch {
		case err == nil:
			done.Done++
		case ok:
			done.Refused = append(done.Refused, DelayedRefusal{id, refused})
		default:
			return done, err
		}
	}
	return done, nil
}
