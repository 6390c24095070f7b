package store

import (
	"database/sql"

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
			parents = append(parents, r.TaskID)
		default:
			failed = append(failed, r.TaskID)
		}
	}
	if err := e.fireChildren(runs, parents); err != nil {
		return err
	}
	if len(failed) == 0 {
		return nil
	}
	current, defs, err := e.runningTasks(failed)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.TaskID == "" || r.State == core.RunSucceeded || r.State == core.RunCancelled {
			continue
		}
		// What follows obeys the definition in force: a task edited or started again while its run was under way has
		// moved on, and one stopped or paused fires no more.
		def := defs[r.TaskID]
		switch {
		case def == nil:
		case r.State == core.RunLost && def.AtMostOnce:
			r.Result.Reason += "; not done again, as its task asks for at most once"
		case r.State == core.RunLost:
			e.follow(e.redo(r.Run), current[r.TaskID], def)
			continue
		case e.retry(r, def.Retry):
			e.follow(e.next[len(e.next)-1], current[r.TaskID], def)
			continue
		}
		e.notify = append(e.notify, r.Run)
	}
	return nil
}

// follow puts a further run of an occurrence under the definition in force.
func (e *ending) follow(r *core.Run, version int64, def *TaskDefinition) {
	r.TaskVersion, r.Queue = version, e.route(def.Executors)
}

// runningTasks gives the versions and definitions of those tasks that are running.
func (e *ending) runningTasks(ids []string) (map[string]int64, map[string]*TaskDefinition, error) {
	versions := map[string]int64{}
	err := eachIn(ids, func(list string, args []any) error {
		return e.each(func(rows *sql.Rows) error {
			var (
				id      string
				version int64
			)
			err := rows.Scan(&id, &version)
			versions[id] = version
			return err
		}, "SELECT task_id, version FROM task_plans WHERE state = 'running' AND task_id IN "+list, args...)
	})
	if err != nil {
		return nil, nil, err
	}
	defs, err := e.store.definitionsOf(e.tx, versions)
	return versions, defs, err
}

// fireChildren plans a run of every running child of the tasks whose runs succeeded.
func (e *ending) fireChildren(runs []ended, parents []string) error {
	children := map[string][]string{}
	var ids []string
	err := eachIn(parents, func(list string, args []any) error {
		return e.each(func(rows *sql.Rows) error {
			var parent, child string
			err := rows.Scan(&parent, &child)
			children[parent] = append(children[parent], child)
			ids = append(ids, child)
			return err
		}, "SELECT parent_id, child_id FROM task_children WHERE parent_id IN "+list, args...)
	})
	if err != nil || len(ids) == 0 {
		return err
	}
	versions, defs, err := e.runningTasks(ids)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.TaskID == "" || r.State != core.RunSucceeded {
			continue
		}
		for _, child := range children[r.TaskID] {
			def := defs[child]
			if def == nil {
				continue // not running: a child that is stopped or paused is not fired
			}
			run := newRun(core.ChildKey(r.ID, child), core.TriggerParent, e.now, e.now)
			run.Namespace, run.TaskID, run.TaskVersion = r.Namespace, child, versions[child]
			run.ParentRunID, run.Queue = r.ID, e.route(def.Executors)
			e.next = append(e.next, run)
		}
	}
	return nil
}
