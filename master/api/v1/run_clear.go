package v1

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// RunClearing says which ended runs are deleted with their logs.
type RunClearing struct {
	TaskID  string   `json:"taskId,omitempty"`
	States  []string `json:"states,omitempty"`
	DueFrom Instant  `json:"dueFrom,omitempty"`
	DueTo   Instant  `json:"dueTo"`
	// DryRun counts what would be deleted, and deletes nothing.
	DryRun bool `json:"dryRun,omitempty"`
}

// RunsCleared is how far a clearing has come. Left counts no further than 200,000: LeftAtLeast says that there may be more.
type RunsCleared struct {
	Deleted     int  `json:"deleted"`
	Left        int  `json:"left"`
	LeftAtLeast bool `json:"leftAtLeast,omitempty"`
	Done        bool `json:"done"`
}

func (a *api) clearRuns(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[RunClearing](data)
	if err != nil {
		return err
	}
	var v values
	f := store.ClearFilter{TaskID: given.TaskID, From: v.instant("dueFrom", given.DueFrom), To: v.instant("dueTo", given.DueTo)}
	for _, s := range given.States {
		f.States = append(f.States, core.RunState(s))
	}
	if v.err != nil {
		return v.err
	}
	var c manage.Cleared
	if given.DryRun {
		c, err = a.Runs.Count(r.Request.Context(), f)
	} else {
		c, err = a.Runs.Clear(r.Request.Context(), r.user, f)
	}
	if err != nil {
		return err
	}
	return reply(r, http.StatusOK, RunsCleared{c.Deleted, c.Left, c.Left >= manage.ClearCounted, c.Done})
}
