package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/carillonhq/carillon/core"
)

// TaskLoad is what the latest runs of a task came to.
type TaskLoad struct {
	TaskID string
	Runs   int // that were sent
	Failed int // of those that failed, timed out or were lost
	Took   time.Duration
}

// LatestLoads sums up the latest ended runs of tasks that were sent since an instant, by task. It looks at no more than
// limit runs, whatever is stored: Took is the time from sending to the answer, of all together.
func (s *Store) LatestLoads(ctx context.Context, since time.Time, limit int) (loads []TaskLoad, err error) {
	place := map[string]int{}
	err = s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			task           string
			state          core.RunState
			sent, answered int64
		)
		if err := rows.Scan(&task, &state, &sent, &answered); err != nil || task == "" || !state.Sent() {
			return err
		}
		i, known := place[task]
		if !known {
			i = len(loads)
			place[task], loads = i, append(loads, TaskLoad{TaskID: task})
		}
		l := &loads[i]
		l.Runs++
		if state != core.RunSucceeded {
			l.Failed++
		}
		if sent > 0 {
			l.Took += max(instant(answered).Sub(instant(sent)), 0)
		}
		return nil
	}, "SELECT task_id, state, sent_at, answered_at FROM run_history WHERE id >= ? ORDER BY id DESC LIMIT ?", core.FirstRunID(since), limit)
	return loads, s.edge(err)
}
