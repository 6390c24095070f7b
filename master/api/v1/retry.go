package v1

import "github.com/carillonhq/carillon/core"

// Retry says whether and when a failed run is tried again.
type Retry struct {
	Count    int      `json:"count"`
	Backoff  string   `json:"backoff,omitempty"`
	Delay    Duration `json:"delay,omitempty"`
	MaxDelay Duration `json:"maxDelay,omitempty"`
	Jitter   float64  `json:"jitter,omitempty"`
}

func retryOf(p core.RetryPolicy) *Retry {
	return &Retry{p.Count, string(p.Backoff), durationOf(p.Delay), durationOf(p.MaxDelay), p.Jitter}
}

func (r *Retry) core(v *values) core.RetryPolicy {
	if r == nil {
		return core.RetryPolicy{}
	}
	return core.RetryPolicy{
		Count: r.Count, Backoff: core.Backoff(r.Backoff), Jitter: r.Jitter,
		Delay: v.duration("retry.delay", r.Delay), MaxDelay: v.duration("retry.maxDelay", r.MaxDelay),
	}
}
