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
