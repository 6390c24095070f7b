package manage

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

const (
	// loadRuns is how many of the latest runs tell which tasks fail most and which are slow. It bounds the work, however
	// many there are.
	loadRuns = 2000
	// loadShown is how many of those tasks an overview has.
	loadShown = 5
	// loadSince is how far back it looks.
	loadSince = 24 * time.Hour
	// givenUpCounted is how many delayed tasks that were given up it counts.
	givenUpCounted = 100
)

// TaskLoad is what the latest runs of a task came to.
type TaskLoad struct {
	store.TaskLoad
	Title string
}

// Mean is how long a run took, on average.
func (l TaskLoad) Mean() time.Duration { return l.Took / time.Duration(max(l.Runs, 1)) }

// load finds the tasks that failed most and took longest among the latest runs, and counts the delayed tasks that were
// given up since the same instant.
func (s *Overviews) load(ctx context.Context, o *Overview) error {
	since := o.At.Add(-loadSince)
	found, err := s.store.LatestLoads(ctx, since, loadRuns)
	if err != nil {
		return err
	}
	loads := make([]TaskLoad, len(found))
	for i, l := range found {
		loads[i] = TaskLoad{TaskLoad: l}
	}
	slices.SortStableFunc(loads, func(a, b TaskLoad) int { return cmp.Compare(b.Failed, a.Failed) })
	for _, l := range loads[:min(len(loads), loadShown)] {
		if l.Failed > 0 {
			o.MostFailing = append(o.MostFailing, l)
		}
	}
	slices.SortStableFunc(loads, func(a, b TaskLoad) int { return cmp.Compare(b.Mean(), a.Mean()) })
	o.Slowest = loads[:min(len(loads), loadShown)]
	if err := s.name(ctx, o.MostFailing, o.Slowest); err != nil {
		return err
	}
	gone, _, err := s.store.DelayedTasks(ctx, store.DelayedFilter{State: core.DelayedFailed, Limit: givenUpCounted})
	for _, d := range gone {
		if d.FinishedAt.After(since) {
			o.GivenUp++
		}
	}
	return err
}

// name gives the tasks of loads their titles.
func (s *Overviews) name(ctx context.Context, lists ...[]TaskLoad) error {
	var runs []*core.Run
	for _, l := range slices.Concat(lists...) {
		runs = append(runs, &core.Run{TaskID: l.TaskID})
	}
	titles, err := s.store.RunTitles(ctx, runs)
	for _, list := range lists {
		for i := range list {
			list[i].Title = titles[list[i].TaskID]
		}
	}
	return err
}
