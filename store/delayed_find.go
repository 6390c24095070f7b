package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// DelayedFilter narrows a list of delayed tasks. Empty fields do not narrow.
type DelayedFilter struct {
	Namespace, SourceApp, Topic, ContentKey string
	State                                   core.DelayedState
	// DueFrom and DueTo leave those due at or after the one and before the other.
	DueFrom, DueTo time.Time
	// After is the id of the last one of the page before: delayed tasks are listed from the newest id.
	After string
	Limit int
}

// delayedLooked is how many delayed tasks a page looks through for those that a filter leaves. Only the content key and the
// source app have an index: an index on the state would have to be written at each firing.
const delayedLooked = 10_000

// DelayedTasks lists delayed tasks from the newest; their ids are time-ordered. When fewer than the limit are found and not
// all have been looked through, reached is the id down to which they have: the page after begins behind that. It is
// empty otherwise.
func (s *Store) DelayedTasks(ctx context.Context, f DelayedFilter) (tasks []*core.DelayedTask, reached string, err error) {
	t := s.read(ctx)
	lead, rest := f.conditions()
	where, args := all(lead)
	if len(rest) == 0 {
		tasks, err = t.delayedTasks(where+" ORDER BY id DESC LIMIT ?", append(args, f.Limit)...)
		return tasks, "", s.edge(err)
	}
	also, more := all(rest)
	found, err := t.strings(`SELECT id FROM (SELECT id, namespace, source_app, topic, state, due_at
		FROM delayed_tasks `+where+" ORDER BY id DESC LIMIT ?) w "+also+" ORDER BY id DESC LIMIT ?",
		slices.Concat(args, []any{delayedLooked}, more, []any{f.Limit})...)
	if err != nil {
		return nil, "", s.edge(err)
	}
	if len(found) < f.Limit {
		if _, err := t.one([]any{&reached}, "SELECT id FROM delayed_tasks "+where+" ORDER BY id DESC LIMIT 1 OFFSET ?", append(args, delayedLooked-1)...); err != nil {
			return nil, "", s.edge(err)
		}
	}
	err = eachIn(found, func(list string, args []any) error {
		page, err := t.delayedTasks("WHERE id IN "+list, args...)
		tasks = append(tasks, page...)
		return err
	})
	slices.SortFunc(tasks, func(a, b *core.DelayedTask) int { return cmp.Compare(b.ID, a.ID) })
	return tasks, reached, s.edge(err)
}

// conditions are those of a filter: what an index leads to, and the rest.
func (f DelayedFilter) conditions() (lead, rest []condition) {
	if f.After != "" {
		lead = append(lead, condition{clause: "id < ?", value: f.After})
	}
	app := condition{clause: "source_app = ?", value: f.SourceApp}
	switch {
	case f.ContentKey != "":
		lead = append(lead, condition{clause: "content_key = ?", value: f.ContentKey})
		rest = append(rest, app)
	case f.SourceApp != "":
		lead = append(lead, app)
	}
	rest = append(rest, condition{clause: "namespace = ?", value: f.Namespace}, condition{clause: "topic = ?", value: f.Topic},
		condition{clause: "state = ?", value: string(f.State)})
	rest = slices.DeleteFunc(rest, func(c condition) bool { return c.value == "" })
	if !f.DueFrom.IsZero() {
		rest = append(rest, condition{clause: "due_at >= ?", value: micros(f.DueFrom)})
	}
	if !f.DueTo.IsZero() {
		rest = append(rest, condition{clause: "due_at < ?", value: micros(f.DueTo)})
	}
	return lead, rest
}
