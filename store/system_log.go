package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

const systemLogColumns = "id,noted_at,level,node,message,attributes"

// AddLog stores lines of a master's log. Lines that are there already are left as they are.
func (s *Store) AddLog(ctx context.Context, lines []core.LogRecord) error {
	return s.write(ctx, func(t tx) error {
		_, err := insertRows(t, into{table: "system_log", columns: systemLogColumns, key: "id", keep: true}, lines, func(l core.LogRecord, args []any) []any {
			return append(args, l.ID, micros(l.At), string(l.Level), l.Node, l.Message, l.Attributes)
		})
		return err
	})
}

// LogFilter narrows the system log. Empty fields do not narrow.
type LogFilter struct {
	Levels   []core.LogLevel
	From, To time.Time // at or after From and before To, to the millisecond
	// Before is the id of the last line of the page before: lines are listed from the latest.
	Before string
	Limit  int
}

// SystemLog lists lines from the latest. Each level is read by itself, so that a rare one is found without reading the others.
func (s *Store) SystemLog(ctx context.Context, f LogFilter) ([]core.LogRecord, error) {
	levels := f.Levels
	if len(levels) == 0 {
		levels = core.LogLevels()
	}
	var lines []core.LogRecord
	for _, level := range levels {
		found, err := s.logOf(ctx, level, f)
		if err != nil {
			return nil, err
		}
		lines = append(lines, found...)
	}
	slices.SortFunc(lines, func(a, b core.LogRecord) int { return strings.Compare(b.ID, a.ID) })
	return lines[:min(len(lines), f.Limit)], nil
}

func (s *Store) logOf(ctx context.Context, level core.LogLevel, f LogFilter) (lines []core.LogRecord, err error) {
	where, args := "level = ?", []any{string(level)}
	add := func(clause, id string) {
		where += " AND " + clause
		args = append(args, id)
	}
	if !f.From.IsZero() {
		add("id >= ?", core.FirstRunID(f.From))
	}
	if !f.To.IsZero() {
		add("id < ?", core.FirstRunID(f.To))
	}
	if f.Before != "" {
		add("id < ?", f.Before)
	}
	err = s.read(ctx).each(func(rows *sql.Rows) error {
		var (
			l  core.LogRecord
			at int64
		)
		err := rows.Scan(&l.ID, &at, &l.Level, &l.Node, &l.Message, &l.Attributes)
		l.At = instant(at)
		lines = append(lines, l)
		return err
	}, "SELECT "+systemLogColumns+" FROM system_log WHERE "+where+" ORDER BY id DESC LIMIT ?", append(args, f.Limit)...)
	return lines, s.edge(err)
}

// PruneSystemLog deletes up to limit lines of the system log that are older than an instant.
func (s *Store) PruneSystemLog(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.pruneAged(ctx, "system_log", "id", before, limit)
}
