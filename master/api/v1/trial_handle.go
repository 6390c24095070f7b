package v1

import (
	"net/http"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/master/curl"
	"github.com/carillonhq/carillon/master/manage"
)

// Trial is a callback that is to be sent once, now, as a task would have it sent.
type Trial struct {
	Callback *Callback `json:"callback"`
	// Executors and Label say which workers may send it. None: any.
	Executors []string `json:"executors,omitempty"`
	Label     string   `json:"label,omitempty"`
	// TaskID is the task that it is meant for, whose secrets are kept where Kept is given.
	TaskID string `json:"taskId,omitempty"`
}

func (a *api) tryCallback(r *request) error {
	ctx := r.Request.Context()
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[Trial](data)
	if err != nil {
		return err
	}
	if given.Callback == nil {
		return broken("callback", "is required")
	}
	var earlier *core.Callback
	if given.TaskID != "" {
		t, err := a.Tasks.Get(ctx, given.TaskID)
		if err != nil {
			return err
		}
		earlier = t.Callback
	}
	var v values
	callback := given.Callback.core(&v, earlier)
	if v.err != nil {
		return v.err
	}
	d, err := a.Delayed.Try(ctx, r.user, manage.Trial{Callback: *callback, Executors: given.Executors, Label: given.Label, TaskID: given.TaskID})
	if err != nil {
		return err
	}
	r.Header("Location", Base+"/delayed-tasks/"+d.ID)
	return reply(r, http.StatusAccepted, showDelayed(r.user, d))
}

// CurlCommand is a curl command to be read.
type CurlCommand struct {
	Command string `json:"command"`
}

// CurlImport is what a curl command asks for.
type CurlImport struct {
	Callback *Callback `json:"callback"`
	// Left are what of the command was not taken.
	Left []LeftOut `json:"left,omitempty"`
}

// LeftOut is an option of a curl command that was not taken, and why.
type LeftOut struct {
	Option string `json:"option"`
	Reason string `json:"reason"`
}

func (a *api) importCurl(r *request) error {
	data, err := body(r)
	if err != nil {
		return err
	}
	given, err := decode[CurlCommand](data)
	if err != nil {
		return err
	}
	got, err := curl.Parse(given.Command)
	if err != nil {
		return err
	}
	out := CurlImport{Callback: callbackOf(&got.Callback)}
	for _, e := range got.Left {
		reason := *e
		reason.Field = ""
		out.Left = append(out.Left, LeftOut{e.Field, reason.Error()})
	}
	return reply(r, http.StatusOK, out)
}
