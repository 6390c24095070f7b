package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// Sent is what a run sent, or is to send, as who asks may see it.
type Sent struct {
	// Callback and Plugin are the one that the run's definition has; both nil when that is not kept, because the task has been
	// edited since.
	Callback *core.Callback
	Plugin   *core.PluginCall
	Params   []core.Param // of a plugin's task
	// Curl is the command that sends the callback; nil without one.
	Curl *Curl
}

// Sent tells what a run sent. What is a secret is masked as the JSON API masks it.
func (s *Runs) Sent(ctx context.Context, actor *core.User, r *core.Run) (*Sent, error) {
	sent := new(Sent)
	if r.TaskID == "" {
		d, err := s.store.Delayed(ctx, r.DelayedID)
		if core.CodeOf(err) == core.CodeNotFound {
			return sent, nil
		}
		if err != nil {
			return nil, err
		}
		sent.Callback = d.Callback.MaskedFor(actor)
	} else {
		t, err := s.store.Task(ctx, r.TaskID)
		if err != nil {
			return nil, err
		}
		if !sameDefinition(t, r) {
			return sent, nil
		}
		if t.Plugin != nil {
			sent.Plugin, sent.Params = t.Plugin, t.Params
			return sent, nil
		}
		sent.Callback = t.Callback.MaskedFor(actor)
	}
	sent.Curl = curlOf(sent.Callback, r, !actor.SeesCredentials())
	return sent, nil
}

// sameDefinition says whether a task has the definition that a run of it had. A version is raised by a start and a resume
// too, which change nothing; a task that was not edited since the run was planned is as it was then.
func sameDefinition(t *core.Task, r *core.Run) bool {
	return t.Version == r.TaskVersion || !t.UpdatedAt.After(r.PlannedAt)
}
