package store

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
)

// Note is what a worker says of a run under way: that it began it, how far it is, or lines of its log.
type Note struct {
	Held
	// BeganAt is when the worker began the run; zero in other notes.
	BeganAt time.Time
	// Progress is how much of the run is done, in percent; zero in other notes.
	Progress int
	// Lines are consecutive lines of the log, First the number of the first one.
	First int64
	Lines []core.LogLine
}

// TakeNotes stores notes. A run that began becomes running if it is dispatched under the same token. Of several notes of one
// run's progress the last counts, and only while it is running. Lines that are there already are left as they are.
func (s *Store) TakeNotes(ctx context.Context, notes []Note) error {
	var begun, progress noted
	var lines []Note
	for _, n := range notes {
		if len(n.Lines) > 0 {
			lines = append(lines, n)
		}
		if !n.BeganAt.IsZero() {
			begun.add(n.Held, micros(n.BeganAt))
		}
		if n.Progress > 0 {
			progress.add(n.Held, int64(n.Progress))
		}
	}
	return s.write(ctx, func(t tx) error {
		if err := begun.write(t, "UPDATE runs SET state = 'running', started_at = ? WHERE state = 'dispatched' AND token = ? AND id IN "); err != nil {
			return err
		}
		if err := progress.write(t, "UPDATE runs SET progress = ? WHERE state = 'running' AND token = ? AND id IN "); err != nil {
			return err
		}
		return t.insertLines(lines...)
	})
}

// noted is a value for each of several runs.
type noted struct {
	runs   []Held
	values map[Held]int64
}

// add gives a run a value, in place of the one it has.
func (n *noted) add(h Held, value int64) {
	if n.values == nil {
		n.values = map[Held]int64{}
	}
	if _, there := n.values[h]; !there {
		n.runs = append(n.runs, h)
	}
	n.values[h] = value
}

// write runs an update of runs once for all that have the same value and token.
func (n *noted) write(t tx, update string) error {
	type same struct{ value, token int64 }
	groups := map[same][]string{}
	var order []same
	for _, h := range n.runs {
		k := same{n.values[h], h.Token}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], h.RunID)
	}
	for _, k := range order {
		err := eachIn(groups[k], func(list string, args []any) error {
			_, err := t.exec(update+list, append([]any{k.value, k.token}, args...)...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
