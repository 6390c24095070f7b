package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// DueTask is a task with a due instant to plan.
type DueTask struct {
	TaskID          string
	Namespace       string
	Version         int64
	NextDue         time.Time
	*TaskDefinition // nil when it could not be read
}

// TaskPlan is what planning made of a DueTask.
type TaskPlan struct {
	// Runs are planned, one for each due instant up to the horizon. They carry task, version and key.
	Runs []*core.Run
	// Missed is the record of a stretch of missed firings; nil when there was none.
	Missed *core.Run
	// NextDue is the first instant not yet planned; zero when there is none.
	NextDue time.Time
	// Problem sets the task aside with a reason: it is not planned again until it is edited or started.
	Problem string
}

// PlanTasks plans up to limit tasks whose next due instant lies at or before until: it writes what plan makes of each,
// the runs and the next instant, in one transaction, and gives the number of tasks looked at and the instant of the earliest run.
func (s *Store) PlanTasks(ctx context.Context, until time.Time, limit int, plan func(DueTask) TaskPlan) (n int, first time.Time, err error) {
	// All that can be read and reckoned without the writer is: counting what a task missed in a week takes a while.
	due, err := s.read(ctx).dueTasks(until, limit)
	if err != nil || len(due) == 0 {
		return 0, time.Time{}, s.edge(err)
	}
	versions := make(map[string]int64, len(due))
	for _, d := range due {
		versions[d.TaskID] = d.Version
	}
	defs, err := s.definitionsOf(s.read(ctx), versions)
	if err != nil {
		return 0, time.Time{}, s.edge(err)
	}
	moved, err := s.read(ctx).tasksMovedOn(versions, defs)
	if err != nil {
		return 0, time.Time{}, s.edge(err)
	}
	plans := make([]planned, 0, len(due))
	for _, d := range due {
		if d.TaskDefinition = defs[d.TaskID]; !moved[d.TaskID] {
			plans = append(plans, planned{d, plan(d)})
		}
	}
	first, err = s.keepPlans(ctx, plans)
	return len(due), first, err
}

// tasksMovedOn says which of those tasks whose definition was not found have another version by now: they were changed, or a run
// set their next instant, since their version was read.
func (t tx) tasksMovedOn(versions map[string]int64, defs map[string]*TaskDefinition) (map[string]bool, error) {
	var missing []string
	for id := range versions {
		if defs[id] == nil {
			missing = append(missing, id)
		}
	}
	moved := map[string]bool{}
	err := eachIn(missing, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var (
				id  string
				now int64
			)
			err := rows.Scan(&id, &now)
			moved[id] = now != versions[id]
			return err
		}, "SELECT task_id, version FROM task_plans WHERE task_id IN "+list, args...)
	})
	return moved, err
}

type planned struct {
	DueTask
	TaskPlan
}

// keepPlans writes plans, each where its task still stands as it was read. A task whose plan is refused is set aside.
func (s *Store) keepPlans(ctx context.Context, plans []planned) (first time.Time, err error) {
	// Rows that several masters may write are written in key order, so that none waits for another in a ring.
	slices.SortFunc(plans, func(a, b planned) int { return cmp.Compare(a.TaskID, b.TaskID) })
	keep := func(plans []planned) error {
		runs, err := s.writePlans(ctx, plans)
		if err == nil {
			first = earlier(first, earliest(runs))
		}
		return err
	}
	err = apart(ctx, s, plans, keep, func(p planned, refusal error) error {
		s.log.Error("task set aside: its plan was refused", "task", p.TaskID, "error", refusal)
		p.TaskPlan = TaskPlan{Problem: plain(refusal)}
		return keep([]planned{p})
	})
	return first, err
}

func (s *Store) writePlans(ctx context.Context, plans []planned) (runs []*core.Run, err error) {
	err = s.write(ctx, func(t tx) error {
		runs = nil
		var missed []*core.Run
		for _, p := range plans {
			n, err := t.exec("UPDATE task_plans SET next_due = ?, problem = ? WHERE task_id = ? AND version = ? AND next_due = ?",
				nullMicros(p.TaskPlan.NextDue), p.Problem, p.TaskID, p.Version, micros(p.DueTask.NextDue))
			if err != nil {
				return err
			}
			if n == 0 {
				continue // stopped, edited, or planned by another master meanwhile
			}
			runs = append(runs, p.Runs...)
			if p.Missed != nil {
				missed = append(missed, p.Missed)
			}
		}
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		return t.close(missed)
	})
	return runs, err
}

func (t tx) dueTasks(until time.Time, limit int) ([]DueTask, error) {
	var due []DueTask
	err := t.each(func(rows *sql.Rows) error {
		var (
			d    DueTask
			next int64
		)
		err := rows.Scan(&d.TaskID, &d.Namespace, &d.Version, &next)
		d.NextDue = instant(next)
		due = append(due, d)
		return err
	}, "SELECT task_id, namespace, version, next_due FROM task_plans WHERE next_due <= ? ORDER BY next_due LIMIT ?", micros(until), limit)
	return due, err
}

// DelayedRun makes the first run of a delayed task since its creation or last reset.
func DelayedRun(d *core.DelayedTask, now time.Time, route Route) *core.Run {
	r := newRun(core.DelayedKey(d.ID, d.Resets), core.TriggerDelayed, d.Due, now)
	r.Namespace, r.DelayedID, r.Queue = d.Namespace, d.ID, route(core.Destination{Executors: d.Executors})[0]
	return r
}

// TaskRuns makes the runs that a task's schedule causes at due: one, or one for each worker.
func TaskRuns(d DueTask, due, now time.Time, route Route) []*core.Run {
	r := newRun(core.ScheduleKey(d.TaskID, d.Version, due), core.TriggerSchedule, due, now)
	r.Namespace, r.TaskID, r.TaskVersion = d.Namespace, d.TaskID, d.Version
	return fire(r, &d.Definition, route)
}

// MissedRun makes the record of count missed firings of a task, the first and last due as given.
func MissedRun(d DueTask, first, last time.Time, count int, now time.Time, reason string) *core.Run {
	r := newRun(core.MissedKey(d.TaskID, d.Version, first), core.TriggerSchedule, first, now)
	r.Namespace, r.TaskID, r.TaskVersion = d.Namespace, d.TaskID, d.Version
	r.State, r.Count, r.LastDue, r.RecordedAt = core.RunMissed, count, last, now
	r.Result.Reason = reason
	return r
}

// earliest is when the first of runs is to be sent.
func earliest(runs []*core.Run) time.Time {
	var first time.Time
	for _, r := range runs {
		if first.IsZero() || r.FireAt.Before(first) {
			first = r.FireAt
		}
	}
	return first
}

// earlier is the earlier of two instants, of which either may be zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
