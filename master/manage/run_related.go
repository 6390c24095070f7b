package manage

import (
	"context"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// relatedShown is how many attempts, and how many runs that it caused, are read of a run.
const relatedShown = 50

// Related is what a run has to do with others.
type Related struct {
	// Attempts are the runs of its occurrence from the latest, the run itself among them.
	Attempts []*core.Run
	// Parent is the run whose outcome caused it, and Original the one that it does again; nil when there is none, or when it
	// has been deleted since.
	Parent, Original *core.Run
	// Children are the runs that its outcome caused, with their retries, from the latest.
	Children []*core.Run
	// Titles are what people know all of these by, and the run itself, by the id of their task or delayed task.
	Titles map[string]string
}

// Related reads what a run has to do with others.
func (s *Runs) Related(ctx context.Context, r *core.Run) (*Related, error) {
	var rel Related
	var err error
	if rel.Attempts, _, err = s.store.Runs(ctx, store.RunFilter{OccurrenceID: r.OccurrenceID, Limit: relatedShown}); err != nil {
		return nil, err
	}
	if rel.Children, _, err = s.store.Runs(ctx, store.RunFilter{ParentRunID: r.ID, Limit: relatedShown}); err != nil {
		return nil, err
	}
	if rel.Parent, err = s.known(ctx, r.ParentRunID); err != nil {
		return nil, err
	}
	if rel.Original, err = s.known(ctx, r.ReplayOf); err != nil {
		return nil, err
	}
	all := append([]*core.Run{r}, rel.Children...)
	for _, other := range []*core.Run{rel.Parent, rel.Original} {
		if other != nil {
			all = append(all, other)
		}
	}
	rel.Titles, err = s.store.RunTitles(ctx, all)
	return &rel, err
}

// known reads a run that may have been deleted; nil when it has, or when there is none.
func (s *Runs) known(ctx context.Context, id string) (*core.Run, error) {
	if id == "" {
		return nil, nil
	}
	r, err := s.store.Run(ctx, id)
	if core.CodeOf(err) == core.CodeNotFound {
		return nil, nil
	}
	return r, err
}
