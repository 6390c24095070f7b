package fleet

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/rpc"
	"github.com/carillonhq/carillon/store"
)

// What another master committed to the worker after this one had settled with it what it holds would be the worker's for
// ever. It goes back to the queue; what the worker lists, or was given here, stays.
func TestRunsLostOnAnEarlierStreamAreReturned(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		here := b.give(2)
		brought, astray, older := store.Held{RunID: "brought", Token: 7}, store.Held{RunID: "astray", Token: 3}, store.Held{RunID: "brought", Token: 6}
		b.kept.astray = append([]store.Held{brought, astray, older}, here...)
		w.say(&rpc.Heartbeat{Held: listed(append([]store.Held{brought}, here...)...)})
		sleep(time.Second)
		require.Equal(t, []store.Held{astray, older}, b.kept.seen().returned)
		require.Equal(t, []string{"w1-1 3s"}, b.kept.seen().asked)
	})
}

func TestYoungStreamsAreSweptMoreOften(t *testing.T) {
	virtually(t, func(t *testing.T, b *bundle) {
		w := b.join(hello("w1"))
		const beats = 100
		for range beats {
			sleep(core.HeartbeatEvery)
			w.say(&rpc.Heartbeat{})
			w.hear()
		}
		young, old := 2*lease/core.HeartbeatEvery, (beats*core.HeartbeatEvery-2*lease)/(4*core.HeartbeatEvery)
		require.InDelta(t, int(young+old), len(b.kept.seen().asked), 2)
	})
}

func TestSweepThatFailsIsMadeUpFor(t *testing.T) {
	for _, operation := range []string{"given", "return"} {
		t.Run(operation, func(t *testing.T) {
			virtually(t, func(t *testing.T, b *bundle) {
				w := b.join(hello("w1"))
				b.kept.astray = []store.Held{{RunID: "astray", Token: 3}}
				b.kept.fail(operation, errors.New("the database is away"))
				for range 8 {
					sleep(core.HeartbeatEvery)
					w.say(&rpc.Heartbeat{})
				}
				sleep(time.Second)
				require.Empty(t, b.kept.seen().returned)
				require.Equal(t, 1, b.Workers(), "the worker keeps its stream")
				b.kept.fail(operation, nil)
				sleep(lease)
				w.say(&rpc.Heartbeat{})
				sleep(time.Second)
				require.Equal(t, b.kept.astray, b.kept.seen().returned)
			})
		})
	}
}
