package store

import (
	"cmp"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// A run may set the next instant of its own task. That is a change of the task in the transaction that records the run: the
// task gets its next version, so that a plan reckoned before is refused; the firings that its schedule has planned are
// withdrawn; and the next due instant is the one that was set, from which the planner goes on by the schedule.
//
// What else is open of the task is owed all the same: runs under way, retries, what was asked for by hand, and the other
// shards of the run's own firing. It goes over to the new version, whose definition is no other.

// setsNext says whether the next instant that a run set counts: only of one that ended by itself.
func (r *ended) setsNext() bool {
	return !r.nextAt.IsZero() && r.TaskID != "" && (r.State == core.RunSucceeded || r.State == core.RunFailed)
}

// setNext puts the next instants in force that runs set. Of several runs of a task the one that ended last counts.
func (e *ending) setNext(runs []ended) error {
	var setting []ended
	for _, r := range runs {
		if r.setsNext() {
			setting = append(setting, r)
		}
	}
	// The tasks are written in key order, as shared rows are, and before others of them are locked for less.
	slices.SortFunc(setting, func(a, b ended) int {
		return cmp.Or(cmp.Compare(a.TaskID, b.TaskID), b.AnsweredAt.Compare(a.AnsweredAt), cmp.Compare(b.ID, a.ID))
	})
	setting = slices.CompactFunc(setting, func(a, b ended) bool { return a.TaskID == b.TaskID })
	for _, r := range setting {
		if err := e.setNextOf(r, runs); err != nil {
			return err
		}
	}
	return nil
}

// setNextOf puts the instant in force that one of the runs set which end.
func (e *ending) setNextOf(r ended, all []ended) error {
	n, err := e.exec("UPDATE task_plans SET version = version + 1 WHERE task_id = ? AND state = 'running' AND version = ?", r.TaskID, r.TaskVersion)
	if err != nil {
		return err
	}
	if n == 0 {
		e.remark(r, "warn", "the next instant that the run set does not count: its task was stopped, paused or edited meanwhile")
		return nil
	}
	version := r.TaskVersion + 1
	defs, err := e.store.definitionsOf(e.tx, map[string]int64{r.TaskID: version})
	if err != nil {
		return err
	}
	// What is not withdrawn has been sent when the latest instant of those is looked up.
	others := ofTask + " AND triggered_by = 'schedule' AND NOT (occurrence_id >= ? AND occurrence_id <= ?)"
	if err := e.cancelPlanned("the run before it set its task's next instant", e.now, others, firingArgs(r.Run)...); err != nil {
		return err
	}
	if _, err := e.exec("UPDATE runs SET task_version = ? WHERE "+ofTask+" AND task_version = ?", version, r.TaskID, r.TaskVersion); err != nil {
		return err
	}
	sent, err := e.lastDue(r.TaskID)
	if err != nil {
		return err
	}
	for _, o := range all { // they have left the queue and are not in the history yet
		if o.TaskID == r.TaskID && o.Trigger == core.TriggerSchedule && o.Due.After(sent) {
			sent = o.Due
		}
	}
	next := nextOf(r.nextAt, defs[r.TaskID], e.now, sent)
	if next.IsZero() {
		e.remark(r, "warn", "the next instant that the run set lies after the end of its task, which is due no more")
	} else {
		e.remark(r, "info", "the run set its task's next instant: "+next.Format(time.RFC3339Nano))
	}
	e.due = e.due || !next.IsZero()
	_, err = e.exec("UPDATE task_plans SET next_due = ? WHERE task_id = ?", nullMicros(next), r.TaskID)
	return err
}

// nextOf is the instant that was set for a task, but no earlier than now and than the task's start, and later than the last
// one sent. It is zero when that lies after the task's end.
func nextOf(set time.Time, def *TaskDefinition, now, sent time.Time) time.Time {
	var rule core.Schedule // of a definition that cannot be read: none
	if def != nil {
		rule = def.Schedule
	}
	next := slices.MaxFunc([]time.Time{set, now, rule.Start}, time.Time.Compare).UTC().Truncate(time.Microsecond)
	if !next.After(sent) {
		next = sent.Add(time.Microsecond)
	}
	if rule.Ended(next) {
		return time.Time{}
	}
	return next
}

// remark adds a line to the log of a run that ended.
func (e *ending) remark(r ended, level, text string) {
	r.Result.Log = append(slices.Clip(r.Result.Log), core.LogLine{At: e.now, Level: level, Text: text})
}
