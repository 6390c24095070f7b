package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
)

// MayKeep lists the users who can be named as keepers of a task.
func (s *Tasks) MayKeep(ctx context.Context) ([]*core.User, error) { return s.store.Users(ctx) }

// Titles gives the titles of tasks by their ids, deleted ones too. Ids of which there is no task are left out.
func (s *Tasks) Titles(ctx context.Context, ids []string) (map[string]string, error) {
	titles := make(map[string]string, len(ids))
	for _, id := range ids { // core.MaxChildren of them at most
		t, err := s.store.Task(ctx, id)
		switch {
		case err == nil:
			titles[id] = t.Title
		case core.CodeOf(err) != core.CodeNotFound:
			return nil, err
		}
	}
	return titles, nil
}
