package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/carillonhq/carillon/core"
)

// noteOverrides keeps what a firing is given.
func (t tx) noteOverrides(r *core.Run, o *core.Overrides) error {
	if o.None() {
		return nil
	}
	_, err := t.exec("INSERT INTO run_overrides (firing_id,overrides) VALUES (?,?)", r.Firing(), encode(o))
	return err
}

// overrides reads what was given to the firings of runs, by firing. Only those asked for by hand are given anything, their later
// attempts and what does them again; so what schedules fire costs no look.
func (t tx) overrides(runs []*core.Run) (map[string]*core.Overrides, error) {
	var firings []string
	for _, r := range runs {
		switch r.Trigger {
		case core.TriggerManual, core.TriggerRetry, core.TriggerReplay:
			if r.TaskID != "" {
				firings = append(firings, r.Firing())
			}
		}
	}
	stored, err := t.blobs("SELECT firing_id, overrides FROM run_overrides WHERE firing_id IN ", firings)
	if err != nil || len(stored) == 0 {
		return nil, err
	}
	given := make(map[string]*core.Overrides, len(stored))
	for firing, text := range stored {
		o := new(core.Overrides)
		if err := json.Unmarshal(text, o); err != nil {
			return nil, fmt.Errorf("overrides of firing %s: %w", firing, err)
		}
		given[firing] = o
	}
	return given, nil
}

// overridden gives a definition with what was given in it. One that the task has moved away from since, so that it does not fit
// any more, is left as it is.
func (d *TaskDefinition) overridden(o *core.Overrides) *TaskDefinition {
	if o == nil {
		return d
	}
	changed, err := o.Apply(d.Definition)
	if err != nil {
		return d
	}
	return forWorkers(changed)
}

// forWorkers gives a definition as workers get it.
func forWorkers(def core.Definition) *TaskDefinition {
	out := &TaskDefinition{Definition: def}
	if def.Callback != nil {
		out.CallbackJSON = []byte(encode(def.Callback))
	}
	if def.Plugin != nil && len(def.Params) > 0 {
		out.ParamsJSON = []byte(encode(def.Params))
	}
	return out
}

// Overrides reads what the firing of a run was given; nil when it was given nothing.
func (s *Store) Overrides(ctx context.Context, r *core.Run) (*core.Overrides, error) {
	given, err := s.read(ctx).overrides([]*core.Run{r})
	return given[r.Firing()], s.edge(err)
}

// PruneOverrides deletes up to limit of what firings were given that were due before an instant.
func (s *Store) PruneOverrides(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.pruneAged(ctx, "run_overrides", "firing_id", before, limit)
}
