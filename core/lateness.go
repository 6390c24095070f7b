package core

import (
	"slices"
	"time"
)

// LatenessBounds are the upper bounds of the buckets that the lateness of runs is counted in; what is above the last has
// a bucket of its own.
func LatenessBounds() []time.Duration {
	return []time.Duration{
		time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
		100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second,
		10 * time.Second, 30 * time.Second, time.Minute,
	}
}

// Lateness is the time from the instant a run was to be sent to the moment its worker began to send it; false of a run of
// which no worker said so.
func (r *Run) Lateness() (time.Duration, bool) {
	if r.SentAt.IsZero() {
		return 0, false
	}
	return max(r.SentAt.Sub(r.FireAt), 0), true
}

// LatenessBucket is the number of the bucket that a run's lateness falls into, from 1 on; 0 of a run that has none.
func (r *Run) LatenessBucket() int {
	late, sent := r.Lateness()
	if !sent {
		return 0
	}
	i, _ := slices.BinarySearch(LatenessBounds(), late)
	return i + 1
}

// LatenessCounts are how many runs fell into each bucket, by its number.
type LatenessCounts map[int]int64

// Within is the bound that a share of the runs, such as 0.99, kept: the upper one of the bucket which the last of them
// falls into. It is zero when there is no run, and over says that it is the lower bound of the last bucket, which has
// no upper one.
func (c LatenessCounts) Within(share float64) (bound time.Duration, over bool) {
	bounds := LatenessBounds()
	var total, sum int64
	for i := range len(bounds) + 1 {
		total += c[i+1]
	}
	if total == 0 {
		return 0, false
	}
	for i, bound := range bounds {
		if sum += c[i+1]; float64(sum) >= share*float64(total) {
			return bound, false
		}
	}
	return bounds[len(bounds)-1], true
}
