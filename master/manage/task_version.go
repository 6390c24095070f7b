package manage

import (
	"context"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// TaskVersion is what a task said from a version on.
type TaskVersion struct {
	store.TaskVersion
	// Changes are what it changed of the version before; of the first that is kept, all that it says. Secrets are masked.
	Changes []core.FieldChange
}

// said is the part of a version that is compared.
type said struct {
	Kind   core.TaskKind
	Title  string
	Remark string
	core.Definition
}

// Versions lists what a task said, from the latest, at most limit, and before a version when one is given.
func (s *Tasks) Versions(ctx context.Context, id string, before int64, limit int) ([]TaskVersion, error) {
	stored, err := s.store.TaskVersions(ctx, id, before, limit+1)
	if err != nil {
		return nil, err
	}
	versions := make([]TaskVersion, 0, limit)
	for i := range stored[:min(len(stored), limit)] {
		v := &stored[i]
		now := said{v.Kind, v.Title, v.Remark, v.Definition}
		var earlier any
		if i+1 < len(stored) {
			b := &stored[i+1]
			earlier = said{b.Kind, b.Title, b.Remark, b.Definition}
		}
		versions = append(versions, TaskVersion{*v, core.Changes(earlier, now)})
	}
	return versions, nil
}

// Version gives a task as it was under a version: what it said then, and all else as it is now. A version under which the task
// was only started or resumed says what the one before it said.
func (s *Tasks) Version(ctx context.Context, id string, version int64) (*core.Task, error) {
	t, err := s.store.Task(ctx, id)
	if err != nil {
		return nil, err
	}
	stored, err := s.store.TaskVersions(ctx, id, version+1, 1)
	if err != nil {
		return nil, err
	}
	if len(stored) == 0 || version < 1 || version > t.Version {
		return nil, core.NotFound("there is no version %d of the task, or not any more", version)
	}
	v := stored[0]
	t.Kind, t.Title, t.Remark, t.Definition, t.Version = v.Kind, v.Title, v.Remark, v.Definition, version
	t.NextDue = time.Time{}
	return t, nil
}

// Restore has a stopped task say again what it said under an earlier version. It is an edit, with all its checks: what was
// right then may be refused now. It gives the task, and the keepers that are no users.
func (s *Tasks) Restore(ctx context.Context, actor *core.User, id string, version int64) (t *core.Task, unknownKeepers []int64, err error) {
	current, err := s.store.Task(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if t, err = s.Version(ctx, id, version); err != nil {
		return nil, nil, err
	}
	t.Labels, t.Origin, t.Version = nil, current.Origin, current.Version
	unknownKeepers, err = s.Edit(ctx, actor, t)
	return t, unknownKeepers, err
}
