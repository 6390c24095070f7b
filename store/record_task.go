package store

import (
	"database/sql"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// endTasks plans what the ends of tasks' runs cause: children of those that succeeded, retries of those that failed, the
// recovery of those that were lost, and a notice where nothing more is done.
func (e *ending) endTasks(runs []ended) error {
	var parents, failed []string
	for _, r := range runs {
		switch {
		case r.TaskID == "":
		case r.State == core.RunSucceeded:
			if r.Shards == 0 {
				parents = append(parents, r.TaskID)
			}
		default:
			failed = append(failed, r.TaskID)
		}
	}
	if !e.bare {
		if err := e.fireChildren(runs, parents); err != nil {
			return err
		}
	}
	if len(failed) == 0 {
		return nil
	}
	current, defs, err := e.runningTasks(failed)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.TaskID == "" || r.State == core.RunSucceeded {
			continue
		}
		if r.State == core.RunCancelled {
			if r.abandoned && r.Attempt > 1 { // a run before it was lost or failed, and this was to make up for it
				e.notify = append(e.notify, r.Run)
			}
			continue
		}
		// What follows obeys the definition in force: a task edited or started again while its run was under way has
		// moved on, and one stopped or paused fires no more.
		def := defs[r.TaskID]
		switch {
		case def == nil:
		case r.State == core.RunLost && def.AtMostOnce:
			r.Result.Reason += "; not done again, as its task asks for at most once"
		case r.State == core.RunLost && !e.bare:
			e.follow(e.redo(r.Run), r.Worker, current[r.TaskID], def)
			continue
		case e.retry(r, def.Retry):
			e.follow(e.next[len(e.next)-1], r.Worker, current[r.TaskID], def)
			continue
		}
		e.notify = append(e.notify, r.Run)
	}
	return nil
}

// follow puts a further run of an occurrence under the definition in force. last is the worker that had the one before.
func (e *ending) follow(r *core.Run, last string, version int64, def *TaskDefinition) {
	r.TaskVersion, r.Queue = version, e.route(destination(r.TaskID, &def.Definition, last))[0]
}

// runningTasks gives the versions and definitions of those tasks that are running. They stay so until the transaction ends: a
// task stopped meanwhile would be left with a run.
func (e *ending) runningTasks(ids []string) (map[string]int64, map[string]*TaskDefinition, error) {
	versions := map[string]int64{}
	slices.Sort(ids)
	err := eachIn(slices.Compact(ids), func(list string, args []any) error {
		return e.each(func(rows *sql.Rows) error {
			var (
				id      string
				version int64
			)
			err := rows.Scan(&id, &version)
			versions[id] = version
			return err
		}, "SELECT task_id, version FROM task_plans WHERE state = 'running' AND task_id IN "+list+" ORDER BY task_id FOR SHARE", args...)
	})
	if err != nil {
		return nil, nil, err
	}
	defs, err := e.store.definitionsOf(e.tx, versions)
	return versions, defs, err
}

// fireChildren plans a run of every running child of the tasks whose runs succeeded. A firing of several runs has to wait
// for them all: see fireShardedChildren.
func (e *ending) fireChildren(runs []ended, parents []string) error {
	children, err := e.childrenOf(parents)
	if err != nil || len(children) == 0 {
		return err
	}
	var single []ended
	for _, r := range runs {
		if r.TaskID != "" && r.State == core.RunSucceeded && r.Shards == 0 {
			single = append(single, r)
		}
	}
	return e.planChildren(single, children)
}

// childrenOf gives the children of tasks, by parent.
func (e *ending) childrenOf(parents []string) (map[string][]string, error) {
	children := map[string][]string{}
	err := eachIn(parents, func(list string, args []any) error {
		return e.each(func(rows *sql.Rows) error {
			var parent, child string
			err := rows.Scan(&parent, &child)
			children[parent] = append(children[parent], child)
			return err
		}, "SELECT parent_id, child_id FROM task_children WHERE parent_id IN "+list, args...)
	})
	return children, err
}

// planChildren plans the children of firings that succeeded, each told by the run that completed it.
func (e *ending) planChildren(runs []ended, children map[string][]string) error {
	var ids []string
	for _, r := range runs {
		ids = append(ids, children[r.TaskID]...)
	}
	if len(ids) == 0 {
		return nil
	}
	versions, defs, err := e.runningTasks(ids)
	if err != nil {
		return err
	}
	for _, r := range runs {
		cause := r.ID
		if r.Shards > 0 {
			cause = r.Firing()
		}
		for _, child := range children[r.TaskID] {
			def := defs[child]
			if def == nil {
				continue // not running: a child that is stopped or paused is not fired
			}
			run := newRun(core.ChildKey(cause, child), core.TriggerParent, e.now, e.now)
			run.Namespace, run.TaskID, run.TaskVersion, run.ParentRunID = r.Namespace, child, versions[child], r.ID
			e.next = append(e.next, fire(run, &def.Definition, e.route)...)
		}
	}
	return nil
}
