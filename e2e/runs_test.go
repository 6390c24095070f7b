package e2e

import (
	"cmp"
	"slices"

	v1 "github.com/carillonhq/carillon/master/api/v1"
)

// byAttempt puts the runs of an occurrence in order.
func byAttempt(runs []v1.Run) []v1.Run {
	slices.SortFunc(runs, func(a, b v1.Run) int { return cmp.Compare(a.Attempt, b.Attempt) })
	return runs
}

// outcomes gives the states of runs and their triggers, in order.
func outcomes(runs []v1.Run) (all []string) {
	for _, r := range runs {
		all = append(all, r.State+" "+r.Trigger)
	}
	return all
}
