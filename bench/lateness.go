package bench

import (
	"math"
	"slices"
	"time"
)

// Percentiles sum up many lengths of time, in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50Ms"`
	P99 float64 `json:"p99Ms"`
	Max float64 `json:"maxMs"`
}

// percentilesOf sorts the lengths and sums them up; all are zero when there is none.
func percentilesOf(lengths []time.Duration) Percentiles {
	if len(lengths) == 0 {
		return Percentiles{}
	}
	slices.Sort(lengths)
	return Percentiles{P50: millis(nearest(lengths, 0.50)), P99: millis(nearest(lengths, 0.99)), Max: millis(lengths[len(lengths)-1])}
}

// nearest gives the percentile by the nearest rank: the least length that is not below the share p of all. It interpolates
// nothing, so what it gives did happen.
func nearest(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}

// millis is a length in milliseconds, to the microsecond.
func millis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// micros is the share of each of n in a length of time, in microseconds.
func micros(d time.Duration, n int) float64 {
	return float64(d.Nanoseconds()/int64(max(n, 1))) / float64(time.Microsecond)
}

// The lag counts as growing when the later median is above the earlier one by growthLimit or lies above lagLimit. Less is
// what the machine's other work does.
const (
	growthLimit = 250 * time.Millisecond
	lagLimit    = time.Second
	// growthSeconds is the least length of a run, in seconds, of which growth can be told.
	growthSeconds = 5
)

// sample is how late one callback came, and when after the first due instant it was due.
type sample struct{ offset, late time.Duration }

// growth compares the medians of the first and the last fifth of the due instants. known is false when the run is too
// short to tell.
func growth(samples []sample) (grew time.Duration, behind, known bool) {
	var last time.Duration
	for _, s := range samples {
		last = max(last, s.offset)
	}
	if last < (growthSeconds-1)*time.Second {
		return 0, false, false
	}
	var early, late []time.Duration
	for _, s := range samples {
		switch {
		case s.offset <= last/5:
			early = append(early, s.late)
		case s.offset >= last-last/5:
			late = append(late, s.late)
		}
	}
	if len(early) == 0 || len(late) == 0 {
		return 0, false, false
	}
	slices.Sort(early)
	slices.Sort(late)
	end := nearest(late, 0.5)
	grew = end - nearest(early, 0.5)
	return grew, grew > growthLimit || end > lagLimit, true
}
