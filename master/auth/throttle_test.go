package auth

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
)

func TestThrottling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, true)
		refusal := func(n int, addr string) time.Duration {
			began := time.Now()
			u, err := s.CheckSecret(t.Context(), name, wrongSecret(n), addr)
			requireRefused(t, u, err)
			return time.Since(began)
		}
		for n := range wrongPerUser {
			require.Equal(t, s.opts.RefuseAfter, refusal(n, host))
		}
		require.Equal(t, s.opts.ThrottledAfter, refusal(20, host))
		require.Equal(t, s.opts.ThrottledAfter, refusal(20, host), "a value known to be wrong is throttled too")
		require.Equal(t, s.opts.RefuseAfter, refusal(20, "192.0.2.8"), "another address is not")

		began := time.Now()
		_, err := s.CheckSecret(t.Context(), name, rightSecret(), host)
		require.NoError(t, err)
		require.Zero(t, time.Since(began), "a right value passes at once")

		time.Sleep(time.Minute)
		require.Equal(t, s.opts.RefuseAfter, refusal(20, host), "a quiet minute ends it")
	})
}

func TestThrottlingByAddress(t *testing.T) {
	t.Parallel()
	th, err := newThrottle()
	require.NoError(t, err)
	for n := range wrongPerAddress {
		require.False(t, th.refused(fmt.Sprint("user", n), host))
	}
	require.True(t, th.refused("one more", host))
	require.True(t, th.over("and another", host))
	require.False(t, th.over("and another", "192.0.2.8"))
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "::ffff:192.0.2.7",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "@": "@",
	} {
		require.Equal(t, want, network(addr))
	}
}

// However many throttled claims are waiting, somebody else's first call waits for one slow hash or two.
func TestThrottledClaimsTakeOnePlaceInLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m := setup(t, true)
		_, err := s.Add(t.Context(), "other", pass, core.RoleOperator, "")
		require.NoError(t, err)
		s = open(t, m) // which has not seen the credentials of either
		for range wrongPerUser {
			u, err := s.CheckSecret(t.Context(), name, "short", host)
			requireRefused(t, u, err)
		}
		s.proofs.hashing <- struct{}{}
		var wg sync.WaitGroup
		for n := range 20 {
			wg.Go(func() {
				u, err := s.CheckSecret(t.Context(), name, wrongSecret(n), host)
				requireRefused(t, u, err)
			})
		}
		synctest.Wait()
		require.Zero(t, s.proofs.slow.Load())
		var slowBefore int64
		wg.Go(func() {
			_, err := s.CheckSecret(t.Context(), "other", core.APISecret("other", pass), host)
			require.NoError(t, err)
			slowBefore = s.proofs.slow.Load()
		})
		synctest.Wait()
		<-s.proofs.hashing
		wg.Wait()
		require.LessOrEqual(t, slowBefore, int64(3))
		require.EqualValues(t, 21, s.proofs.slow.Load())
	})
}

// A crowd of refusals does not hold a goroutine each for long.
func TestWaitingRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := setup(t, false)
		var wg sync.WaitGroup
		var mu sync.Mutex
		atOnce := 0
		for range maxWaiting + 100 {
			wg.Go(func() {
				began := time.Now()
				_, err := s.CheckSecret(t.Context(), "nobody", rightSecret(), host)
				require.Error(t, err)
				if time.Since(began) == 0 {
					mu.Lock()
					atOnce++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		require.Equal(t, 100, atOnce)
		require.Zero(t, s.waiting.Load())
	})
}
