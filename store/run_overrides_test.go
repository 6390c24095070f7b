package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb"
)

// What a firing is given is sent with each of its runs, and with no other's.
func TestOverridesReachEveryAttempt(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(retrying, overlapping)
		body := "given"
		_, err := b.RunTaskWith(b.ctx, k, "request", 1, testdb.AnyWorker, core.Overrides{Body: &body})
		require.NoError(t, err)
		first := b.one()
		require.Contains(t, string(first.Callback), `"body":"given"`)
		require.Equal(t, "given", first.Task.Callback.Body)
		given, err := b.Overrides(b.ctx, first.Run)
		require.NoError(t, err)
		require.Equal(t, &core.Overrides{Body: &body}, given)

		b.end(first, core.RunFailed)
		require.NoError(t, b.Exec(b.ctx, "UPDATE runs SET fire_at = 1, claim_at = 1"))
		retry := b.reserve(master)
		require.Len(t, retry, 1)
		require.Equal(t, core.TriggerRetry, retry[0].Trigger)
		require.Contains(t, string(retry[0].Callback), `"body":"given"`)

		b.plan(k, testdb.Now())
		other := b.reserve(master)
		require.Len(t, other, 1)
		require.NotContains(t, string(other[0].Callback), "given", "the definition that others share stays")
		given, err = b.Overrides(b.ctx, other[0].Run)
		require.NoError(t, err)
		require.Nil(t, given)

		n, err := b.PruneOverrides(b.ctx, b.Now().Add(-time.Hour), 10)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = b.PruneOverrides(b.ctx, b.Now().Add(time.Hour), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}

// Every shard of a firing is given the same.
func TestOverridesReachEveryShard(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task(overlapping, func(k *core.Task) {
			k.Callback.Form, k.Routing.Strategy = []core.Param{{Key: "a", Value: "own"}}, core.RouteBroadcast
		})
		twice := func(core.Destination) []string { return []string{core.QueueDefault, core.QueueDefault} }
		_, err := b.RunTaskWith(b.ctx, k, "request", 1, twice, core.Overrides{Params: []core.Param{{Key: "a", Value: "given"}}})
		require.NoError(t, err)
		shards := b.reserve(master)
		require.Len(t, shards, 2)
		for _, r := range shards {
			require.Equal(t, 2, r.Shards)
			require.Contains(t, string(r.Callback), "given")
		}
		def, err := b.Definition(b.ctx, k.ID, k.Version)
		require.NoError(t, err)
		require.Equal(t, "own", def.Callback.Form[0].Value)
	})
}

// A replay does again what was done, with what was given.
func TestReplayIsGivenTheSame(t *testing.T) {
	each(t, func(t *testing.T, b *bundle) {
		k := b.task()
		body := "given"
		for _, given := range []core.Overrides{{Body: &body}, {}} {
			_, err := b.RunTaskWith(b.ctx, k, "request", 1, testdb.AnyWorker, given)
			require.NoError(t, err)
			first := b.one()
			b.end(first, core.RunFailed)
			for range 2 { // a replay can be replayed
				_, err = b.ReplayRun(b.ctx, b.run(first.ID), k, "again", 1, testdb.AnyWorker)
				require.NoError(t, err)
				again := b.one()
				require.Equal(t, first.ID, again.ReplayOf)
				require.Equal(t, first.Task.Callback.Body, again.Task.Callback.Body)
				b.end(again, core.RunSucceeded)
				first = again
			}
		}
	})
}
