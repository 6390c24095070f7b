package core_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/carillonhq/carillon/core"
)

func TestRetryPolicyNext(t *testing.T) {
	t.Parallel()
	const s = time.Second
	linear := core.RetryPolicy{Count: 3, Backoff: core.BackoffLinear, Delay: 10 * s}
	exponential := core.RetryPolicy{Count: 100, Backoff: core.BackoffExponential, Delay: s}
	for _, c := range []struct {
		name       string
		policy     core.RetryPolicy
		n          int
		retryAfter time.Duration
		random     float64
		want       time.Duration
		none       bool
	}{
		{name: "the zero policy", n: 1, none: true},
		{name: "no retry 0", policy: linear, n: 0, none: true},
		{name: "no retry below 0", policy: linear, n: -1, none: true},
		{name: "fixed", policy: core.RetryPolicy{Count: 2, Backoff: core.BackoffFixed, Delay: 5 * s}, n: 2, want: 5 * s},
		{name: "no backoff is fixed", policy: core.RetryPolicy{Count: 2, Delay: 5 * s}, n: 2, want: 5 * s},
		{name: "no delay", policy: core.RetryPolicy{Count: 1}, n: 1, want: 0},
		{name: "linear 1", policy: linear, n: 1, want: 10 * s},
		{name: "linear 2", policy: linear, n: 2, want: 20 * s},
		{name: "linear 3", policy: linear, n: 3, want: 30 * s},
		{name: "linear 4 is one too many", policy: linear, n: 4, none: true},
		{name: "exponential 1", policy: exponential, n: 1, want: s},
		{name: "exponential 5", policy: exponential, n: 5, want: 16 * s},
		{name: "exponential does not overflow", policy: exponential, n: 100, want: core.MaxRetryDelay},
		{name: "exponential of nothing is nothing", policy: core.RetryPolicy{Count: 100, Backoff: core.BackoffExponential}, n: 100, want: 0},
		{name: "linear at both limits", policy: core.RetryPolicy{Count: 100, Backoff: core.BackoffLinear, Delay: core.MaxRetryDelay}, n: 100, want: core.MaxRetryDelay},
		{name: "capped", policy: core.RetryPolicy{Count: 9, Backoff: core.BackoffExponential, Delay: s, MaxDelay: 5 * s}, n: 9, want: 5 * s},
		{name: "retry-after is longer", policy: linear, n: 1, retryAfter: 15 * s, want: 15 * s},
		{name: "retry-after is shorter", policy: linear, n: 2, retryAfter: 15 * s, want: 20 * s},
		{name: "retry-after is over the policy's cap", policy: core.RetryPolicy{Count: 1, Delay: s, MaxDelay: 2 * s}, n: 1, retryAfter: time.Minute, want: time.Minute},
		{name: "retry-after is absurd", policy: linear, n: 1, retryAfter: math.MaxInt64, want: core.MaxRetryDelay},
		{name: "retry-after is negative", policy: linear, n: 1, retryAfter: -time.Hour, want: 10 * s},
		{name: "retry-after does not add retries", policy: linear, n: 4, retryAfter: s, none: true},
		{name: "half of full jitter", policy: core.RetryPolicy{Count: 1, Delay: 10 * s, Jitter: 1}, n: 1, random: 0.5, want: 5 * s},
		{name: "a fifth of half jitter", policy: core.RetryPolicy{Count: 1, Delay: 10 * s, Jitter: 0.5}, n: 1, random: 0.2, want: 9 * s},
		{name: "jitter after the cap", policy: core.RetryPolicy{Count: 1, Delay: 10 * s, MaxDelay: 4 * s, Jitter: 1}, n: 1, random: 0.5, want: 2 * s},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := c.policy.Next(c.n, c.retryAfter, c.random)
			require.Equal(t, !c.none, ok)
			require.Equal(t, c.want, got)
		})
	}
}

// Whatever a valid policy says, a delay lies between what jitter leaves of it and its limits.
func TestRetryPolicyBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := core.RetryPolicy{
			Count:    rapid.IntRange(0, core.MaxRetries).Draw(t, "count"),
			Backoff:  rapid.SampledFrom([]core.Backoff{"", core.BackoffFixed, core.BackoffLinear, core.BackoffExponential}).Draw(t, "backoff"),
			Delay:    time.Duration(rapid.Int64Range(0, int64(core.MaxRetryDelay)).Draw(t, "delay")),
			MaxDelay: time.Duration(rapid.Int64Range(0, int64(core.MaxRetryDelay)).Draw(t, "max")),
			Jitter:   rapid.Float64Range(0, 1).Draw(t, "jitter"),
		}
		n := rapid.IntRange(-2, core.MaxRetries+2).Draw(t, "n")
		after := time.Duration(rapid.Int64().Draw(t, "after"))
		random := rapid.Float64Range(0, math.Nextafter(1, 0)).Draw(t, "random")

		got, ok := p.Next(n, after, random)
		require.Equal(t, n >= 1 && n <= p.Count, ok)
		if !ok {
			require.Zero(t, got)
			return
		}
		whole, _ := p.Next(n, 0, 0)
		require.GreaterOrEqual(t, got, min(max(after, time.Duration(float64(whole)*(1-p.Jitter))-1), core.MaxRetryDelay))
		require.LessOrEqual(t, got, min(max(after, whole), core.MaxRetryDelay))
		require.GreaterOrEqual(t, got, time.Duration(0))
	})
}
