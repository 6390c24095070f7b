package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/store"
)

// A heartbeat that waited before it was stored renews the lease for no longer than one that did not: its worker counts from
// when it sent it, and is not to be waited for any longer. Nor does it take anything from what a later one has given.
func TestLeaseCountsFromTheArrivalOfItsHeartbeat(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		b.register(core.NodeWorker, "w3", "", time.Minute)
		left := func() time.Duration {
			n, err := b.Node(b.ctx, core.NodeWorker, "w3")
			require.NoError(t, err)
			return n.LeaseUntil.Sub(b.Now()).Round(10 * time.Second) // wide enough for any database
		}
		renew := func(lease, ago time.Duration) {
			beat := store.Beat{Incarnation: "w3", Kind: core.NodeWorker, Name: "w3", State: core.NodeEnabled, Lease: lease}
			if ago > 0 {
				beat.Arrived = time.Now().Add(-ago)
			}
			gone, err := b.Renew(b.ctx, []store.Beat{beat})
			require.NoError(t, err)
			require.Empty(t, gone)
		}
		renew(3*time.Minute, time.Minute)
		require.Equal(t, 2*time.Minute, left())
		renew(3*time.Minute, 2*time.Minute)
		require.Equal(t, 2*time.Minute, left(), "one that is stored late cuts nothing short")
		renew(3*time.Minute, 0)
		require.Equal(t, 3*time.Minute, left())
		renew(3*time.Minute, 4*time.Minute)
		require.Equal(t, 3*time.Minute, left(), "however late")
		renew(time.Minute, 0)
		require.Equal(t, time.Minute, left(), "a lease that is longer than any can be is of a clock that was set back")
	})
}
