package v1

import (
	"encoding/base64"
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/manage"
	"github.com/carillonhq/carillon/store"
)

// TaskBulk is one action on many tasks: on those named, or on those that a filter leaves.
type TaskBulk struct {
	Action string      `json:"action"`
	IDs    []string    `json:"ids,omitempty"`
	Filter *TaskFilter `json:"filter,omitempty"`
	Add    []string    `json:"add,omitempty"`
	Remove []string    `json:"remove,omitempty"`
	Cursor string      `json:"cursor,omitempty"`
}

// TaskFilter narrows tasks as the parameters of their list do. An empty one leaves them all.
type TaskFilter struct {
	Search  string `json:"search,omitempty"`
	Title   string `json:"title,omitempty"`
	State   string `json:"state,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Label   string `json:"label,omitempty"`
	Worker  string `json:"worker,omitempty"`
	Keeper  int64  `json:"keeper,omitempty"`
	Outcome string `json:"outcome,omitempty"`
}

// TaskBulkDone is what came of a bulk.
type TaskBulkDone struct {
	Done    int           `json:"done"`
	Refused []TaskRefusal `json:"refused,omitempty"`
	Next    string        `json:"next,omitempty"`
}

// TaskRefusal says of a task why the action was refused.
type TaskRefusal struct {
	ID     string `json:"id"`
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

func (a *api) bulkTasks(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[TaskBulk](data)
	if err != nil {
		return err
	}
	b := manage.TaskBulk{Action: manage.TaskAction(given.Action), IDs: given.IDs, Add: given.Add, Remove: given.Remove}
	switch {
	case (given.IDs == nil) == (given.Filter == nil):
		return broken("ids", "give either ids or a filter; a filter that is empty leaves all tasks")
	case given.Filter == nil && given.Cursor != "":
		return broken("cursor", "goes with a filter only")
	case given.Filter != nil:
		f := given.Filter
		b.Filter = store.TaskFilter{
			Search: f.Search, Title: f.Title, State: core.TaskState(f.State), Kind: core.TaskKind(f.Kind), Label: f.Label, Worker: f.Worker,
			Keeper: f.Keeper, Outcome: core.RunState(f.Outcome),
		}
		after, err := base64.RawURLEncoding.DecodeString(given.Cursor)
		if err != nil || len(after) > maxID {
			return malformed("cursor", "is not one that a bulk gave as next")
		}
		b.Filter.After = string(after)
	}
	done, err := a.Tasks.Bulk(r.Request.Context(), r.user, b)
	if err != nil {
		return err
	}
	out := TaskBulkDone{Done: done.Done, Next: base64.RawURLEncoding.EncodeToString([]byte(done.Next))}
	for _, refused := range done.Refused {
		out.Refused = append(out.Refused, TaskRefusal{refused.ID, refused.Title, refused.Err.Error()})
	}
	return reply(r, http.StatusOK, out)
}
