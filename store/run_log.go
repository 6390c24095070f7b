package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
)

// lines gives a run's log: what was streamed under its last token, then what came with the outcome, then notes of
// superseded reports.
func (t tx) lines(r *core.Run) ([]core.LogLine, error) {
	var before, after []core.LogLine
	err := t.each(func(rows *sql.Rows) error {
		var (
			token, first int64
			text         string
		)
		if err := rows.Scan(&token, &first, &text); err != nil {
			return err
		}
		lines, err := decodeLines(text)
		switch {
		case first == supersededLine:
			after = append(after, lines...)
		case token == r.Token:
			before = append(before, lines...)
		}
		return err
	}, "SELECT token, first_line, chunk FROM run_logs WHERE run_id = ? ORDER BY token, first_line", r.ID)
	return slices.Concat(before, r.Result.Log, after), err
}

// supersededLine is the number that a superseded report's line has in the log: after all lines a run can have sent.
const supersededLine = 1 << 40

// insertLines stores the lines of notes. Lines that are there already are left as they are, and those of a run that nobody
// knows are dropped: it was pruned, and nothing would ever delete them.
func (t tx) insertLines(notes ...Note) error {
	ids := make([]string, len(notes))
	for i, n := range notes {
		ids[i] = n.RunID
	}
	known := map[string]bool{}
	for _, table := range [...]string{"runs", "run_history"} {
		unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return known[id] })
		err := eachIn(unknown, func(list string, args []any) error {
			found, err := t.strings("SELECT id FROM "+table+" WHERE id IN "+list, args...)
			for _, id := range found {
				known[id] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	notes = slices.DeleteFunc(slices.Clone(notes), func(n Note) bool { return !known[n.RunID] })
	_, err := insertRows(t, into{table: "run_logs", columns: "run_id,token,first_line,chunk", key: "run_id,token,first_line", keep: true}, notes,
		func(n Note, args []any) []any { return append(args, n.RunID, n.Token, n.First, encodeLines(n.Lines)) })
	return err
}

// supersede notes outcomes that came too late in the log of their run.
func (t tx) supersede(outcomes []core.Outcome, current []ended, now time.Time) ([]Held, error) {
	if len(current) == len(outcomes) {
		return nil, nil
	}
	taken := make(map[Held]bool, len(current))
	for _, r := range current {
		taken[Held{r.ID, r.Token}] = true
	}
	var stale []Held
	for i := range outcomes {
		o := &outcomes[i]
		h := Held{o.RunID, o.Token}
		if taken[h] {
			taken[h] = false // a second report of the same outcome is stale too
			continue
		}
		stale = append(stale, h)
		line := core.LogLine{At: now, Level: "warn", Text: fmt.Sprintf("superseded: a report of %q (%s) under token %d came after the run was given on or ended", o.State, o.Result.Reason, o.Token)}
		if err := t.insertLines(Note{Held: h, First: supersededLine, Lines: []core.LogLine{line}}); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// PruneLogs deletes the logs of up to limit runs that nobody knows, of those that would have been due before an instant: of
// runs that were pruned while their worker still sent lines. Within that time all other logs are gone with their runs, so
// there is little to look through.
func (s *Store) PruneLogs(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.write(ctx, func(t tx) error {
		ids, err := t.strings(`SELECT DISTINCT run_id FROM run_logs l WHERE run_id < ? AND NOT EXISTS (SELECT 1 FROM runs WHERE id = l.run_id)
			AND NOT EXISTS (SELECT 1 FROM run_history WHERE id = l.run_id) ORDER BY run_id LIMIT ?`, core.FirstRunID(before), limit)
		if err != nil {
			return err
		}
		n = len(ids)
		return eachIn(ids, func(list string, args []any) error {
			_, err := t.exec("DELETE FROM run_logs WHERE run_id IN "+list, args...)
			return err
		})
	})
	return n, err
}
