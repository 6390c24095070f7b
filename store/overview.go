package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// CountTaskStates counts the tasks by state, without deleted ones.
func (s *Store) CountTaskStates(ctx context.Context) (map[core.TaskState]int64, error) {
	counts := map[core.TaskState]int64{}
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			state core.TaskState
			n     int64
		)
		err := rows.Scan(&state, &n)
		counts[state] = n
		return err
	}, "SELECT state, count(*) FROM task_plans WHERE state <> ? GROUP BY state", string(core.TaskDeleted))
	return counts, s.edge(err)
}

// Firing is a coming firing of a task or a delayed task.
type Firing struct {
	At        time.Time
	TaskID    string
	DelayedID string
	// Title is the task's, or what the delayed task is known by: source app, topic and content key.
	Title string
}

// NextFirings gives the coming firings, at most one of each task, the earliest first: those that are planned, and what
// tasks and delayed tasks are due at beyond that.
func (s *Store) NextFirings(ctx context.Context, limit int) ([]Firing, error) {
	t := s.read(ctx)
	var firings []Firing
	collect := func(query string) error {
		return t.each(func(rows *sql.Rows) error {
			var (
				f  Firing
				at int64
			)
			err := rows.Scan(&at, &f.TaskID, &f.DelayedID, &f.Title)
			f.At = instant(at)
			firings = append(firings, f)
			return err
		}, query, limit)
	}
	// A task may have many runs planned, so of those more are read. Ids begin with the instant.
	planned, err := t.selectRuns("state = 'planned' ORDER BY id LIMIT ?", 10*limit)
	if err == nil {
		err = collect("SELECT p.next_due, t.id, '', t.title FROM task_plans p JOIN tasks t ON t.id = p.task_id WHERE p.next_due IS NOT NULL ORDER BY p.next_due LIMIT ?")
	}
	if err == nil {
		err = collect("SELECT next_due, '', id, source_app FROM delayed_tasks WHERE next_due IS NOT NULL ORDER BY next_due LIMIT ?")
	}
	if err != nil {
		return nil, s.edge(err)
	}
	for _, r := range planned {
		firings = append(firings, Firing{At: r.FireAt, TaskID: r.TaskID, DelayedID: r.DelayedID})
	}
	firings = firstOfEach(firings, limit)
	return firings, s.edge(t.titles(firings))
}

// firstOfEach gives the first firing of each task, the earliest of all first.
func firstOfEach(firings []Firing, limit int) []Firing {
	slices.SortStableFunc(firings, func(a, b Firing) int { return a.At.Compare(b.At) })
	seen := map[string]bool{}
	firings = slices.DeleteFunc(firings, func(f Firing) bool {
		id := cmp.Or(f.TaskID, f.DelayedID)
		again := seen[id]
		seen[id] = true
		return again
	})
	return firings[:min(len(firings), limit)]
}

// titles fills in the titles of firings.
func (t tx) titles(firings []Firing) error {
	var tasks, delayed []string
	for _, f := range firings {
		if f.TaskID != "" {
			tasks = append(tasks, f.TaskID)
		} else {
			delayed = append(delayed, f.DelayedID)
		}
	}
	titles, err := t.titlesOf(tasks, delayed)
	for i, f := range firings {
		firings[i].Title = titles[cmp.Or(f.TaskID, f.DelayedID)]
	}
	return err
}

// FailingTask is a running task whose last run did not succeed.
type FailingTask struct {
	ID, Title string
	Outcome   core.RunState
	LastRunAt time.Time
}

// FailingTasks gives the running tasks whose last run failed, timed out or was lost, those that did so last first, and how
// many there are.
func (s *Store) FailingTasks(ctx context.Context, limit int) (failing []FailingTask, total int64, err error) {
	const from = " FROM task_stats s JOIN task_plans p ON p.task_id = s.task_id JOIN tasks t ON t.id = s.task_id" +
		" WHERE s.last_outcome IN ('failed','timed_out','lost') AND p.state = 'running'"
	t := s.read(ctx)
	if _, err = t.one([]any{&total}, "SELECT count(*)"+from); err != nil || total == 0 {
		return nil, total, s.edge(err)
	}
	err = t.each(func(rows *sql.Rows) error {
		var (
			f  FailingTask
			at int64
		)
		err := rows.Scan(&f.ID, &f.Title, &f.Outcome, &at)
		f.LastRunAt = instant(at)
		failing = append(failing, f)
		return err
	}, "SELECT t.id, t.title, s.last_outcome, s.last_run_at"+from+" ORDER BY s.last_run_at DESC, t.id LIMIT ?", limit)
	return failing, total, s.edge(err)
}

// Overdue counts the planned runs that should have been sent before an instant.
func (s *Store) Overdue(ctx context.Context, before time.Time) (n int64, err error) {
	_, err = s.read(ctx).one([]any{&n}, "SELECT count(*) FROM runs WHERE state = 'planned' AND fire_at < ?", micros(before))
	return n, s.edge(err)
}

// QueueLengths counts the planned runs by the queue that they wait in.
func (s *Store) QueueLengths(ctx context.Context) (map[string]int64, error) {
	lengths := map[string]int64{}
	err := s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			queue string
			n     int64
		)
		err := rows.Scan(&queue, &n)
		lengths[queue] = n
		return err
	}, "SELECT queue, count(*) FROM runs WHERE state = 'planned' GROUP BY queue")
	return lengths, s.edge(err)
}

// HeldRuns gives the runs that a process has in hand, the earliest first, at most limit.
func (s *Store) HeldRuns(ctx context.Context, incarnation string, limit int) ([]*core.Run, error) {
	runs, err := s.read(ctx).selectRuns(ofHolder+" AND state IN ('dispatched','running') ORDER BY id LIMIT ?", incarnation, limit)
	return runs, s.edge(err)
}
