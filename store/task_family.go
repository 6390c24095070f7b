package store

import (
	"context"
	"database/sql"

	"github.com/carillonhq/carillon/core"
)

// Parents gives the tasks whose success fires others, by the id of the child.
func (s *Store) Parents(ctx context.Context, children []string) (map[string][]string, error) {
	parents := map[string][]string{}
	t := s.read(ctx)
	err := eachIn(children, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var parent, child string
			err := rows.Scan(&parent, &child)
			parents[child] = append(parents[child], parent)
			return err
		}, "SELECT parent_id, child_id FROM task_children WHERE child_id IN "+list, args...)
	})
	return parents, s.edge(err)
}

// TaskHead is the little that is shown of a task beside another.
type TaskHead struct {
	ID, Title string
	State     core.TaskState
	Outcome   core.RunState // of its last run; empty when it never ran
}

// TaskHeads gives the heads of tasks by id, deleted ones too; those that do not exist are left out.
func (s *Store) TaskHeads(ctx context.Context, ids []string) (map[string]TaskHead, error) {
	heads := map[string]TaskHead{}
	t := s.read(ctx)
	err := eachIn(ids, func(list string, args []any) error {
		return t.each(func(rows *sql.Rows) error {
			var h TaskHead
			err := rows.Scan(&h.ID, &h.Title, &h.State, &h.Outcome)
			heads[h.ID] = h
			return err
		}, "SELECT t.id, t.title, p.state, coalesce(s.last_outcome, '')"+taskFrom+"WHERE t.id IN "+list, args...)
	})
	return heads, s.edge(err)
}
