package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
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
	plans := make([]planned, len(due))
	for i, d := range due {
		d.TaskDefinition = defs[d.TaskID]
		plans[i] = planned{d, plan(d)}
	}
	first, err = s.keepPlans(ctx, plans)
	return len(due), first, err
}

type planned struct {
	DueTask
	TaskPlan
}

// keepPlans writes plans, each where its task still stands as it was read. A batch that is refused is halved until the
// task that cannot be planned stands alone, and that one is set aside.
func (s *Store) keepPlans(ctx context.Context, plans []planned) (first time.Time, err error) {
	// Rows that several masters may write are written in key order, so that none waits for another in a ring.
	slices.SortFunc(plans, func(a, b planned) int { return cmp.Compare(a.TaskID, b.TaskID) })
	err = s.write(ctx, func(t tx) error {
		var runs, missed []*core.Run
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
		first = earliest(runs)
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		return t.close(missed)
	})
	if err == nil || !Refused(err) {
		return first, err
	}
	if len(plans) == 1 {
		if plans[0].Problem != "" {
			return time.Time{}, err
		}
		s.log.Error("task set aside: its plan was refused", "task", plans[0].TaskID, "error", err)
		plans[0].TaskPlan = TaskPlan{Problem: err.Error()}
		return s.keepPlans(ctx, plans)
	}
	half := len(plans) / 2
	one, err1 := s.keepPlans(ctx, plans[:half])
	two, err2 := s.keepPlans(ctx, plans[half:])
	if one.IsZero() || !two.IsZero() && two.Before(one) {
		one = two
	}
	return one, errors.Join(err1, err2)
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

// Route gives the queue of a run that may go to these workers; to any when there are none.
type Route func(executors []string) string

// PlanDelayed plans up to limit delayed tasks that are due at or before until, in one transaction.
func (s *Store) PlanDelayed(ctx context.Context, until time.Time, limit int, route Route) (n int, first time.Time, err error) {
	due, err := s.dueDelayed(s.read(ctx), until, 1)
	if err != nil || len(due) == 0 {
		return 0, time.Time{}, s.edge(err)
	}
	err = s.write(ctx, func(t tx) error {
		due, err := s.dueDelayed(t, until, limit)
		if err != nil {
			return err
		}
		now := s.Now()
		runs := make([]*core.Run, len(due))
		ids := make([]string, len(due))
		for i, d := range due {
			runs[i] = DelayedRun(d, now, route)
			ids[i] = d.ID
		}
		n, first = len(due), earliest(runs)
		if _, err := t.insertRuns(runs); err != nil {
			return err
		}
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("UPDATE delayed_tasks SET next_due = NULL, state = 'ready' WHERE id IN "+list, args...)
			return err
		})
	})
	return n, first, err
}

// DelayedRun makes the first run of a delayed task since its creation or last reset.
func DelayedRun(d *core.DelayedTask, now time.Time, route Route) *core.Run {
	r := newRun(core.DelayedKey(d.ID, d.Resets), core.TriggerDelayed, d.Due, now)
	r.Namespace, r.DelayedID, r.Queue = d.Namespace, d.ID, route(d.Executors)
	return r
}

// TaskRun makes the run that a task's schedule causes at due.
func TaskRun(d DueTask, due, now time.Time, route Route) *core.Run {
	r := newRun(core.ScheduleKey(d.TaskID, d.Version, due), core.TriggerSchedule, due, now)
	r.Namespace, r.TaskID, r.TaskVersion, r.Queue = d.Namespace, d.TaskID, d.Version, route(d.Executors)
	return r
}

// MissedRun makes the record of count missed firings of a task, the first and last due as given.
func MissedRun(d DueTask, first, last time.Time, count int, now time.Time, reason string) *core.Run {
	r := newRun(core.MissedKey(d.TaskID, d.Version, first), core.TriggerSchedule, first, now)
	r.Namespace, r.TaskID, r.TaskVersion = d.Namespace, d.TaskID, d.Version
	r.State, r.Count, r.LastDue, r.RecordedAt = core.RunMissed, count, last, now
	r.Result.Reason = reason
	return r
}

func (s *Store) dueDelayed(t tx, until time.Time, limit int) ([]*core.DelayedTask, error) {
	var due []*core.DelayedTask
	err := t.each(func(rows *sql.Rows) error {
		var (
			d         core.DelayedTask
			at        int64
			executors string
		)
		if err := rows.Scan(&d.ID, &d.Namespace, &at, &d.Resets, &executors); err != nil {
			return err
		}
		d.Due = instant(at)
		var err error
		if d.Executors, err = decodeNames(executors); err != nil {
			// One list that cannot be read must not keep others from being planned: any worker may do it.
			s.log.Error("the executors of a delayed task cannot be read", "delayed", d.ID, "error", err)
		}
		due = append(due, &d)
		return nil
	}, "SELECT id, namespace, due_at, resets, executors FROM delayed_tasks WHERE next_due <= ? ORDER BY next_due LIMIT ?",
		micros(until), limit)
	return due, err
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
