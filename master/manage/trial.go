package manage

import (
	"cmp"
	"context"
	"slices"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// Trial is a callback that is to be tried once, as it would be sent for a task, though no task says it yet.
type Trial struct {
	Callback core.Callback
	// Executors and Label say which workers may send it. None: any.
	Executors []string
	Label     string
	// TaskID is the task that the callback is meant for; empty for one that is not there yet.
	TaskID string
}

// Try has a worker send a callback once, now, without retries. It is a delayed task of core.TrialApp that is due at once, so it
// goes the way of every other firing, and its run is in the history. What is left out is as for a task: a callback without
// a success rule has none from the settings.
func (s *Delayed) Try(ctx context.Context, actor *core.User, t Trial) (*core.DelayedTask, error) {
	if t.Callback.Success == (core.SuccessRule{}) {
		t.Callback.Success.Statuses = "200-299"
	}
	if t.Label != "" {
		if len(t.Executors) > 0 {
			return nil, core.Broken("routing.label", "goes with a task that names no executors: they are the workers that may run it")
		}
		var err error
		if t.Executors, err = s.labelled(ctx, t.Label); err != nil {
			return nil, err
		}
	}
	d := &core.DelayedTask{
		SourceApp: core.TrialApp, Topic: actor.Name, ContentKey: cmp.Or(t.TaskID, "new"), Due: s.store.Now(),
		DelayedDefinition: core.DelayedDefinition{Callback: t.Callback, Executors: t.Executors, Retry: core.RetryPolicy{Backoff: core.BackoffFixed}},
	}
	if err := s.Create(ctx, actor, d); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "callback tried", "delayed", d.ID, "task", t.TaskID, "by", actor.Name)
	return d, nil
}

// labelled lists the workers with a label that take runs now: a delayed task names workers, not labels.
func (s *Delayed) labelled(ctx context.Context, label string) ([]string, error) {
	nodes, err := s.store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range nodes {
		n := &nodes[i]
		if n.Kind == core.NodeWorker && n.State == core.NodeEnabled && n.Alive(s.store.Now()) && slices.Contains(n.Labels, label) {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return nil, core.Broken("routing.label", "no worker with the label %q takes runs now", label)
	}
	return names[:min(len(names), core.MaxExecutors)], nil
}

// Tried gives a delayed task that Try made, with its run; no run while none is planned. Others are not found.
func (s *Delayed) Tried(ctx context.Context, id string) (*core.DelayedTask, *core.Run, error) {
	d, err := s.store.Delayed(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if d.SourceApp != core.TrialApp {
		return nil, nil, core.NotFound("there is no delayed task %s", id)
	}
	runs, _, err := s.store.Runs(ctx, store.RunFilter{DelayedID: id, Limit: 1})
	if err != nil || len(runs) == 0 {
		return d, nil, err
	}
	run, err := s.store.Run(ctx, runs[0].ID)
	return d, run, err
}
