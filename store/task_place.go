package store

import (
	"context"
	"database/sql"
	"slices"

	"github.com/carillonhq/carillon/core"
)

// TaskPlace is where a task stood in a list when it was read, whatever becomes of it since: what it was listed by, and its id,
// which tells equal ones apart.
type TaskPlace struct {
	ID string `json:"id"`
	// Text or Number is what it was listed by; with None it has nothing of the kind and is among those that come last.
	Text   string `json:"text,omitempty"`
	Number int64  `json:"number,omitempty"`
	None   bool   `json:"none,omitempty"`
}

// TasksOn lists tasks in any order, page by page: next is the place that the page after begins behind, nil when this is the
// last one.
func (s *Store) TasksOn(ctx context.Context, f TaskFilter) (tasks []*core.Task, next *TaskPlace, err error) {
	t, limit := s.read(ctx), f.Limit
	few, err := t.fewTasks(f)
	if err != nil {
		return nil, nil, s.edge(err)
	}
	f.Limit++
	places, err := t.taskPlaces(f, few)
	if err != nil {
		return nil, nil, s.edge(err)
	}
	if len(places) > limit {
		places = places[:limit]
		next = &places[limit-1]
	}
	tasks, err = t.tasksAt(places)
	return tasks, next, s.edge(err)
}

// text says whether a lane is in the order of texts, and not of numbers.
func (l lane) text() bool { return l.column == "t.title" || l.column == "p.state" }

// places reads places in a lane.
func (t tx) places(l lane, q narrowed, order string, limit, offset int) (places []TaskPlace, err error) {
	column := l.column
	if column == "" {
		column = "0"
	}
	err = t.each(func(rows *sql.Rows) error {
		p := TaskPlace{None: l.column == ""}
		var by any = &p.Number
		if l.text() {
			by = &p.Text
		}
		err := rows.Scan(&p.ID, by)
		places = append(places, p)
		return err
	}, "SELECT "+q.id+", "+column+q.from+q.where+order+" LIMIT ? OFFSET ?", append(slices.Clone(q.args), limit, offset)...)
	return places, err
}

// over says whether a lane lies before a place as a whole.
func (l lane) over(p *TaskPlace) bool { return p != nil && p.None && l.column != "" }

// behind leaves of a lane what comes behind a place.
func (q *narrowed) behind(p *TaskPlace, l lane, desc bool) {
	if p == nil {
		return
	}
	than := " > ?"
	if desc {
		than = " < ?"
	}
	switch {
	case l.column != "":
		var by any = p.Number
		if l.text() {
			by = p.Text
		}
		// Said so that an index is entered at the place, which not all databases see of "beyond it, or at it and …".
		from := than[:2] + "= ?"
		q.where += " AND " + l.column + from + " AND (" + l.column + than + " OR " + q.id + than + ")"
		q.args = append(slices.Clone(q.args), by, by, p.ID)
	case p.None:
		q.where += " AND " + q.id + than
		q.args = append(slices.Clone(q.args), p.ID)
	}
}
