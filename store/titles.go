package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// RunTitles gives what people know runs by, by the id of their task or delayed task: the title of the one, and the source
// app, topic and content key of the other.
func (s *Store) RunTitles(ctx context.Context, runs []*core.Run) (map[string]string, error) {
	var tasks, delayed []string
	for _, r := range runs {
		if r.TaskID != "" {
			tasks = append(tasks, r.TaskID)
		} else {
			delayed = append(delayed, r.DelayedID)
		}
	}
	titles, err := s.read(ctx).titlesOf(tasks, delayed)
	return titles, s.edge(err)
}

// titlesOf gives what people know tasks and delayed tasks by, by their ids.
func (t tx) titlesOf(tasks, delayed []string) (map[string]string, error) {
	titles := map[string]string{}
	read := func(query string) func(list string, args []any) error {
		return func(list string, args []any) error {
			return t.each(func(rows *sql.Rows) error {
				var id, title, topic, key string
				err := rows.Scan(&id, &title, &topic, &key)
				if topic != "" {
					title += " / " + topic + " / " + key
				}
				titles[id] = title
				return err
			}, query+list, args...)
		}
	}
	slices.Sort(tasks)
	if err := eachIn(slices.Compact(tasks), read("SELECT id, title, '', '' FROM tasks WHERE id IN ")); err != nil {
		return nil, err
	}
	slices.Sort(delayed)
	err := eachIn(slices.Compact(delayed), read("SELECT id, source_app, topic, content_key FROM delayed_tasks WHERE id IN "))
	return titles, err
}
