package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

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

// lines gives a run's log: what was streamed under its last token, then what came with the outcome, then notes of
// superseded reports.
func (t tx) lines(r *core.Run) ([]core.LogLine, error) {
	var before, after []core.LogLine
	err := t.each(func(rows *sql.Rows) error {
		var (
			token, first int64
			text         string
		)
		if err := rows.Scan(&token, &first, &text); err != nil {
			return err
		}
		lines, err := decodeLines(text)
		switch {
		case first == supersededLine:
			after = append(after, lines...)
		case token == r.Token:
			before = append(before, lines...)
		}
		return err
	}, "SELECT token, first, lines FROM run_logs WHERE run_id = ? ORDER BY token, first", r.ID)
	return slices.Concat(before, r.Result.Log, after), err
}

// AppendLog stores lines that a worker sent of a run under way. Lines that are there already are left as they are.
func (s *Store) AppendLog(ctx context.Context, h Held, first int64, lines []core.LogLine) error {
	return s.write(ctx, func(t tx) error {
		_, err := t.exec("INSERT INTO run_logs (run_id,token,first,lines) VALUES (?,?,?,?) ON CONFLICT DO NOTHING",
			h.RunID, h.Token, first, encodeLines(lines))
		return err
	})
}

// RunFilter narrows a list of runs. Empty fields do not narrow.
type RunFilter struct {
	Namespace string
	TaskID    string
	DelayedID string
	State     core.RunState
	// Before is the id of the last run of the page before: runs are listed from the latest due instant, which ids begin
	// with.
	Before string
	Limit  int
}

// Runs lists runs, open and ended, without their answers and logs.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]*core.Run, error) {
	where, args := "WHERE 1 = 1", []any{}
	for _, c := range []struct{ clause, value string }{
		{ofTask, f.TaskID}, {ofDelayed, f.DelayedID}, {"namespace = ?", f.Namespace}, {"state = ?", string(f.State)}, {"id < ?", f.Before},
	} {
		if c.value != "" {
			where += " AND " + c.clause
			args = append(args, c.value)
		}
	}
	where += " ORDER BY id DESC LIMIT ?"
	args = append(args, f.Limit)
	t := s.read(ctx)
	open, err := t.collectRuns("SELECT "+runColumns+" FROM runs "+where, args...)
	if err != nil {
		return nil, s.edge(err)
	}
	ended, err := t.history(false, where, args...)
	if err != nil {
		return nil, s.edge(err)
	}
	// A run that ended between the two reads is in both.
	all := slices.Concat(ended, open)
	slices.SortStableFunc(all, func(a, b *core.Run) int { return cmp.Compare(b.ID, a.ID) })
	all = slices.CompactFunc(all, func(a, b *core.Run) bool { return a.ID == b.ID })
	return all[:min(len(all), f.Limit)], nil
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

// DayCount is how many runs ended in one way on one day.
type DayCount struct {
	Day     int // yyyymmdd, UTC
	Outcome core.RunState
	Runs    int64
}

// DailyCounts gives the counters of a namespace since a day, in order.
func (s *Store) DailyCounts(ctx context.Context, namespace string, since time.Time) ([]DayCount, error) {
	var counts []DayCount
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var c DayCount
		err := rows.Scan(&c.Day, &c.Outcome, &c.Runs)
		counts = append(counts, c)
		return err
	}, "SELECT day, outcome, runs FROM daily_counts WHERE namespace = ? AND day >= ? ORDER BY day, outcome", namespace, dayOf(since))
	return counts, s.edge(err)
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
