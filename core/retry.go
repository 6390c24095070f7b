package core

import (
	"math"
	"time"
)

// Backoff says how the delay before a retry grows.
type Backoff string

// The ways a delay grows with the number n of the retry, counted from 1.
const (
	BackoffFixed       Backoff = "fixed"       // delay
	BackoffLinear      Backoff = "linear"      // delay × n
	BackoffExponential Backoff = "exponential" // delay × 2^(n-1)
)

// The limits of a retry policy.
const (
	MaxRetries    = 100
	MaxRetryDelay = 7 * 24 * time.Hour
)

// RetryPolicy says whether and when a failed run is tried again. The zero policy never does.
type RetryPolicy struct {
	// Count is how many retries may follow the first attempt.
	Count int `json:"count,omitempty"`
	// Backoff defaults to fixed.
	Backoff Backoff `json:"backoff,omitempty"`
	// Delay is the base of the backoff.
	Delay time.Duration `json:"delay,omitempty"`
	// MaxDelay caps the delay; 0 means MaxRetryDelay.
	MaxDelay time.Duration `json:"maxDelay,omitempty"`
	// Jitter spreads the delay: a share between 0 and 1 of it is drawn at random and taken off.
	Jitter float64 `json:"jitter,omitempty"`
}

// Next gives the delay before retry n (counted from 1) and whether there is one. retryAfter is what the target asked
// for: the delay is never shorter, but never longer than MaxRetryDelay. random is a number in [0,1) for the jitter.
func (p RetryPolicy) Next(n int, retryAfter time.Duration, random float64) (time.Duration, bool) {
	if n < 1 || n > p.Count {
		return 0, false
	}
	limit := p.MaxDelay
	if limit <= 0 || limit > MaxRetryDelay {
		limit = MaxRetryDelay
	}
	grown := float64(p.Delay)
	switch p.Backoff {
	case BackoffLinear:
		grown *= float64(n)
	case BackoffExponential:
		grown *= math.Pow(2, float64(n-1))
	}
	grown = min(grown, float64(limit))
	delay := time.Duration(grown * (1 - p.Jitter*random))
	return min(max(delay, retryAfter), MaxRetryDelay), true
}

func (p *RetryPolicy) validate() error {
	if p.Count < 0 || p.Count > MaxRetries {
		return Broken("retry.count", "must be from 0 to %d", MaxRetries)
	}
	switch p.Backoff {
	case "", BackoffFixed, BackoffLinear, BackoffExponential:
	default:
		return Broken("retry.backoff", "must be fixed, linear or exponential")
	}
	if p.Delay < 0 || p.Delay > MaxRetryDelay {
		return Broken("retry.delay", "must be from 0 to %s", MaxRetryDelay)
	}
	if p.MaxDelay < 0 || p.MaxDelay > MaxRetryDelay {
		return Broken("retry.maxDelay", "must be from 0 to %s", MaxRetryDelay)
	}
	if math.IsNaN(p.Jitter) || p.Jitter < 0 || p.Jitter > 1 {
		return Broken("retry.jitter", "must be from 0 to 1")
	}
	return nil
}
