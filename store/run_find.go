package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/carillonhq/carillon/core"
)

// RunFilter narrows a list of runs. Empty fields do not narrow.
type RunFilter struct {
	Namespace string
	TaskID    string
	DelayedID string
	// OccurrenceID leaves the attempts of one occurrence, ParentRunID the runs that the outcome of one caused.
	OccurrenceID string
	ParentRunID  string
	State        core.RunState
	Trigger      core.Trigger
	Worker       string
	// From and To leave the runs due at or after the one and before the other, to the millisecond, which ids begin with.
	From, To time.Time
	// Before is the id of the last run of the page before: runs are listed from the latest due instant, which ids begin
	// with.
	Before string
	Limit  int
}

// runsLooked is how many ended runs a page looks through for those that conditions leave beside the one that an index leads
// to, or of which none has an index. That those hold is found out row by row, and must not be for all of a long history.
const runsLooked = 10_000

// condition is one comparison with the value that is bound to it.
type condition struct {
	clause string
	value  any
	// rank orders conditions by how few runs they leave as a rule; the least leave the fewest.
	rank int
}

// unindexed is the rank of what no index leads to: the worker, and the triggers of nearly all runs. Each firing would pay for
// such an index, and a page soon finds enough of them without.
const unindexed = 10

// Runs lists runs, open and ended, without their answers and logs, from the latest due instant. When fewer than the
// limit are found and the history has not been looked through to its end, reached is the id down to which it has: the
// page after begins before that. It is empty otherwise.
func (s *Store) Runs(ctx context.Context, f RunFilter) (runs []*core.Run, reached string, err error) {
	t := s.read(ctx)
	bounds, lead, rest := f.conditions()
	leads := [][]condition{lead}
	if f.OccurrenceID != "" {
		// The first run of an occurrence has its id; the index holds the others, so that most runs cost it nothing.
		leads = [][]condition{
			{{clause: "id = ?", value: f.OccurrenceID}}, {{clause: "occurrence_id = ? AND attempt > 1", value: f.OccurrenceID}},
		}
	}
	for _, lead := range leads {
		lead = append(slices.Clip(bounds), lead...)
		where, args := all(slices.Concat(lead, rest))
		open, err := t.collectRuns("SELECT "+runColumns+" FROM runs "+where+" ORDER BY id DESC LIMIT ?", append(args, f.Limit)...)
		if err != nil {
			return nil, "", s.edge(err)
		}
		ended, to, err := t.findEnded(lead, rest, f.Limit)
		if err != nil {
			return nil, "", s.edge(err)
		}
		reached = max(reached, to)
		runs = slices.Concat(runs, ended, open)
	}
	// A run that ended between the two reads is in both; that it has ended stands first.
	slices.SortStableFunc(runs, func(a, b *core.Run) int { return cmp.Compare(b.ID, a.ID) })
	runs = slices.CompactFunc(runs, func(a, b *core.Run) bool { return a.ID == b.ID })
	if reached != "" { // what is older comes with the page that looks for ended ones there
		runs = slices.DeleteFunc(runs, func(r *core.Run) bool { return r.ID < reached })
	}
	if len(runs) >= f.Limit {
		return runs[:f.Limit], "", nil
	}
	return runs, reached, nil
}

// conditions are those of a filter: bounds of ids; the one that an index leads to, which is of the thing that is in the
// fewest runs as a rule; and the rest.
func (f RunFilter) conditions() (bounds, lead, rest []condition) {
	if f.Before != "" {
		bounds = append(bounds, condition{clause: "id < ?", value: f.Before})
	}
	if !f.To.IsZero() {
		bounds = append(bounds, condition{clause: "id < ?", value: core.FirstRunID(f.To)})
	}
	if !f.From.IsZero() {
		bounds = append(bounds, condition{clause: "id >= ?", value: core.FirstRunID(f.From)})
	}
	stateRank, triggerRank, ofTrigger := 3, 4, "triggered_by = ? AND triggered_by <> 'schedule' AND triggered_by <> 'delayed'"
	if f.State == core.RunSucceeded {
		stateRank = 5
	}
	if f.Trigger == core.TriggerSchedule || f.Trigger == core.TriggerDelayed {
		triggerRank, ofTrigger = unindexed, "triggered_by = ?"
	}
	narrowed := []condition{
		{"parent_run_id = ? AND parent_run_id <> ''", f.ParentRunID, 0},
		{ofDelayed, f.DelayedID, 1},
		{ofTask, f.TaskID, 2},
		{"state = ?", string(f.State), stateRank},
		{ofTrigger, string(f.Trigger), triggerRank},
		{"worker = ?", f.Worker, unindexed},
	}
	slices.SortFunc(narrowed, func(a, b condition) int { return a.rank - b.rank })
	for _, c := range narrowed {
		switch {
		case c.value == "":
		case lead == nil && f.OccurrenceID == "" && c.rank < unindexed:
			lead = append(lead, c)
		default:
			rest = append(rest, c)
		}
	}
	if f.Namespace != "" {
		rest = append(rest, condition{clause: "namespace = ?", value: f.Namespace})
	}
	return bounds, lead, rest
}

// findEnded lists ended runs for which all conditions hold. The lead is what an index finds; for the rest it looks through
// no more than runsLooked of those.
func (t tx) findEnded(lead, rest []condition, limit int) (runs []*core.Run, reached string, err error) {
	where, args := all(lead)
	if len(rest) == 0 {
		runs, err = t.history(false, where+" ORDER BY id DESC LIMIT ?", append(args, limit)...)
		return runs, "", err
	}
	also, more := all(rest)
	found, err := t.strings(`SELECT id FROM (SELECT id, namespace, task_id, delayed_id, parent_run_id, state, triggered_by, worker
		FROM run_history `+where+" ORDER BY id DESC LIMIT ?) w "+also+" ORDER BY id DESC LIMIT ?",
		slices.Concat(args, []any{runsLooked}, more, []any{limit})...)
	if err != nil {
		return nil, "", err
	}
	if len(found) < limit {
		if _, err := t.one([]any{&reached}, "SELECT id FROM run_history "+where+" ORDER BY id DESC LIMIT 1 OFFSET ?", append(args, runsLooked-1)...); err != nil {
			return nil, "", err
		}
	}
	err = eachIn(found, func(list string, args []any) error {
		page, err := t.history(false, "WHERE id IN "+list, args...)
		runs = append(runs, page...)
		return err
	})
	return runs, reached, err
}

// all joins conditions.
func all(conditions []condition) (where string, args []any) {
	clauses := []string{"1 = 1"}
	for _, c := range conditions {
		clauses, args = append(clauses, c.clause), append(args, c.value)
	}
	return "WHERE " + strings.Join(clauses, " AND "), args
}
