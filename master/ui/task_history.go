package ui

import (
	"cmp"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// historyShown is how many changes the page of a task tells of.
const historyShown = 20

// historyEntry is a change of a task: an edit with what it changed, or a move.
type historyEntry struct {
	At      time.Time
	By      string
	Action  string
	Version int64 // that an edit made; 0 for a move
	Changes []core.FieldChange
	// Restore says that the reader may have the task say again what it said under the version. Current says that it does.
	Restore, Current bool
}

// taskHistory tells what a task said before, and for who may see the audit how it was moved. The versions are read of who may
// see the task: they are its definition.
func (u *UI) taskHistory(r *request, t *core.Task) (history []historyEntry, more bool, err error) {
	ctx := r.Request.Context()
	versions, err := u.Manage.Tasks.Versions(ctx, t.ID, 0, historyShown+1)
	if err != nil {
		return nil, false, err
	}
	for i, v := range versions {
		e := historyEntry{At: v.At, By: v.By, Action: "edit", Version: v.Version, Changes: v.Changes, Current: i == 0}
		if v.Version == 1 {
			e.Action = "create"
		}
		e.Restore = !e.Current && r.may(core.RoleDeveloper) && t.State != core.TaskDeleted
		history = append(history, e)
	}
	if r.may(core.RoleOperator) {
		entries, err := u.Manage.Audit.List(ctx, store.AuditFilter{Kind: core.AuditTask, ObjectID: t.ID, Limit: historyShown + 1})
		if err != nil {
			return nil, false, err
		}
		for _, a := range entries {
			if a.Action != "edit" && a.Action != "create" { // which the versions tell of
				history = append(history, historyEntry{At: a.At, By: a.UserName, Action: a.Action, Changes: a.Changes})
			}
		}
	}
	slices.SortStableFunc(history, func(a, b historyEntry) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Version, a.Version)) })
	return history[:min(len(history), historyShown)], len(history) > historyShown, nil
}

// Does names what was done.
func (v taskView) Does(action string) string {
	switch action {
	case "create":
		return v.r.text("created")
	case "edit":
		return v.r.text("edited")
	case "start":
		return v.r.text("started")
	case "pause":
		return v.r.text("paused")
	case "resume":
		return v.r.text("resumed")
	case "stop":
		return v.r.text("stopped")
	case "delete":
		return v.r.text("deleted")
	case "label":
		return v.r.text("labelled")
	case "run":
		return v.r.text("run by hand")
	}
	return action
}

// restoreTask has a task say again what it said under a version.
func (u *UI) restoreTask(r *request) error {
	f, err := r.form()
	if err != nil {
		return err
	}
	version, err := wholeNumber(f, "version")
	if err != nil {
		return err
	}
	t, _, err := u.Manage.Tasks.Restore(r.Request.Context(), &r.in.User, r.Param("id"), version)
	if err != nil {
		return err
	}
	return r.done("", r.text("Restored: version %d says what version %d said.", t.Version, version))
}
