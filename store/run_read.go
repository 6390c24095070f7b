package store

import (
	"context"
	"database/sql"

	"github.com/carillonhq/carillon/core"
)

// Run reads one run, open or ended, with its answer. Its log is Result.Log: the lines of every chunk in order.
func (s *Store) Run(ctx context.Context, id string) (*core.Run, error) {
	t := s.read(ctx)
	// The history is asked second: a run moves into it, never out, so it is found in one of the two.
	open, err := t.selectRuns("id = ?", id)
	if err != nil {
		return nil, s.edge(err)
	}
	if len(open) == 0 {
		if open, err = t.history(true, "WHERE id = ?", id); err != nil {
			return nil, s.edge(err)
		}
	}
	if len(open) == 0 {
		return nil, core.NotFound("there is no run %s", id)
	}
	r := open[0]
	lines, err := t.lines(r)
	r.Result.Log = lines
	return r, s.edge(err)
}

func (t tx) history(whole bool, rest string, args ...any) ([]*core.Run, error) {
	columns := historyHead
	if whole {
		columns = historyColumns
	}
	var runs []*core.Run
	err := t.each(func(rows *sql.Rows) error {
		r, err := scanHistory(rows, whole)
		runs = append(runs, r)
		return err
	}, "SELECT "+columns+" FROM run_history "+rest, args...)
	return runs, err
}

// QueueDepth is how many runs are open, by state.
func (s *Store) QueueDepth(ctx context.Context) (map[core.RunState]int64, error) {
	depth := map[core.RunState]int64{}
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			state core.RunState
			n     int64
		)
		err := rows.Scan(&state, &n)
		depth[state] = n
		return err
	}, "SELECT state, count(*) FROM runs GROUP BY state")
	return depth, s.edge(err)
}
