package store

import (
	"slices"

	"github.com/carillonhq/carillon/core"
)

// takeRuns deletes open runs and gives them.
func (t tx) takeRuns(where string, args ...any) ([]*core.Run, error) {
	if t.words.returns() {
		return t.collectRuns("DELETE FROM runs WHERE "+where+" RETURNING "+runColumns, args...)
	}
	runs, err := t.selectRuns(where+" FOR UPDATE", args...)
	if err != nil {
		return nil, err
	}
	return runs, eachIn(idsOf(runs), func(list string, ids []any) error {
		_, err := t.exec("DELETE FROM runs WHERE id IN "+list, ids...)
		return err
	})
}

// changeRuns updates open runs and gives them as they are then. args are the parameters of set and of where.
func (t tx) changeRuns(set string, setArgs []any, where string, args ...any) ([]*core.Run, error) {
	if t.words.returns() {
		return t.collectRuns("UPDATE runs SET "+set+" WHERE "+where+" RETURNING "+runColumns, slices.Concat(setArgs, args)...)
	}
	ids, err := t.strings("SELECT id FROM runs WHERE "+where+" FOR UPDATE", args...)
	if err != nil {
		return nil, err
	}
	return t.changeThese(ids, set, setArgs)
}

// changeIDs is changeRuns for those who need only the ids.
func (t tx) changeIDs(set string, setArgs []any, where string, args ...any) ([]string, error) {
	if t.words.returns() {
		return t.strings("UPDATE runs SET "+set+" WHERE "+where+" RETURNING id", slices.Concat(setArgs, args)...)
	}
	ids, err := t.strings("SELECT id FROM runs WHERE "+where+" FOR UPDATE", args...)
	if err != nil {
		return nil, err
	}
	return ids, eachIn(ids, func(list string, args []any) error {
		_, err := t.exec("UPDATE runs SET "+set+" WHERE id IN "+list, slices.Concat(setArgs, args)...)
		return err
	})
}

func (t tx) changeThese(ids []string, set string, setArgs []any) (runs []*core.Run, err error) {
	err = eachIn(ids, func(list string, args []any) error {
		if _, err := t.exec("UPDATE runs SET "+set+" WHERE id IN "+list, slices.Concat(setArgs, args)...); err != nil {
			return err
		}
		these, err := t.selectRuns("id IN "+list, args...)
		runs = append(runs, these...)
		return err
	})
	return runs, err
}

// claimRuns marks up to limit of a queue's runs as held by a master, the earliest of those to be claimed by until. Those
// that another master is claiming at this moment are passed over.
func (t tx) claimRuns(master, queue string, until int64, limit int) ([]*core.Run, error) {
	const (
		due = "SELECT id FROM runs WHERE queue = ? AND claim_at <= ? ORDER BY claim_at LIMIT ? FOR UPDATE SKIP LOCKED"
		set = "holder = ?, claim_at = NULL, token = token + 1"
	)
	if t.words.returns() {
		return t.changeRuns(set, []any{master}, "id IN ("+due+")", queue, until, limit)
	}
	ids, err := t.strings(due, queue, until, limit)
	if err != nil {
		return nil, err
	}
	return t.changeThese(ids, set, []any{master})
}

func idsOf(runs []*core.Run) []string {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	return ids
}
